"""The checks of the Kubernetes version."""

from __future__ import annotations

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.versions import VersionCurrent, VersionWithinSkew, WindowsForVersion

from .conftest import IMAGE, Answers, Describe, image

pytestmark = pytest.mark.xdist_group("checks")


@pytest.mark.parametrize(
    ("nodes", "cluster", "status"),
    [
        ("1.33", "1.33", Status.PASSED),
        ("1.30", "1.33", Status.PASSED),
        ("1.29", "1.33", Status.FAILED),
        ("1.34", "1.33", Status.FAILED),
        ("1.24", "1.26", Status.PASSED),
        ("1.24", "1.27", Status.FAILED),
        ("", "1.33", Status.NOT_NEEDED),
        ("latest", "1.33", Status.NOT_NEEDED),
        ("1.33", "", Status.NOT_CHECKED),
    ],
)
def test_pf107(facts: Describe, nodes: str, cluster: str, status: Status) -> None:
    """PF107 fails for nodes newer than the cluster, or too far behind it by Kubernetes' own rule."""
    assert VersionWithinSkew().run(facts({"version": cluster}, kubernetes_version=nodes)).status is status


def test_pf107_finds_the_images_version(facts: Describe, answers: Answers) -> None:
    """PF107 reads an image's version from its name."""
    answers.given["ec2:DescribeImages"] = image(Name="Windows_Server-2022-English-Full-EKS_Optimized-1.34-2026.11.10")
    outcome = VersionWithinSkew().run(facts(image_id=IMAGE, kubernetes_version="1.33"))

    assert outcome.problems == (f"image {IMAGE} is for Kubernetes 1.34, newer than cluster my-cluster with 1.33",)


def test_pf107_not_checked(facts: Describe, answers: Answers) -> None:
    """PF107 does not judge a custom image whose name tells nothing."""
    answers.given["ec2:DescribeImages"] = image(Name="golden-windows")
    outcome = VersionWithinSkew().run(facts(image_id=IMAGE))

    assert (outcome.status, outcome.reason) == (
        Status.NOT_CHECKED,
        f"the name of image {IMAGE} does not tell its versions",
    )


@pytest.mark.parametrize("name", ["golden-windows", None])
def test_pf107_falls_back_on_what_is_declared(facts: Describe, answers: Answers, name: str | None) -> None:
    """PF107 judges the declared version where the image cannot tell its own."""
    answers.given["ec2:DescribeImages"] = image(Name=name) if name else "UnauthorizedOperation"

    assert VersionWithinSkew().run(facts(image_id=IMAGE, kubernetes_version="1.34")).status is Status.FAILED


@pytest.mark.parametrize(
    ("nodes", "status"),
    [("1.33", Status.PASSED), ("1.32", Status.WARNED), ("1.34", Status.PASSED), ("", Status.NOT_NEEDED)],
)
def test_pf108(facts: Describe, nodes: str, status: Status) -> None:
    """PF108 warns of nodes behind the cluster; nodes ahead of it are another check's."""
    assert VersionCurrent().run(facts(kubernetes_version=nodes)).status is status


def test_pf108_not_checked(facts: Describe, answers: Answers) -> None:
    """PF108 says so when the image may not be described."""
    answers.given["ec2:DescribeImages"] = "UnauthorizedOperation"
    outcome = VersionCurrent().run(facts(image_id=IMAGE))

    assert (outcome.status, outcome.reason) == (Status.NOT_CHECKED, "ec2:DescribeImages is not allowed")


@pytest.mark.parametrize(
    ("windows", "cluster", "status"),
    [
        ("2019", "1.33", Status.PASSED),
        ("2022", "1.33", Status.PASSED),
        ("2022", "1.23", Status.FAILED),
        ("2025", "1.34", Status.FAILED),
        ("2025", "1.35", Status.PASSED),
        ("", "1.33", Status.NOT_NEEDED),
        ("2025", "", Status.NOT_CHECKED),
    ],
)
def test_pf109(facts: Describe, windows: str, cluster: str, status: Status) -> None:
    """PF109 fails for a Windows version of which there are no images for the cluster's Kubernetes version."""
    assert WindowsForVersion().run(facts({"version": cluster}, windows_version=windows)).status is status


def test_pf109_says_what_is_needed(facts: Describe) -> None:
    """PF109 names the first Kubernetes version that has images."""
    outcome = WindowsForVersion().run(facts(windows_version="2025"))

    assert outcome.problems == ("Windows Server 2025 needs Kubernetes 1.35, cluster my-cluster has 1.33",)
