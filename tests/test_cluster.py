"""A cluster is described by objects or ids, and by tokens as well as by literals."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam

from tests.synthesis import make_stack
from windows_nodegroup import AuthenticationMode, EksCluster
from windows_nodegroup.problems import InvalidNodeGroup


def test_ids() -> None:
    """What is given as ids is kept as ids."""
    cluster = EksCluster.from_attributes(
        cluster_name="my-cluster",
        vpc="vpc-1",
        subnets=["subnet-1"],
        cluster_security_group="sg-1",
        security_groups=["sg-2"],
        kubectl_role="arn:aws:iam::111122223333:role/admin",
    )
    assert (cluster.vpc, cluster.vpc_id) == (None, "vpc-1")
    assert cluster.subnet_ids == ["subnet-1"]
    assert (cluster.cluster_security_group_id, cluster.security_group_ids) == ("sg-1", ["sg-2"])
    assert cluster.kubectl_role_arn == "arn:aws:iam::111122223333:role/admin"


def test_objects() -> None:
    """What is given as constructs is known by its ids."""
    stack = make_stack()
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-west-2a"])
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")
    cluster = EksCluster.from_attributes(
        cluster_name="my-cluster",
        vpc=vpc,
        subnets=[ec2.Subnet.from_subnet_id(stack, "Subnet", "subnet-1")],
        cluster_security_group=group,
        security_groups=[group],
        kubectl_role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/admin"),
    )
    assert cluster.vpc is vpc
    assert (cluster.vpc_id, cluster.subnet_ids) == ("vpc-1", ["subnet-1"])
    assert (cluster.cluster_security_group_id, cluster.security_group_ids) == ("sg-1", ["sg-1"])
    assert cluster.kubectl_role_arn == "arn:aws:iam::111122223333:role/admin"


def test_list_tokens() -> None:
    """A list that nobody can loop over stays the token that it is."""
    subnets = cdk.CfnParameter(make_stack(), "Subnets", type="List<AWS::EC2::Subnet::Id>").value_as_list
    cluster = EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", subnets=subnets)
    assert cluster.subnet_ids == subnets


def test_wng639_names_for_ids() -> None:
    """Names in place of ids are refused, all at once; tokens and what CDK looks up later are left alone."""
    with pytest.raises(InvalidNodeGroup) as raised:
        EksCluster.from_attributes(
            cluster_name="my-cluster",
            vpc="production",
            subnets=["private-a", cdk.Fn.ref("Subnet")],
            cluster_security_group="nodes",
            function_security_groups=["functions"],
        )
    assert [(problem.code, problem.finding) for problem in raised.value.problems] == [
        ("WNG631", "subnets has 'private-a'"),
        ("WNG632", "cluster_security_group has 'nodes'"),
        ("WNG632", "function_security_groups has 'functions'"),
        ("WNG639", "vpc has 'production'"),
    ]
    stack = make_stack(env=cdk.Environment(account="123456789012", region="us-west-2"))
    vpc = ec2.Vpc.from_lookup(stack, "Vpc", is_default=True)
    EksCluster.from_attributes(cluster_name="my-cluster", vpc=vpc, subnets=vpc.private_subnets)


def test_wng640_other_texts() -> None:
    """A role's name, an address that is no URL and a certificate in its own form are refused, all at once."""
    facts = {
        "kubectl_role": "admin",
        "cluster_endpoint": "0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
        "cluster_certificate_authority_data": "-----BEGIN CERTIFICATE-----\nQ0E=\n",
    }
    with pytest.raises(InvalidNodeGroup) as raised:
        EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", **facts)
    assert [(problem.code, problem.finding) for problem in raised.value.problems] == [
        ("WNG640", "kubectl_role has 'admin', which is no such ARN"),
        ("WNG641", "cluster_endpoint is '0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com'"),
        ("WNG642", "cluster_certificate_authority_data begins with '-----BEGIN CERTIFICATE-----\\nQ0E=\\n'"),
    ]
    tokens = dict.fromkeys(facts, cdk.Fn.ref("Parameter"))
    EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", **tokens)
    EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", kubectl_role="")


@pytest.mark.parametrize("mode", [AuthenticationMode.API, eks.AuthenticationMode.API, "API"])
def test_mode(mode: AuthenticationMode | eks.AuthenticationMode | str) -> None:
    """The mode is given as EKS writes it, or as a member of our enumeration or CDK's."""
    cluster = EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", authentication_mode=mode)
    assert cluster.authentication_mode == AuthenticationMode.API


def test_default_mode() -> None:
    """What is not said is what EKS has offered by default since access entries exist."""
    cluster = EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1")
    assert cluster.authentication_mode == "API_AND_CONFIG_MAP"


def test_frozen() -> None:
    """A description is shared by many node groups, so none of them can change it."""
    cluster = EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1")
    with pytest.raises(AttributeError):
        cluster.version = "1.34"  # type: ignore[misc]  # what the test is about
