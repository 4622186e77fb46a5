"""The checks of the VPC, its subnets and security groups."""

from __future__ import annotations

import boto3
import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.network import (
    EdgeSubnetsNotTheClusters,
    OneTaggedSecurityGroup,
    SecurityGroupsInVpc,
    SubnetsHaveAddresses,
    SubnetsInVpc,
    VpcIsTheClusters,
)

from .conftest import REGION, Account, Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")

NOWHERE = "subnet-0aaaaaaaaaaaaaaaa"


def test_pf201_passes(facts: Describe, account: Account) -> None:
    """PF201 passes for the cluster's VPC."""
    assert VpcIsTheClusters().run(facts(vpc_id=account.vpc_id)).status is Status.PASSED


def test_pf201_finds(facts: Describe, account: Account) -> None:
    """PF201 fails for another VPC and names both."""
    outcome = VpcIsTheClusters().run(facts(vpc_id=account.other_vpc_id))

    assert outcome.status is Status.FAILED
    assert account.other_vpc_id in outcome.problems[0]
    assert account.vpc_id in outcome.problems[0]


def test_pf201_not_checked(facts: Describe) -> None:
    """PF201 does not judge when EKS does not tell the cluster's VPC, and has nothing to do when none was declared."""
    unknown = facts({"resourcesVpcConfig": {"vpcId": ""}}, vpc_id="vpc-1")

    assert VpcIsTheClusters().run(unknown).status is Status.NOT_CHECKED
    assert VpcIsTheClusters().run(facts()).status is Status.NOT_NEEDED


def test_pf202_passes(facts: Describe, account: Account) -> None:
    """PF202 passes for subnets of the cluster's VPC."""
    assert SubnetsInVpc().run(facts(subnet_ids=(account.public, account.private))).status is Status.PASSED


def test_pf202_finds(facts: Describe, account: Account) -> None:
    """PF202 names the subnet that does not exist and the one of another VPC, at once."""
    outcome = SubnetsInVpc().run(facts(subnet_ids=(account.public, account.stranger, NOWHERE)))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (
        f"there is no subnet {NOWHERE} in {REGION}",
        f"subnet {account.stranger} is in {account.other_vpc_id}, cluster my-cluster in {account.vpc_id}",
    )


def test_pf202_not_checked(facts: Describe, account: Account, answers: Answers) -> None:
    """PF202 says so when subnets may not be described, and has nothing to do without subnets."""
    answers.given["ec2:DescribeSubnets"] = "UnauthorizedOperation"

    assert SubnetsInVpc().run(facts(subnet_ids=(account.public,))).reason == "ec2:DescribeSubnets is not allowed"
    assert SubnetsInVpc().run(facts()).status is Status.NOT_NEEDED


def test_pf207_passes(facts: Describe, account: Account) -> None:
    """PF207 passes for a subnet with many free addresses."""
    assert SubnetsHaveAddresses().run(facts(subnet_ids=(account.private,))).status is Status.PASSED


def test_pf207_finds(facts: Describe, account: Account) -> None:
    """PF207 warns of a subnet with a few addresses."""
    ec2 = boto3.client("ec2", region_name=REGION)
    small = ec2.create_subnet(VpcId=account.vpc_id, CidrBlock="10.0.200.0/28")["Subnet"]["SubnetId"]
    outcome = SubnetsHaveAddresses().run(facts(subnet_ids=(account.private, small)))

    assert outcome.status is Status.WARNED
    assert outcome.problems == (f"subnet {small} has 11 free addresses",)


def test_pf208_passes(facts: Describe, account: Account) -> None:
    """PF208 passes for the cluster's own subnets in the region's zones."""
    assert EdgeSubnetsNotTheClusters().run(facts(subnet_ids=(account.public,))).status is Status.PASSED


@pytest.mark.parametrize(
    "place",
    [
        {"AvailabilityZone": "us-west-2-lax-1a"},
        {"AvailabilityZone": "us-west-2-wl1-las-wlz-1"},
        {"AvailabilityZone": "us-west-2a", "OutpostArn": "arn:aws:outposts:us-west-2:1:outpost/op-1"},
    ],
)
def test_pf208_finds(facts: Describe, answers: Answers, place: dict[str, str]) -> None:
    """PF208 warns of a subnet at the edge that was passed to the cluster, and of no other."""
    answers.given["ec2:DescribeSubnets"] = {"Subnets": [{"SubnetId": NOWHERE, **place}]}
    passed = {"resourcesVpcConfig": {"subnetIds": [NOWHERE]}}

    assert EdgeSubnetsNotTheClusters().run(facts(passed, subnet_ids=(NOWHERE,))).status is Status.WARNED
    assert EdgeSubnetsNotTheClusters().run(facts(subnet_ids=(NOWHERE,))).status is Status.PASSED


@pytest.mark.parametrize("zone", ["us-gov-west-1a", "ap-southeast-2c", "cn-north-1b", "us-iso-east-1a"])
def test_pf208_knows_the_zones_of_every_partition(facts: Describe, answers: Answers, zone: str) -> None:
    """PF208 takes the zones of all partitions for what they are."""
    answers.given["ec2:DescribeSubnets"] = {"Subnets": [{"SubnetId": NOWHERE, "AvailabilityZone": zone}]}
    passed = {"resourcesVpcConfig": {"subnetIds": [NOWHERE]}}

    assert EdgeSubnetsNotTheClusters().run(facts(passed, subnet_ids=(NOWHERE,))).status is Status.PASSED


def test_pf209_passes(facts: Describe, account: Account) -> None:
    """PF209 passes for security groups of the cluster's VPC."""
    subject = facts(security_group_ids=(account.group,), control_plane_security_group_ids=(account.group,))

    assert SecurityGroupsInVpc().run(subject).status is Status.PASSED


def test_pf209_finds(facts: Describe, account: Account) -> None:
    """PF209 names groups that do not exist or are elsewhere, be they attached or only referred to."""
    absent = "sg-0aaaaaaaaaaaaaaaa"
    outcome = SecurityGroupsInVpc().run(
        facts(security_group_ids=(absent,), control_plane_security_group_ids=(account.stranger_group,))
    )

    assert outcome.status is Status.FAILED
    assert [absent in outcome.problems[0], account.stranger_group in outcome.problems[1]] == [True, True]


def test_pf210(facts: Describe, account: Account) -> None:
    """PF210 fails when two attached groups carry the cluster's tag; groups that are not attached do not count."""
    ec2 = boto3.client("ec2", region_name=REGION)
    one, two = (
        ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=account.vpc_id,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": [{"Key": "kubernetes.io/cluster/my-cluster", "Value": "owned"}],
                }
            ],
        )["GroupId"]
        for name in ("tagged-1", "tagged-2")
    )
    both = OneTaggedSecurityGroup().run(facts(security_group_ids=(account.group, one, two)))
    apart = OneTaggedSecurityGroup().run(facts(security_group_ids=(one,), control_plane_security_group_ids=(two,)))

    assert both.status is Status.FAILED
    assert all(group in both.problems[0] for group in (one, two))
    assert apart.status is Status.PASSED
