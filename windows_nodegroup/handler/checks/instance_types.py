"""Checks of the instance types: that Windows nodes run on them, and that the subnets' zones have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotNeededError, Severity
from .facts import Facts
from .network import subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFFERINGS = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-discovery.html"

#: Families on which EKS does not support Windows nodes; of M4 the largest type is the exception.
_UNSUPPORTED = re.compile(r"(c3|c4|d2|i2|m4|m6a|r3)\.(?!.*(?<=^m4\.)16xlarge$)")


class TypesRunWindows(Check[Facts]):
    """The instance types exist in the region and can be Windows nodes."""

    code = "PF301"
    severity = Severity.FAILS
    cure = "choose x86_64 types; C3, C4, D2, I2, M4 (but m4.16xlarge), M6a and R3 cannot be Windows nodes"
    documentation = GUIDE + "choosing-instance-type.html"
    unseen = "does not see whether the account's quota admits them"
    asks = ("ec2:DescribeInstanceTypes",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each type that does not fit."""
        types = _types(subject)
        found = subject.described("ec2:DescribeInstanceTypes", "InstanceTypes", "instance-type", types)
        yield from subject.missing("instance type", types, found, "InstanceType")
        for description in found:
            name = description["InstanceType"]
            architectures = description.get("ProcessorInfo", {}).get("SupportedArchitectures", ["x86_64"])
            if "x86_64" not in architectures:
                yield f"instance type {name} is {'/'.join(architectures)}, not x86_64"
            elif _UNSUPPORTED.match(name):
                yield f"instance type {name} cannot be a Windows node"


class ZonesOfferTypes(Check[Facts]):
    """Every zone of the subnets offers at least one of the instance types."""

    code = "PF302"
    severity = Severity.FAILS
    cure = "leave out that zone's subnets, or add a type that it offers"
    documentation = _OFFERINGS
    unseen = "does not see whether a type is out of stock at the moment, nor what an Outpost has"
    asks = ("ec2:DescribeInstanceTypeOfferings", "ec2:DescribeSubnets")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each zone that offers none."""
        types = _types(subject)
        for zone, offered in _offered(subject, types).items():
            if not offered:
                yield f"zone {zone} does not offer {' or '.join(types)}"


class ZonesOfferAllTypes(Check[Facts]):
    """Every zone of the subnets offers all of the instance types."""

    code = "PF303"
    severity = Severity.WARNS
    cure = "expect fewer kinds of capacity in that zone"
    documentation = _OFFERINGS
    unseen = "does not see whether a type is out of stock at the moment, nor what an Outpost has"
    asks = ("ec2:DescribeInstanceTypeOfferings", "ec2:DescribeSubnets")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each zone that offers only some."""
        types = _types(subject)
        for zone, offered in _offered(subject, types).items():
            absent = [name for name in types if name not in offered]
            if offered and absent:
                yield f"zone {zone} does not offer {', '.join(absent)}"


def _types(subject: Facts) -> tuple[str, ...]:
    if not subject.declared.instance_types:
        raise NotNeededError("no instance types were declared")
    return subject.declared.instance_types


def _offered(subject: Facts, types: tuple[str, ...]) -> dict[str, set[str]]:
    zones = sorted({one["AvailabilityZone"] for one in subnets(subject) if not one.get("OutpostArn")})
    if not zones:
        raise NotNeededError("there is no subnet in a zone")
    filters = [{"Name": "instance-type", "Values": list(types)}]
    answer = subject.aws.ask("ec2:DescribeInstanceTypeOfferings", LocationType="availability-zone", Filters=filters)
    offerings = {(one["Location"], one["InstanceType"]) for one in answer["InstanceTypeOfferings"]}
    return {zone: {name for name in types if (zone, name) in offerings} for zone in zones}
