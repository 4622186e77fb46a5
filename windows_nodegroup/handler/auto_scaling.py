"""An Auto Scaling group: what it has, what it wants, and why it does not get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .query import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .aws import Session

# What is on its way out, stands by or waits in a warm pool is no part of the desired capacity.
_COUNTING = ("InService", "Pending")


class Group(NamedTuple):
    """A group at one moment.

    Attributes:
        desired: The capacity that it is meant to have: the number of instances, unless those have weights.
        instances: Those that count, by id, with their weights.
    """

    desired: int
    instances: Mapping[str, int]


def describe_group(session: Session, name: str) -> Group | None:
    """Return the group, or None if there is none of that name.

    Raises:
        AwsError: AWS refused.
        AwsCallFailed: AWS could not be reached.
        OutOfTime: The deadline came first.
    """
    parameters = {"AutoScalingGroupNames.member.1": name}
    answer = query(session, "autoscaling", "DescribeAutoScalingGroups", parameters)
    group = answer.find(".//AutoScalingGroups/member")
    if group is None:
        return None
    instances = {
        each.findtext("InstanceId", ""): int(each.findtext("WeightedCapacity") or 1)
        for each in group.findall("Instances/member")
        if each.findtext("LifecycleState", "").startswith(_COUNTING)
    }
    return Group(int(group.findtext("DesiredCapacity") or 0), instances)


def last_failure(session: Session, name: str) -> str:
    """Return why the group's latest failing activity failed, in AWS's words; empty if none did.

    Raises:
        AwsError: AWS refused.
        AwsCallFailed: AWS could not be reached.
        OutOfTime: The deadline came first.
    """
    parameters = {"AutoScalingGroupName": name, "MaxRecords": "20"}
    answer = query(session, "autoscaling", "DescribeScalingActivities", parameters, settling=False)
    for activity in answer.findall(".//Activities/member"):  # the latest comes first
        if activity.findtext("StatusCode") in {"Failed", "Cancelled"}:
            return activity.findtext("StatusMessage") or ""
    return ""
