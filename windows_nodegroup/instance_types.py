"""What is known of EC2 instance types: which can run Windows pods, and how many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from . import rules
from .literals import is_literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .problems import Problems

INSTANCE_TYPE_PATTERN = "^[a-z][0-9a-z-]*[.][0-9a-z-]+$"
"""A family and a size; also good as a CloudFormation `AllowedPattern`."""

# https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
_NOT_FOR_WINDOWS = re.compile(r"(?:c3|c4|d2|i2|m4|m6a|r3|mac[0-9-].*)[.].*")
_BUT = frozenset({"m4.16xlarge"})
# The letter g right after the generation stands for Graviton; before it, for graphics. After a hyphen, gb and gh are
# Nvidia's Grace with a graphics processor.
_ARM = re.compile(r"(?:a1|[a-z]+[0-9]+g[a-z-]*|[a-z]+[0-9]+[a-z]*-g[bh][0-9]+)[.].*")
_ACCELERATOR = re.compile(r"(?:dl|f|g|gr|inf|p|trn|vt)[0-9].*")
_LITTLE_MEMORY = re.compile(r".*[.](?:nano|micro|small)")


class PodLimits(NamedTuple):
    """How many Windows pods can have an address on an instance.

    Windows nodes use one network interface alone.
    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html

    Attributes:
        addresses: With one address for each pod, as clusters are by default.
        prefixes: With prefix delegation, which hands out addresses by sixteen.
    """

    addresses: int
    prefixes: int


def pod_limits(instance_type: str) -> PodLimits | None:
    """The most Windows pods that an instance of a type can have addresses for; None where that is not known."""
    if not is_literal(instance_type):
        return None
    addresses = _addresses_per_interface(instance_type)
    # The interface's first address is the instance's own.
    return PodLimits(addresses - 1, (addresses - 1) * 16) if addresses else None


def check_instance_types(instance_types: Iterable[str], problems: Problems) -> None:
    """Check every type that is a literal: its syntax, and whether it suits Windows."""
    for instance_type in instance_types:
        if not is_literal(instance_type):
            continue
        if not re.fullmatch(INSTANCE_TYPE_PATTERN, instance_type):
            problems.add(rules.INSTANCE_TYPE, f"instance type {instance_type!r} is not well-formed")
        elif _ARM.fullmatch(instance_type):
            problems.add(rules.ARM, f"instance type {instance_type} has an Arm processor")
        elif _NOT_FOR_WINDOWS.fullmatch(instance_type) and instance_type not in _BUT:
            problems.add(rules.NOT_FOR_WINDOWS, f"instance type {instance_type} cannot run Windows pods")
        else:
            _warn(instance_type, problems)


def _warn(instance_type: str, problems: Problems) -> None:
    if _ACCELERATOR.fullmatch(instance_type):
        problems.add(rules.ACCELERATOR, f"instance type {instance_type} has an accelerator without a driver")
    if _LITTLE_MEMORY.fullmatch(instance_type):
        problems.add(rules.LITTLE_MEMORY, f"instance type {instance_type} has at most 2 GiB of memory")


def _addresses_per_interface(instance_type: str) -> int | None:
    if instance_type in _ADDRESSES_OF_TYPE:
        return _ADDRESSES_OF_TYPE[instance_type]
    family, _, size = instance_type.partition(".")
    for families, addresses_of_size in _ADDRESSES_OF_FAMILIES:
        if families.fullmatch(family):
            return addresses_of_size.get(size)
    return None


# IPv4 addresses of one network interface. Families share few patterns; of a family that is not here nothing is known.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-type-specifications.html
_TO_SEVENTH_GENERATION = (
    re.compile(
        r"[cmr]5(?:a|ad|b|d|dn|n)?|[cmr]6(?:a|i|id|idn|in)|[cmr]7(?:a|i|i-flex)|g5|g6|g6e|g6f|gr6|gr6f|i3|i3en|i4i|i7i|"
        r"i7ie|m5zn|p3|p3dn|p4d|p4de|p5|r4|r7iz|t2|t3|t3a|x1|x2idn|x2iedn|x2iezn|z1d"
    ),
    {
        "nano": 2,
        "micro": 2,
        "small": 4,
        "medium": 4,
        "large": 10,
        "xlarge": 15,
        "2xlarge": 15,
        "4xlarge": 30,
        "6xlarge": 30,
        "8xlarge": 30,
        "9xlarge": 30,
        "12xlarge": 30,
        "16xlarge": 50,
        "18xlarge": 50,
        "24xlarge": 50,
        "32xlarge": 50,
        "48xlarge": 50,
        "metal": 50,
        "metal-16xl": 50,
        "metal-24xl": 50,
        "metal-32xl": 50,
        "metal-48xl": 50,
    },
)
_EIGHTH_GENERATION_OF_INTEL = (
    re.compile(r"[cmr]8(?:i|i-flex|ib|id|in)|[mr]8(?:idb|idn)|[cm]8ine|x8i"),
    {
        "large": 20,
        "xlarge": 30,
        "2xlarge": 30,
        "4xlarge": 50,
        "8xlarge": 50,
        "12xlarge": 50,
        "16xlarge": 64,
        "24xlarge": 64,
        "32xlarge": 64,
        "48xlarge": 64,
        "64xlarge": 64,
        "96xlarge": 64,
        "metal-48xl": 64,
        "metal-96xl": 64,
    },
)
_EIGHTH_GENERATION_OF_AMD = (
    re.compile(r"[cmr]8a|m8azn|x8aedz"),
    {
        "medium": 4,
        "large": 20,
        "xlarge": 20,
        "2xlarge": 40,
        "3xlarge": 40,
        "4xlarge": 40,
        "6xlarge": 40,
        "8xlarge": 40,
        "12xlarge": 64,
        "16xlarge": 64,
        "24xlarge": 64,
        "48xlarge": 64,
        "metal-12xl": 64,
        "metal-24xl": 64,
        "metal-48xl": 64,
    },
)
_DENSE_STORAGE = (
    re.compile(r"d3|d3en"),
    {"xlarge": 3, "2xlarge": 5, "4xlarge": 10, "6xlarge": 15, "8xlarge": 20, "12xlarge": 30},
)
_GRAPHICS_OF_AMD = (
    re.compile(r"g4ad"),
    {"xlarge": 4, "2xlarge": 4, "4xlarge": 10, "8xlarge": 15, "16xlarge": 30},
)
_GRAPHICS_OF_NVIDIA = (
    re.compile(r"g4dn"),
    {"xlarge": 10, "2xlarge": 10, "4xlarge": 10, "8xlarge": 15, "12xlarge": 30, "16xlarge": 15, "metal": 50},
)
_NEW_GRAPHICS = (
    re.compile(r"g7|g7e"),
    {"2xlarge": 64, "4xlarge": 64, "8xlarge": 64, "12xlarge": 64, "24xlarge": 64, "48xlarge": 64},
)
_MUCH_MEMORY = (
    re.compile(r"x1e"),
    {"xlarge": 10, "2xlarge": 15, "4xlarge": 15, "8xlarge": 15, "16xlarge": 30, "32xlarge": 30},
)
_ADDRESSES_OF_FAMILIES = (
    _TO_SEVENTH_GENERATION,
    _EIGHTH_GENERATION_OF_INTEL,
    _EIGHTH_GENERATION_OF_AMD,
    _DENSE_STORAGE,
    _GRAPHICS_OF_AMD,
    _GRAPHICS_OF_NVIDIA,
    _NEW_GRAPHICS,
    _MUCH_MEMORY,
)
_ADDRESSES_OF_TYPE = {
    "g5.12xlarge": 50,
    "g5.16xlarge": 30,
    "i3en.3xlarge": 15,
    "i4i.24xlarge": 30,
    "i7ie.3xlarge": 15,
    "i7ie.12xlarge": 50,
    "m4.16xlarge": 30,
    "m5zn.3xlarge": 30,
    "m5zn.12xlarge": 50,
    "p3.16xlarge": 30,
    "t2.medium": 6,
    "t2.large": 12,
    "t3.medium": 6,
    "t3.large": 12,
    "t3a.medium": 6,
    "t3a.large": 12,
    "x1.16xlarge": 30,
    "x1.32xlarge": 30,
    "x2iezn.12xlarge": 50,
    "z1d.3xlarge": 30,
    "z1d.12xlarge": 50,
}
