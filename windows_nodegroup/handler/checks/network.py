"""Checks of the VPC, its subnets and security groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotNeededError, Severity
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .aws import Answer

#: A zone of the region itself ends in its letter; Local Zones and Wavelength Zones have more after the region.
_REGULAR_ZONE = re.compile(r"[a-z]+(-[a-z]+)+-\d+[a-z]")


class VpcIsTheClusters(Check[Facts]):
    """The VPC is the cluster's."""

    code = "PF201"
    severity = Severity.FAILS
    cure = "give the cluster's VPC"
    documentation = GUIDE + "network-reqs.html"
    unseen = "does not see VPCs that are connected to the cluster's"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name both VPCs."""
        declared = subject.declared.vpc_id
        if not declared:
            raise NotNeededError("no VPC was declared")
        if declared != subject.vpc_id:
            yield f"VPC {declared} is not that of cluster {subject.name}, {subject.vpc_id}"


class SubnetsInVpc(Check[Facts]):
    """The subnets exist and are in the cluster's VPC."""

    code = "PF202"
    severity = Severity.FAILS
    cure = "give subnets of the cluster's VPC"
    documentation = GUIDE + "network-reqs.html"
    unseen = "does not see network ACLs"
    asks = ("ec2:DescribeSubnets",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet that is not there or elsewhere."""
        found = subnets(subject)
        yield from subject.missing("subnet", subject.declared.subnet_ids, found, "SubnetId")
        yield from _strangers(subject, "subnet", found, "SubnetId")


class SubnetsHaveAddresses(Check[Facts]):
    """Each subnet has free addresses for a node and its first pods."""

    code = "PF207"
    severity = Severity.WARNS
    cure = "give larger subnets, or more of them: each node and each of its pods takes an address"
    documentation = GUIDE + "cni-increase-ip-addresses-procedure.html"
    unseen = "does not see whether the free addresses lie together, as prefix delegation needs them"
    asks = ("ec2:DescribeSubnets",)
    # As many as AWS advises to leave to the cluster itself, and as one prefix takes.
    _FEW = 16

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet that is short of addresses."""
        for one in subnets(subject):
            free = one.get("AvailableIpAddressCount", self._FEW)
            if free < self._FEW:
                yield f"subnet {one['SubnetId']} has {free} free addresses"


class EdgeSubnetsNotTheClusters(Check[Facts]):
    """Subnets on Outposts and in Local and Wavelength Zones were not passed to the cluster."""

    code = "PF208"
    severity = Severity.WARNS
    cure = "take them out of the cluster's subnets; the nodes may have them"
    documentation = GUIDE + "launch-windows-workers.html"
    unseen = "tells a Local or Wavelength Zone by its name"
    asks = ("eks:DescribeCluster", "ec2:DescribeSubnets")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each such subnet."""
        passed = set(subject.vpc_config.get("subnetIds") or ())
        for one in subnets(subject):
            place = one.get("OutpostArn") or one["AvailabilityZone"]
            if one["SubnetId"] in passed and not _REGULAR_ZONE.fullmatch(place):
                yield f"subnet {one['SubnetId']} on {place} was passed to cluster {subject.name}"


class SecurityGroupsInVpc(Check[Facts]):
    """The security groups exist and are in the cluster's VPC."""

    code = "PF209"
    severity = Severity.FAILS
    cure = "give security groups of the cluster's VPC"
    documentation = GUIDE + "sec-group-reqs.html"
    unseen = "does not see whether the groups' rules admit what nodes need"
    asks = ("ec2:DescribeSecurityGroups",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each group that is not there or elsewhere."""
        ids = subject.declared.security_group_ids + subject.declared.control_plane_security_group_ids
        found = _security_groups(subject, ids)
        yield from subject.missing("security group", ids, found, "GroupId")
        yield from _strangers(subject, "security group", found, "GroupId")


class OneTaggedSecurityGroup(Check[Facts]):
    """At most one of the attached security groups carries the cluster's tag."""

    code = "PF210"
    severity = Severity.FAILS
    cure = "leave the tag on one of them: with more, services of type LoadBalancer fail"
    documentation = GUIDE + "sec-group-reqs.html"
    unseen = "does not see groups that are attached later"
    asks = ("ec2:DescribeSecurityGroups",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the groups that carry it."""
        tag = f"kubernetes.io/cluster/{subject.name}"
        found = _security_groups(subject, subject.declared.security_group_ids)
        tagged = [one["GroupId"] for one in found if any(item["Key"] == tag for item in one.get("Tags", []))]
        if len(tagged) > 1:
            yield f"security groups {' and '.join(sorted(tagged))} all carry the tag {tag}"


def subnets(subject: Facts) -> list[Answer]:
    """Return the declared subnets as EC2 describes them, without those that do not exist.

    Raises:
        NotNeededError: No subnets were declared.
    """
    if not subject.declared.subnet_ids:
        raise NotNeededError("no subnets were declared")
    return subject.described("ec2:DescribeSubnets", "Subnets", "subnet-id", subject.declared.subnet_ids)


def _security_groups(subject: Facts, ids: tuple[str, ...]) -> list[Answer]:
    if not ids:
        raise NotNeededError("no security groups were declared")
    every = subject.declared.security_group_ids + subject.declared.control_plane_security_group_ids
    found = subject.described("ec2:DescribeSecurityGroups", "SecurityGroups", "group-id", every)
    return [one for one in found if one["GroupId"] in ids]


def _strangers(subject: Facts, what: str, found: list[Answer], key: str) -> Iterator[str]:
    for one in found:
        if one["VpcId"] != subject.vpc_id:
            yield f"{what} {one[key]} is in {one['VpcId']}, cluster {subject.name} in {subject.vpc_id}"
