"""Checks of the Kubernetes version: what the nodes will run against what the control plane and Windows allow."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts
from .image import name_part

if TYPE_CHECKING:
    from collections.abc import Iterator

_SKEW = 3
_OLD_SKEW = 2
_LAST_WITH_OLD_SKEW = 24

#: The first minor version of Kubernetes 1 for which AWS makes images with that Windows.
_FIRST_MINOR = {"2022": 24, "2025": 35}


class VersionWithinSkew(Check[Facts]):
    """The nodes' Kubernetes version is not newer than the cluster's, and at most three minor versions older."""

    code = "PF107"
    severity = Severity.FAILS
    cure = "take the image for the cluster's version, or update the cluster first"
    documentation = "https://kubernetes.io/releases/version-skew-policy/#kubelet"
    unseen = "knows a custom image's version only if its name is made like those of AWS's images"
    asks = ("eks:DescribeCluster", "ec2:DescribeImages")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the versions."""
        cluster = _cluster_minor(subject)
        whose = f"cluster {subject.name} with {subject.cluster['version']}"
        for what, version in _node_versions(subject):
            behind = cluster - _minor(version)
            if behind < 0:
                yield f"{what} is for Kubernetes {version}, newer than {whose}"
            elif behind > (_SKEW if _minor(version) > _LAST_WITH_OLD_SKEW else _OLD_SKEW):
                yield f"{what} is for Kubernetes {version}, too old for {whose}"


class VersionCurrent(Check[Facts]):
    """The nodes have the cluster's Kubernetes version."""

    code = "PF108"
    severity = Severity.WARNS
    cure = "take the image for the cluster's version: older nodes work for a while only"
    documentation = GUIDE + "kubernetes-versions.html"
    unseen = "knows a custom image's version only if its name is made like those of AWS's images"
    asks = ("eks:DescribeCluster", "ec2:DescribeImages")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the versions."""
        cluster = _cluster_minor(subject)
        for what, version in _node_versions(subject):
            if _minor(version) < cluster:
                yield f"{what} is for Kubernetes {version}, cluster {subject.name} has {subject.cluster['version']}"


class WindowsForVersion(Check[Facts]):
    """AWS makes images of the declared Windows version for the cluster's Kubernetes version."""

    code = "PF109"
    severity = Severity.FAILS
    cure = "choose another Windows version, or update the cluster"
    documentation = GUIDE + "eks-optimized-windows-ami.html"
    unseen = "knows from which Kubernetes version on there are images, not which of them AWS has withdrawn"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the first version that has it."""
        windows = re.search(r"\d{4}", subject.declared.windows_version)
        if windows is None:
            raise NotNeededError("no Windows version was declared")
        first = _FIRST_MINOR.get(windows[0], 0)
        if _cluster_minor(subject) < first:
            version = subject.cluster["version"]
            yield f"Windows Server {windows[0]} needs Kubernetes 1.{first}, cluster {subject.name} has {version}"


def _cluster_minor(subject: Facts) -> int:
    minor = _minor(str(subject.cluster.get("version") or ""))
    if minor < 0:
        raise NotCheckedError("EKS does not tell the cluster's Kubernetes version")
    return minor


def _node_versions(subject: Facts) -> list[tuple[str, str]]:
    versions = []
    if subject.declared.kubernetes_version:
        versions.append(("what is declared", subject.declared.kubernetes_version))
    with suppress(NotNeededError):
        try:
            versions.append((f"image {subject.declared.image_id}", name_part(subject, "kubernetes")))
        except NotCheckedError:
            if not versions:
                raise
    versions = [(what, version) for what, version in versions if _minor(version) >= 0]
    if not versions:
        raise NotNeededError("neither a Kubernetes version nor an image was declared")
    return versions


def _minor(version: str) -> int:
    match = re.match(r"v?1\.(\d+)", version)
    return int(match[1]) if match else -1
