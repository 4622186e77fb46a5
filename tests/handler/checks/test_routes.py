"""The checks of the ways that lead out of the subnets."""

from __future__ import annotations

from typing import Any

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.routes import (
    AdvisedEndpoints,
    NodesReachEndpoint,
    PublicSubnetsAssignAddresses,
    Way,
    WayOutOrEndpoints,
    _way,
)

from .conftest import REGION, Account, Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")


OUT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
TO_GATEWAY = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
TO_PARTNER = {"DestinationCidrBlock": "203.0.113.0/24", "GatewayId": "igw-1"}
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
HALVES_OUT = [{**OUT, "DestinationCidrBlock": half} for half in HALVES]
HALVES_TO_GATEWAY = [{**TO_GATEWAY, "DestinationCidrBlock": half} for half in HALVES]


def interface(service: str, **members: Any) -> dict[str, Any]:
    """Return an interface endpoint with private DNS names."""
    endpoint = {
        "ServiceName": f"com.amazonaws.{REGION}.{service}",
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "State": "available",
    }
    return endpoint | members


def gateway(*tables: str) -> dict[str, Any]:
    """Return S3's gateway endpoint for some route tables."""
    return interface("s3", VpcEndpointType="Gateway", PrivateDnsEnabled=False, RouteTableIds=list(tables))


def test_pf203(facts: Describe, account: Account) -> None:
    """PF203 fails for a public subnet that assigns no addresses; the others do not matter."""
    outcome = PublicSubnetsAssignAddresses().run(facts(subnet_ids=(account.public, account.closed, account.private)))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"subnet {account.closed} is public, but assigns no public addresses",)
    assert PublicSubnetsAssignAddresses().run(facts(subnet_ids=(account.public,))).status is Status.PASSED


@pytest.mark.parametrize("action", ["ec2:DescribeSubnets", "ec2:DescribeRouteTables"])
def test_pf203_not_checked(facts: Describe, account: Account, answers: Answers, action: str) -> None:
    """PF203 says which permission it lacks."""
    answers.given[action] = "UnauthorizedOperation"

    assert PublicSubnetsAssignAddresses().run(facts(subnet_ids=(account.public,))).reason == f"{action} is not allowed"


def test_pf204_passes_with_a_way_out(facts: Describe, account: Account) -> None:
    """PF204 asks nothing of subnets that have a way out of the VPC."""
    assert WayOutOrEndpoints().run(facts(subnet_ids=(account.public, account.private))).status is Status.PASSED
    assert WayOutOrEndpoints().run(facts(subnet_ids=(account.peered,))).status is Status.PASSED


def test_pf204_finds(facts: Describe, account: Account, answers: Answers) -> None:
    """PF204 lists the endpoints that an isolated subnet lacks; one without private DNS names does not count."""
    answers.given["ec2:DescribeVpcEndpoints"] = {
        "VpcEndpoints": [interface("ec2"), interface("ecr.api", PrivateDnsEnabled=False), gateway("rtb-other")]
    }
    outcome = WayOutOrEndpoints().run(facts(subnet_ids=(account.isolated,)))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"subnet {account.isolated} has no way out of the VPC and lacks ecr.api, ecr.dkr, s3",)


def test_pf204_finds_what_signals_need(facts: Describe, account: Account, answers: Answers) -> None:
    """PF204 asks for CloudFormation's endpoint only where signals are waited for; China's endpoints count as well."""
    chinese = interface("ecr.api", ServiceName=f"cn.com.amazonaws.{REGION}.ecr.api")
    endpoints = [interface("ec2"), chinese, interface("ecr.dkr"), gateway(account.isolated_table)]
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": endpoints}
    silent = WayOutOrEndpoints().run(facts(subnet_ids=(account.isolated,)))
    waiting = WayOutOrEndpoints().run(facts(subnet_ids=(account.isolated,), waits_for_signals="true"))

    assert silent.status is Status.PASSED
    assert waiting.problems == (f"subnet {account.isolated} has no way out of the VPC and lacks cloudformation",)


def test_pf204_ignores_endpoints_in_the_making(facts: Describe, account: Account, answers: Answers) -> None:
    """PF204 does not count an endpoint that is not available."""
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": [interface("ec2", State="pending")]}

    assert "lacks ec2, " in WayOutOrEndpoints().run(facts(subnet_ids=(account.isolated,))).problems[0]


def test_pf204_passes_over_endpoints_of_no_service(facts: Describe, account: Account, answers: Answers) -> None:
    """PF204 judges a VPC that also has endpoints of VPC Lattice, which name no service."""
    lattice = {"VpcEndpointType": "ServiceNetwork", "State": "available", "PrivateDnsEnabled": True}
    answers.given["ec2:DescribeVpcEndpoints"] = {"VpcEndpoints": [lattice, interface("ec2")]}

    assert "lacks ecr.api, " in WayOutOrEndpoints().run(facts(subnet_ids=(account.isolated,))).problems[0]


def test_pf205(facts: Describe, account: Account) -> None:
    """PF205 warns of advised endpoints, and in a subnet with ways to other networks only, of all."""
    outcome = AdvisedEndpoints().run(facts(subnet_ids=(account.isolated, account.peered, account.private)))

    assert outcome.status is Status.WARNED
    assert outcome.problems == (
        f"subnet {account.isolated} has no way out of the VPC and lacks logs, ssm, ssmmessages, sts",
        (
            f"subnet {account.peered} has no way to the internet and, in this VPC, lacks ec2, ecr.api, ecr.dkr, s3, "
            "cloudformation, logs, ssm, ssmmessages, sts"
        ),
    )
    assert AdvisedEndpoints().run(facts(subnet_ids=(account.private,))).status is Status.PASSED


def test_pf206(facts: Describe, account: Account) -> None:
    """PF206 fails for a subnet without a way to the internet when the cluster's endpoint is public only."""
    isolated = facts(subnet_ids=(account.isolated, account.private, account.public))
    peered = facts(subnet_ids=(account.peered,))
    private = facts({"resourcesVpcConfig": {"endpointPrivateAccess": True}}, subnet_ids=(account.isolated,))
    outcome = NodesReachEndpoint().run(isolated)

    assert outcome.status is Status.FAILED
    assert outcome.problems == (
        f"subnet {account.isolated} has no way to the internet, and cluster my-cluster a public endpoint only",
    )
    assert NodesReachEndpoint().run(peered).status is Status.FAILED
    assert NodesReachEndpoint().run(private).status is Status.PASSED


@pytest.mark.parametrize(
    ("routes", "way"),
    [
        ([TO_PARTNER, OUT], Way.OUT),
        ([TO_PARTNER], Way.ELSEWHERE),
        ([*HALVES_OUT, TO_GATEWAY], Way.OUT),
        ([OUT, *HALVES_TO_GATEWAY], Way.INTERNET_GATEWAY),
        (HALVES_TO_GATEWAY, Way.INTERNET_GATEWAY),
        (HALVES_OUT, Way.OUT),
        (HALVES_OUT[:1], Way.ELSEWHERE),
        ([TO_GATEWAY, {"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"}], Way.INTERNET_GATEWAY),
        ([{"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1"}], Way.ELSEWHERE),
    ],
)
def test_where_routes_lead(routes: list[dict[str, str]], way: Way) -> None:
    """What counts are routes to everywhere, in one piece or in halves; the more specific of two wins."""
    assert _way(routes) is way


@pytest.mark.parametrize(
    ("route", "way"),
    [
        ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, Way.NOWHERE),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, Way.NOWHERE),
        ({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}, Way.NOWHERE),
        ({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, Way.NOWHERE),
        ({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"}, Way.NOWHERE),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, Way.INTERNET_GATEWAY),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-1"}, Way.OUT),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vgw-1"}, Way.OUT),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "cagw-1"}, Way.OUT),
        ({"DestinationCidrBlock": "0.0.0.0/0", "LocalGatewayId": "lgw-1"}, Way.OUT),
        ({"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"}, Way.OUT),
        ({"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-1"}, Way.OUT),
        ({"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"}, Way.ELSEWHERE),
        ({"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"}, Way.ELSEWHERE),
    ],
)
def test_where_a_route_leads(route: dict[str, str], way: Way) -> None:
    """A subnet's routes say whether there is an internet gateway, a way out, a way elsewhere, or none."""
    assert _way([route]) is way


def test_the_main_route_table_counts(facts: Describe, account: Account) -> None:
    """A subnet without a route table of its own has its VPC's main one."""
    outcome = WayOutOrEndpoints().run(facts(subnet_ids=(account.stranger,)))

    assert outcome.problems == (
        f"subnet {account.stranger} has no way out of the VPC and lacks ec2, ecr.api, ecr.dkr, s3",
    )


def test_what_another_account_shares_is_not_judged(facts: Describe, answers: Answers) -> None:
    """Endpoints of a shared VPC belong to its owner and cannot be seen, so nobody can say that they are missing."""
    shared = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "999999999999", "AvailabilityZone": "us-west-2a"}
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
    table = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": [local]}
    answers.given |= {"ec2:DescribeSubnets": {"Subnets": [shared]}, "ec2:DescribeRouteTables": {"RouteTables": [table]}}

    assert WayOutOrEndpoints().run(facts(subnet_ids=("subnet-1",))).reason == (
        "subnet subnet-1 is shared by another account, whose endpoints cannot be seen"
    )


def test_unseen_routes_are_not_judged(facts: Describe, account: Account, answers: Answers) -> None:
    """A subnet whose route table cannot be seen is not taken for an isolated one."""
    answers.given["ec2:DescribeRouteTables"] = {"RouteTables": []}

    assert WayOutOrEndpoints().run(facts(subnet_ids=(account.private,))).reason == (
        f"the routes of subnet {account.private} cannot be seen"
    )
