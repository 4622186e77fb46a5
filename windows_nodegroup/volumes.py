"""The nodes' disks: the root volume that the image lies on, and further ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from . import rules
from .literals import is_literal, is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_kms as kms

    from .literals import Number
    from .problems import Problems

ROOT_DEVICE = "/dev/sda1"
DEFAULT_DISK_SIZE = 50
"""GiB: the size of AWS's images, and the least that a root volume can have."""

_DEVICE = re.compile(r"xvd[b-z]|xvd[bc][a-z]|/dev/sd[b-e]")


class EbsVolumeType(StrEnum):
    """A kind of volume that Windows can start from.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
    """

    GP2 = "gp2"
    GP3 = "gp3"
    IO1 = "io1"
    IO2 = "io2"


class _Limits(NamedTuple):
    size: range
    iops: range | None
    iops_per_gib: int


_LIMITS = {
    EbsVolumeType.GP2: _Limits(range(1, 16_385), None, 0),
    EbsVolumeType.GP3: _Limits(range(1, 65_537), range(3000, 80_001), 500),
    EbsVolumeType.IO1: _Limits(range(4, 16_385), range(100, 64_001), 50),
    EbsVolumeType.IO2: _Limits(range(4, 65_537), range(100, 256_001), 1000),
}
_THROUGHPUT = range(125, 2001)
_IOPS_PER_THROUGHPUT = 4
_GP3_BASELINE_IOPS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class EbsVolume:
    """A volume of Elastic Block Store. Numbers and strings may be tokens.

    Attributes:
        size: GiB. A volume from a snapshot has the snapshot's size unless a larger one is given.
        volume_type: The kind of volume.
        iops: Input and output operations per second; required for io1 and io2, 3000 by default for gp3.
        throughput: MiB/s, for gp3 alone; 125 by default.
        encrypted: Whether the volume is encrypted.
        kms_key: The key to encrypt with, or its id, alias or ARN; by default the account's key for EBS.
        snapshot_id: What a further volume holds at first.
        delete_on_termination: Whether the volume goes with its node.
    """

    size: Number | None = None
    volume_type: EbsVolumeType | str = EbsVolumeType.GP3
    iops: Number | None = None
    throughput: Number | None = None
    encrypted: bool = True
    kms_key: kms.IKey | str | None = None
    snapshot_id: str | None = None
    delete_on_termination: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """All disks of a node.

    Attributes:
        disk_size: The root volume's size in GiB, for those who need to say no more.
        root_volume: The root volume in full.
        volumes: Further volumes by device name, such as `xvdf`. Windows sees them as disks that are not initialized:
            EC2's launch agent does that with the task `initializeVolume`, or `pre_bootstrap_commands` do.
    """

    disk_size: Number | None = None
    root_volume: EbsVolume = field(default_factory=EbsVolume)
    volumes: Mapping[str, EbsVolume] = field(default_factory=dict)

    @property
    def root_size(self) -> Number:
        """The root volume's size in GiB."""
        if self.disk_size is not None:
            return self.disk_size
        return DEFAULT_DISK_SIZE if self.root_volume.size is None else self.root_volume.size

    def check(self, problems: Problems) -> None:
        """Check every literal against the limits of EBS."""
        if self.disk_size is not None and self.root_volume.size is not None:
            problems.add(
                rules.TWO_DISK_SIZES,
                f"disk_size {self.disk_size} stands beside root_volume's size {self.root_volume.size}",
            )
        if is_literal(self.root_size) and is_whole(self.root_size) and self.root_size < DEFAULT_DISK_SIZE:
            problems.add(rules.DISK_TOO_SMALL, f"disk_size {self.root_size} is smaller than the image")
        _check("root volume", self.root_volume, self.root_size, problems)
        for device, volume in self.volumes.items():
            if is_literal(device) and not _DEVICE.fullmatch(device):
                problems.add(rules.DEVICE_NAME, f"device name {device!r} is not available")
            if volume.size is None and volume.snapshot_id is None:
                problems.add(rules.VOLUME_WITHOUT_SIZE, f"volume {device} has no size")
            _check(f"volume {device}", volume, volume.size, problems)

    def block_device_mappings(self) -> list[dict[str, Any]]:
        """The value for the launch template's `BlockDeviceMappings`, in CDK's spelling."""
        root = {ROOT_DEVICE: _ebs(self.root_volume, self.root_size)}
        further = {device: _ebs(volume, volume.size) for device, volume in self.volumes.items()}
        return [{"deviceName": device, "ebs": ebs} for device, ebs in (root | further).items()]


def _ebs(volume: EbsVolume, size: Number | None) -> dict[str, Any]:
    key = volume.kms_key
    properties = {
        "volumeSize": size,
        "volumeType": str(volume.volume_type),
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": volume.encrypted,
        "kmsKeyId": key if key is None or isinstance(key, str) else key.key_arn,
        "snapshotId": volume.snapshot_id,
        "deleteOnTermination": volume.delete_on_termination,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _check(name: str, volume: EbsVolume, size: Number | None, problems: Problems) -> None:
    if volume.kms_key is not None:
        if not volume.encrypted:
            problems.add(rules.KEY_WITHOUT_ENCRYPTION, f"{name} has a kms_key but encrypted=False")
        elif volume.kms_key != "alias/aws/ebs":
            problems.add(rules.CUSTOMER_KEY, f"{name} is encrypted with a key of your own")
    numbers = {
        "size": (size, rules.VOLUME_SIZE),
        "iops": (volume.iops, rules.VOLUME_IOPS),
        "throughput": (volume.throughput, rules.VOLUME_THROUGHPUT),
    }
    wrong = [
        (attribute, *given) for attribute, given in numbers.items() if is_literal(given[0]) and not is_whole(given[0])
    ]
    for attribute, number, rule in wrong:
        problems.add(rule, f"{name} has the {attribute} {number!r}, which is no whole number")
    if wrong or not is_literal(volume.volume_type):
        return
    if volume.volume_type in tuple(EbsVolumeType):
        _check_numbers(name, volume, size, _LIMITS[EbsVolumeType(volume.volume_type)], problems)
    else:
        problems.add(rules.VOLUME_TYPE, f"{name} has the type {volume.volume_type!r}")


def _check_numbers(name: str, volume: EbsVolume, size: Number | None, limits: _Limits, problems: Problems) -> None:
    kind = volume.volume_type
    if is_literal(size) and size not in limits.size:
        problems.add(rules.VOLUME_SIZE, f"{name} of type {kind} has {size} GiB")
    if kind in (EbsVolumeType.IO1, EbsVolumeType.IO2) and volume.iops is None:
        problems.add(rules.VOLUME_IOPS, f"{name} of type {kind} has no iops")
    if is_literal(volume.iops):
        fits = limits.iops is not None and volume.iops in limits.iops
        # gp3's baseline comes with any size.
        most = (
            max(size * limits.iops_per_gib, _GP3_BASELINE_IOPS if kind == EbsVolumeType.GP3 else 0)
            if is_literal(size)
            else None
        )
        if not fits or (most is not None and volume.iops > most):
            of_size = f" and {size} GiB" if is_literal(size) else ""
            problems.add(rules.VOLUME_IOPS, f"{name} of type {kind}{of_size} has {volume.iops} iops")
    if is_literal(volume.throughput):
        iops = _GP3_BASELINE_IOPS if volume.iops is None else volume.iops
        too_much = is_literal(iops) and volume.throughput * _IOPS_PER_THROUGHPUT > iops
        if kind != EbsVolumeType.GP3 or volume.throughput not in _THROUGHPUT or too_much:
            problems.add(rules.VOLUME_THROUGHPUT, f"{name} of type {kind} has {volume.throughput} MiB/s of throughput")
