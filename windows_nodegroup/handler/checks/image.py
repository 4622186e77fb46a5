"""Checks of the image that the nodes start from."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .aws import NotFoundError
from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .aws import Answer

#: AWS makes its EKS images private after four months. A month before that a pinned one is worth a warning.
_PUBLIC = timedelta(days=120)
_NOTICE = timedelta(days=30)

_NAME = re.compile(r"Windows_Server-(?P<windows>\d{4})-.*EKS_Optimized-(?P<kubernetes>\d+\.\d+)")


class ImageExists(Check[Facts]):
    """The image exists in the region, and this account may launch it."""

    code = "PF401"
    severity = Severity.FAILS
    cure = "give an image of this region, or none for the newest; AWS makes its EKS images private after four months"
    documentation = GUIDE + "eks-optimized-windows-ami.html"
    unseen = "does not see the launch permission of the image's KMS key"
    asks = ("ec2:DescribeImages",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the image."""
        try:
            found = describe_image(subject)
        except NotFoundError:
            yield f"there is no image {subject.declared.image_id} in {subject.region} for this account"
            return
        if (state := found.get("State", "available")) != "available":
            yield f"image {subject.declared.image_id} is {state}"


class ImageIsWindows(Check[Facts]):
    """The image is Windows for x86_64."""

    code = "PF402"
    severity = Severity.FAILS
    cure = "give an image built from an EKS optimized Windows image"
    documentation = GUIDE + "eks-custom-ami-windows.html"
    unseen = "does not see whether a custom image has the EKS bootstrap script"
    asks = ("ec2:DescribeImages",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the platform and the architecture."""
        found = _image(subject)
        platform = found.get("PlatformDetails") or found.get("Platform") or "Linux"
        if not platform.lower().startswith("windows"):
            yield f"image {subject.declared.image_id} is {platform}, not Windows"
        if (architecture := found.get("Architecture", "x86_64")) != "x86_64":
            yield f"image {subject.declared.image_id} is for {architecture}, not x86_64"


class ImageAsDeclared(Check[Facts]):
    """The image has the Windows version that was declared."""

    code = "PF403"
    severity = Severity.FAILS
    cure = "declare the image's own Windows version, or give another image: containers must fit their host's version"
    documentation = GUIDE + "eks-optimized-windows-ami.html"
    unseen = "reads the version from the image's name only, if that is made like AWS's"
    asks = ("ec2:DescribeImages",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name both versions."""
        if not subject.declared.windows_version:
            raise NotNeededError("no Windows version was declared")
        version = name_part(subject, "windows")
        if version not in subject.declared.windows_version:
            declared = subject.declared.windows_version
            yield f"Windows {declared} is declared, image {subject.declared.image_id} is Windows {version}"


class VolumeHoldsImage(Check[Facts]):
    """The root volume is at least as large as the image."""

    code = "PF404"
    severity = Severity.FAILS
    cure = "give a larger root volume: EC2 refuses to launch with a smaller one than the image's"
    documentation = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html"
    unseen = "does not see how much of it containers will need"
    asks = ("ec2:DescribeImages",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name both sizes."""
        declared = subject.declared.volume_size
        if not declared.isdecimal():
            raise NotNeededError("no volume size was declared")
        found = _image(subject)
        devices = {device["DeviceName"]: device.get("Ebs", {}) for device in found.get("BlockDeviceMappings", [])}
        needed = devices.get(found.get("RootDeviceName"), {}).get("VolumeSize", 0)
        if int(declared) < needed:
            yield f"the root volume has {declared} GiB, image {subject.declared.image_id} needs {needed}"


class ImageStaysPublic(Check[Facts]):
    """The image is not about to become private."""

    code = "PF405"
    severity = Severity.WARNS
    cure = "take the newest image from the SSM parameter, or copy this one: without it no node can be launched"
    documentation = GUIDE + "eks-optimized-windows-ami.html"
    unseen = "knows AWS's habit of four months, not its plans"
    asks = ("ec2:DescribeImages",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the day on which AWS usually makes it private."""
        found = _image(subject)
        if found.get("ImageOwnerAlias") != "amazon" or not found.get("Public", True):
            return
        end = datetime.fromisoformat(found["CreationDate"]) + _PUBLIC
        if end - datetime.now(UTC) < _NOTICE:
            yield f"image {subject.declared.image_id} is AWS's and becomes private around {end:%Y-%m-%d}"


def name_part(subject: Facts, part: str) -> str:
    """Return what the image's name says: the `windows` or the `kubernetes` version.

    Raises:
        NotCheckedError: The name is not made like those of AWS's EKS images.
    """
    match = _NAME.search(_image(subject).get("Name") or "")
    if match is None:
        raise NotCheckedError(f"the name of image {subject.declared.image_id} does not tell its versions")
    return match[part]


def describe_image(subject: Facts) -> Answer:
    """Return the image as EC2 describes it.

    Raises:
        NotFoundError: It does not exist, or not for this account.
        NotNeededError: No image was declared.
    """
    image_id = subject.declared.image_id
    if not image_id:
        raise NotNeededError("no image was declared")
    images: list[Answer] = subject.aws.ask("ec2:DescribeImages", ImageIds=[image_id], IncludeDeprecated=True)["Images"]
    if not images:
        raise NotFoundError(image_id)
    return images[0]


def _image(subject: Facts) -> Answer:
    try:
        return describe_image(subject)
    except NotFoundError as error:
        raise NotNeededError("there is no such image") from error
