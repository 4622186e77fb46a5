"""The checks of the network that the function runs in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.function import (
    FunctionReachesEndpoint,
    FunctionReachesOthers,
    FunctionReachesServices,
    FunctionSecurityGroupsInVpc,
    FunctionSubnetsExist,
)

from .test_routes import gateway, interface

if TYPE_CHECKING:
    from .conftest import Account, Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")

RESTRICTED = {"publicAccessCidrs": ["203.0.113.0/24"]}
PRIVATE = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
HALVES = {"publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1", "::/0"]}
KUBECTL_ROLE = "arn:aws:iam::123456789012:role/kubectl"


@pytest.mark.parametrize(
    ("in_vpc", "config", "status"),
    [
        ("false", {}, Status.PASSED),
        ("false", HALVES, Status.PASSED),
        ("false", RESTRICTED, Status.FAILED),
        ("false", PRIVATE, Status.FAILED),
        ("true", PRIVATE, Status.PASSED),
        ("true", {"endpointPrivateAccess": True, **RESTRICTED}, Status.PASSED),
        ("true", {}, Status.PASSED),
        ("true", RESTRICTED, Status.NOT_CHECKED),
        ("", {"endpointPublicAccess": False}, Status.NOT_NEEDED),
    ],
)
def test_pf505(facts: Describe, in_vpc: str, config: dict[str, object], status: Status) -> None:
    """PF505 fails when the function is shut out: by a private endpoint, or by one that admits only some addresses."""
    assert FunctionReachesEndpoint().run(facts({"resourcesVpcConfig": config}, function_in_vpc=in_vpc)).status is status


@pytest.mark.parametrize(
    ("subnet", "config", "status"),
    [
        ("isolated", PRIVATE, Status.PASSED),
        ("stranger", PRIVATE, Status.FAILED),
        ("private", {}, Status.PASSED),
        ("private", RESTRICTED, Status.NOT_CHECKED),
        ("isolated", {}, Status.FAILED),
        ("public", {}, Status.FAILED),
        ("peered", {}, Status.FAILED),
    ],
)
def test_pf505_from_subnets(
    facts: Describe, account: Account, subnet: str, config: dict[str, object], status: Status
) -> None:
    """PF505 fails in a VPC without the private endpoint, and where a public one alone is out of the subnets' reach."""
    subnet_ids = (getattr(account, subnet),)
    subject = facts({"resourcesVpcConfig": config}, function_in_vpc="true", function_subnet_ids=subnet_ids)

    assert FunctionReachesEndpoint().run(subject).status is status


def test_pf505_does_not_judge_a_connected_vpc(facts: Describe, account: Account) -> None:
    """From a VPC with a way to other networks, a private endpoint may be in reach: nobody can see whether it is."""
    cluster = {"resourcesVpcConfig": {**PRIVATE, "vpcId": account.other_vpc_id}}
    peered = facts(cluster, function_in_vpc="true", function_subnet_ids=(account.peered,))
    half = facts(cluster, function_in_vpc="true", function_subnet_ids=(account.peered, account.isolated))

    assert FunctionReachesEndpoint().run(peered).reason == (
        "the endpoint of cluster my-cluster is private, and the function runs outside of its VPC: its own must be "
        "connected to it, and resolve the endpoint's name"
    )
    assert FunctionReachesEndpoint().run(half).status is Status.FAILED


def test_pf505_names_what_has_to_be_admitted(facts: Describe) -> None:
    """Behind a NAT gateway nobody knows whether an endpoint that admits some addresses admits the gateway's."""
    outcome = FunctionReachesEndpoint().run(facts({"resourcesVpcConfig": RESTRICTED}, function_in_vpc="true"))

    assert outcome.reason == (
        "the endpoint of cluster my-cluster admits 203.0.113.0/24 only: the address of the NAT gateway of the "
        "function's subnets must be in there"
    )


def test_pf506(facts: Describe, account: Account) -> None:
    """PF506 fails for a subnet that does not exist."""
    outcome = FunctionSubnetsExist().run(facts(function_subnet_ids=(account.private, "subnet-0123")))

    assert outcome.problems == ("there is no subnet subnet-0123 in us-west-2",)
    assert FunctionSubnetsExist().run(facts(function_subnet_ids=(account.stranger,))).status is Status.PASSED
    assert FunctionSubnetsExist().run(facts()).status is Status.NOT_NEEDED


def test_pf507(facts: Describe, account: Account) -> None:
    """PF507 fails for a security group that does not exist, or is in another VPC than the function's subnets."""
    groups = (account.group, account.stranger_group, "sg-0123")
    subject = facts(function_subnet_ids=(account.private,), function_security_group_ids=groups)
    elsewhere = replace(subject, declared=replace(subject.declared, function_subnet_ids=(account.stranger,)))

    assert FunctionSecurityGroupsInVpc().run(subject).problems == (
        "there is no security group sg-0123 in us-west-2",
        f"security group {account.stranger_group} is in {account.other_vpc_id}, the function in {account.vpc_id}",
    )
    assert f"security group {account.group} is in" in FunctionSecurityGroupsInVpc().run(elsewhere).problems[1]
    assert FunctionSecurityGroupsInVpc().run(facts()).status is Status.NOT_NEEDED


def test_pf508(facts: Describe, account: Account, answers: Answers) -> None:
    """PF508 fails without eks, s3 and, for a kubectl role, sts; a public subnet is no way out for a function."""
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": [interface("eks"), gateway(account.isolated_table)]}
    ids = (account.isolated, account.public, account.peered, account.private)
    role = FunctionReachesServices().run(facts(function_subnet_ids=ids, kubectl_role_arn=KUBECTL_ROLE))

    assert role.status is Status.FAILED
    assert set(role.problems) == {
        f"the function's subnet {account.isolated} has no way to the internet and lacks sts",
        (
            f"the function's subnet {account.public} is public, so that a function in it has no way to the internet "
            "and lacks s3, sts"
        ),
    }
    assert FunctionReachesServices().run(facts(function_subnet_ids=ids[:1])).status is Status.PASSED
    assert FunctionReachesServices().run(facts()).status is Status.NOT_NEEDED


def test_pf508_wants_the_endpoints_of_the_subnets_vpc(facts: Describe, account: Account, answers: Answers) -> None:
    """An endpoint in another VPC than the function's is none for it."""
    endpoints = [interface("eks", VpcId=account.vpc_id), interface("s3", VpcId=account.other_vpc_id)]
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": endpoints}
    outcome = FunctionReachesServices().run(facts(function_subnet_ids=(account.stranger,)))

    assert outcome.problems == (f"the function's subnet {account.stranger} has no way to the internet and lacks eks",)


def test_pf509(facts: Describe, account: Account) -> None:
    """PF509 warns of what is missed without failing, and in a subnet with ways to other networks only, of all."""
    outcome = FunctionReachesOthers().run(facts(function_subnet_ids=(account.isolated, account.peered)))

    assert outcome.status is Status.WARNED
    assert outcome.problems == (
        (
            f"the function's subnet {account.isolated} has no way to the internet and lacks autoscaling, "
            "cloudformation, ec2"
        ),
        (
            f"the function's subnet {account.peered} has no way to the internet and, in this VPC, lacks eks, s3, "
            "autoscaling, cloudformation, ec2"
        ),
    )
    assert FunctionReachesOthers().run(facts(function_subnet_ids=(account.private,))).status is Status.PASSED


@pytest.mark.parametrize("name", ["com.amazonaws.iam", "com.amazonaws.us-east-1.ec2"])
def test_pf509_wants_iam_where_it_is(facts: Describe, account: Account, answers: Answers, name: str) -> None:
    """IAM has an endpoint in few regions; where it has one, it is asked for."""
    services = ("autoscaling", "cloudformation", "ec2")
    endpoints = [interface(service, ServiceName=f"com.amazonaws.us-east-1.{service}") for service in services]
    endpoints.append(interface("iam", ServiceName=name))
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": endpoints}
    subject: Any = replace(facts(function_subnet_ids=(account.isolated,)), region="us-east-1")
    expected = Status.PASSED if name.endswith("iam") else Status.WARNED

    assert FunctionReachesOthers().run(subject).status is expected
