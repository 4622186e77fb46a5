"""The checks of the image."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.image import (
    ImageAsDeclared,
    ImageExists,
    ImageIsWindows,
    ImageStaysPublic,
    VolumeHoldsImage,
)

from .conftest import IMAGE, Answers, Describe, image

pytestmark = pytest.mark.xdist_group("checks")


@pytest.fixture(autouse=True)
def _an_image(answers: Answers) -> None:
    answers.given["ec2:DescribeImages"] = image()


def test_pf401_passes(facts: Describe) -> None:
    """PF401 passes for an image that this account may launch."""
    assert ImageExists().run(facts(image_id=IMAGE)).status is Status.PASSED


@pytest.mark.parametrize(
    "answer", ["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable", "empty"]
)
def test_pf401_finds(facts: Describe, answers: Answers, answer: str) -> None:
    """PF401 fails for an image that EC2 does not show, however it says so."""
    answers.given["ec2:DescribeImages"] = {"Images": []} if answer == "empty" else answer
    outcome = ImageExists().run(facts(image_id=IMAGE))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"there is no image {IMAGE} in us-west-2 for this account",)


def test_pf401_finds_what_motos_ec2_says(facts: Describe, answers: Answers) -> None:
    """PF401 fails for an id that moto's EC2 does not know."""
    del answers.given["ec2:DescribeImages"]

    assert ImageExists().run(facts(image_id=IMAGE)).status is Status.FAILED


def test_pf401_finds_a_pending_image(facts: Describe, answers: Answers) -> None:
    """PF401 fails for an image that is not available."""
    answers.given["ec2:DescribeImages"] = image(State="pending")

    assert ImageExists().run(facts(image_id=IMAGE)).problems == (f"image {IMAGE} is pending",)


def test_pf402_passes(facts: Describe) -> None:
    """PF402 passes for a Windows image, and leaves an absent one to PF401."""
    assert ImageIsWindows().run(facts(image_id=IMAGE)).status is Status.PASSED


def test_pf402_finds(facts: Describe, answers: Answers) -> None:
    """PF402 fails for Linux and for Arm."""
    answers.given["ec2:DescribeImages"] = image(Platform="", PlatformDetails="Linux/UNIX", Architecture="arm64")
    outcome = ImageIsWindows().run(facts(image_id=IMAGE))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"image {IMAGE} is Linux/UNIX, not Windows", f"image {IMAGE} is for arm64, not x86_64")


@pytest.mark.parametrize(
    ("declared", "status"), [("2022", Status.PASSED), ("2019", Status.FAILED), ("", Status.NOT_NEEDED)]
)
def test_pf403(facts: Describe, declared: str, status: Status) -> None:
    """PF403 fails when the image's name tells another Windows version than the declared one."""
    assert ImageAsDeclared().run(facts(image_id=IMAGE, windows_version=declared)).status is status


def test_pf403_not_checked(facts: Describe, answers: Answers) -> None:
    """PF403 does not judge an image whose name tells nothing."""
    answers.given["ec2:DescribeImages"] = image(Name="golden-windows")

    assert ImageAsDeclared().run(facts(image_id=IMAGE, windows_version="2022")).status is Status.NOT_CHECKED


@pytest.mark.parametrize(
    ("declared", "status"), [("50", Status.PASSED), ("49", Status.FAILED), ("", Status.NOT_NEEDED)]
)
def test_pf404(facts: Describe, declared: str, status: Status) -> None:
    """PF404 fails for a root volume smaller than the image."""
    assert VolumeHoldsImage().run(facts(image_id=IMAGE, volume_size=declared)).status is status


@pytest.mark.parametrize(
    ("owner", "days", "status"),
    [
        ("amazon", 10, Status.PASSED),
        ("amazon", 95, Status.WARNED),
        ("amazon", 300, Status.WARNED),
        ("self", 300, Status.PASSED),
    ],
)
def test_pf405(facts: Describe, answers: Answers, owner: str, days: int, status: Status) -> None:
    """PF405 warns of an image of AWS's that is about three months old, never of one's own."""
    created = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    answers.given["ec2:DescribeImages"] = image(ImageOwnerAlias=owner, CreationDate=created)

    assert ImageStaysPublic().run(facts(image_id=IMAGE)).status is status


@pytest.mark.parametrize(
    "check", [ImageIsWindows(), VolumeHoldsImage(), ImageStaysPublic()], ids=lambda check: check.code
)
def test_an_absent_image_is_one_problem(
    facts: Describe, answers: Answers, check: ImageIsWindows | VolumeHoldsImage | ImageStaysPublic
) -> None:
    """An image that does not exist is PF401's alone."""
    answers.given["ec2:DescribeImages"] = "InvalidAMIID.NotFound"
    outcome = check.run(facts(image_id=IMAGE, volume_size="50"))

    assert (outcome.status, outcome.reason) == (Status.NOT_NEEDED, "there is no such image")
