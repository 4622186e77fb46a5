"""The checks of the instance types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.instance_types import TypesRunWindows, ZonesOfferAllTypes, ZonesOfferTypes

if TYPE_CHECKING:
    from .conftest import Account, Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")


def offered(*pairs: tuple[str, str]) -> dict[str, object]:
    """Return DescribeInstanceTypeOfferings' answer: zones and the types that they offer."""
    return {"InstanceTypeOfferings": [{"Location": zone, "InstanceType": name} for zone, name in pairs]}


def test_pf301_passes(facts: Describe) -> None:
    """PF301 passes for types that can be Windows nodes, the one exception of M4 included."""
    assert TypesRunWindows().run(facts(instance_types=("t3.large", "m4.16xlarge"))).status is Status.PASSED


def test_pf301_finds(facts: Describe) -> None:
    """PF301 names the type that does not exist, the Arm type and the families that EKS does not support, at once."""
    types = ("t3.large", "t33.large", "m6g.large", "m4.large", "c4.large", "m6a.large")
    outcome = TypesRunWindows().run(facts(instance_types=types))

    assert outcome.status is Status.FAILED
    assert set(outcome.problems) == {
        "there is no instance type t33.large in us-west-2",
        "instance type m6g.large is arm64, not x86_64",
        "instance type m4.large cannot be a Windows node",
        "instance type c4.large cannot be a Windows node",
        "instance type m6a.large cannot be a Windows node",
    }


def test_pf301_not_checked(facts: Describe, answers: Answers) -> None:
    """PF301 says so when types may not be described, and has nothing to do without types."""
    answers.given["ec2:DescribeInstanceTypes"] = "UnauthorizedOperation"

    assert TypesRunWindows().run(facts(instance_types=("t3.large",))).status is Status.NOT_CHECKED
    assert TypesRunWindows().run(facts()).status is Status.NOT_NEEDED


def test_pf302_passes(facts: Describe, account: Account) -> None:
    """PF302 passes where the zones offer the type."""
    subject = facts(instance_types=("t3.large",), subnet_ids=(account.public, account.isolated))

    assert ZonesOfferTypes().run(subject).status is Status.PASSED


def test_pf302_and_pf303_find(facts: Describe, account: Account, answers: Answers) -> None:
    """PF302 fails for a zone that offers no type, PF303 warns of one that offers some."""
    answers.given["ec2:DescribeInstanceTypeOfferings"] = offered(
        ("us-west-2a", "t3.large"), ("us-west-2a", "m5.large"), ("us-west-2b", "t3.large")
    )
    subject = facts(
        instance_types=("t3.large", "m5.large"), subnet_ids=(account.public, account.closed, account.isolated)
    )
    none, some = ZonesOfferTypes().run(subject), ZonesOfferAllTypes().run(subject)

    assert (none.status, none.problems) == (
        Status.FAILED,
        ("zone us-west-2c does not offer t3.large or m5.large",),
    )
    assert (some.status, some.problems) == (Status.WARNED, ("zone us-west-2b does not offer m5.large",))


def test_pf302_leaves_outposts_alone(facts: Describe, answers: Answers) -> None:
    """PF302 does not judge subnets on Outposts by their zone."""
    on_outpost = {
        "SubnetId": "subnet-1",
        "AvailabilityZone": "us-west-2a",
        "OutpostArn": "arn:aws:outposts:::outpost/op-1",
    }
    answers.given["ec2:DescribeSubnets"] = {"Subnets": [on_outpost]}

    assert (
        ZonesOfferTypes().run(facts(instance_types=("t3.large",), subnet_ids=("subnet-1",))).status is Status.NOT_NEEDED
    )


@pytest.mark.parametrize("check", [ZonesOfferTypes(), ZonesOfferAllTypes()])
def test_pf302_and_pf303_not_checked(
    facts: Describe, account: Account, answers: Answers, check: ZonesOfferTypes | ZonesOfferAllTypes
) -> None:
    """PF302 and PF303 say so when offerings may not be described."""
    answers.given["ec2:DescribeInstanceTypeOfferings"] = "UnauthorizedOperation"
    outcome = check.run(facts(instance_types=("t3.large",), subnet_ids=(account.public,)))

    assert outcome.reason == "ec2:DescribeInstanceTypeOfferings is not allowed"
