"""A cluster is looked up by its name: asked for once, and kept by the CLI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tests.synthesis import make_node_group, template_of
from windows_nodegroup import EksCluster, WindowsAmi
from windows_nodegroup.problems import InvalidNodeGroup

_ENV = cdk.Environment(account="111122223333", region="us-west-2")
_FOUND: dict[str, Any] = {
    "AccessConfig": {"AuthenticationMode": "API"},
    "CertificateAuthorityData": "Y2E=",
    "ClusterSecurityGroupId": "sg-0aaaaaaaaaaaaaaaa",
    "Endpoint": "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
    "KubernetesNetworkConfig": {"ServiceIpv4Cidr": "10.64.0.0/16", "IpFamily": "ipv4"},
    "ResourcesVpcConfig": {"SubnetIds": ["subnet-0aaaaaaaaaaaaaaaa"], "SecurityGroupIds": ["sg-0bbbbbbbbbbbbbbbb"]},
    "Version": "1.34",
}


_SUBNETS = ["subnet-1", "subnet-2", "subnet-3"]


def _vpc(**kinds: list[str]) -> dict[str, Any]:
    """What the CLI finds out about a VPC whose subnets are of these kinds."""
    groups = [
        {"type": kind, "name": kind, "subnets": [{"subnetId": one} for one in ids]} for kind, ids in kinds.items()
    ]
    return {"vpcId": "vpc-0aaaaaaaaaaaaaaaa", "availabilityZones": [], "subnetGroups": groups}


def _stack(context: dict[str, Any] | None = None, env: cdk.Environment | None = _ENV) -> cdk.Stack:
    return cdk.Stack(cdk.App(analytics_reporting=False, context=context), "Stack", env=env)


def _missing(stack: cdk.Stack) -> list[dict[str, Any]]:
    """What the CLI would look up after this synthesis."""
    app = stack.node.root
    assert isinstance(app, cdk.App)
    manifest = json.loads(Path(app.synth().directory, "manifest.json").read_text(encoding="utf-8"))
    return list(manifest.get("missing", []))


def _looked_up(*answers: dict[str, Any], cluster_name: str = "my-cluster") -> cdk.Stack:
    """A stack in whose context the CLI has put these answers, one after the other."""
    context: dict[str, Any] = {}
    for answer in answers:
        stack = _stack(context)
        EksCluster.from_lookup(stack, cluster_name=cluster_name)
        (missing,) = _missing(stack)
        is_resource = missing["provider"] == "cc-api-provider" and "$providerError" not in answer
        context[missing["key"]] = [answer] if is_resource else answer
    return _stack(context)


def test_first_synthesis_asks_and_passes() -> None:
    """Before anything is looked up, the question is asked and no check stumbles, whatever the node group wants."""
    stack = _stack()
    make_node_group(
        stack, cluster=EksCluster.from_lookup(stack, cluster_name="my-cluster"), ami=WindowsAmi.server_2025()
    )
    (missing,) = _missing(stack)
    assert missing["provider"] == "cc-api-provider"
    assert missing["props"]["typeName"] == "AWS::EKS::Cluster"
    assert missing["props"]["exactIdentifier"] == "my-cluster"
    assert (missing["props"]["account"], missing["props"]["region"]) == ("111122223333", "us-west-2")


def test_everything_from_the_name() -> None:
    """What was found describes the cluster, and nothing is left to ask."""
    stack = _looked_up(_FOUND, {"VpcId": "vpc-0aaaaaaaaaaaaaaaa"})
    cluster = EksCluster.from_lookup(stack, cluster_name="my-cluster")
    assert cluster == EksCluster.from_attributes(
        cluster_name="my-cluster",
        vpc="vpc-0aaaaaaaaaaaaaaaa",
        subnets=["subnet-0aaaaaaaaaaaaaaaa"],
        cluster_security_group="sg-0aaaaaaaaaaaaaaaa",
        security_groups=["sg-0bbbbbbbbbbbbbbbb"],
        version="1.34",
        authentication_mode="API",
        cluster_endpoint="https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
        cluster_certificate_authority_data="Y2E=",
        service_ipv4_cidr="10.64.0.0/16",
    )
    assert "Windows_Server-2022-English-Core-EKS_Optimized-1.34" in str(
        template_of(make_node_group(stack, cluster=cluster))
    )
    assert not _missing(stack)


def test_vpc_is_asked_for_only_if_it_is_not_given() -> None:
    """With the VPC given there is one question, and with the cluster unknown none about a subnet that is made up."""
    stack = _looked_up(_FOUND)
    cluster = EksCluster.from_lookup(stack, cluster_name="my-cluster", vpc="vpc-0cccccccccccccccc")
    assert cluster.vpc_id == "vpc-0cccccccccccccccc"
    assert not _missing(stack)


def test_given_values_win() -> None:
    """Whatever the caller says is not taken from the lookup, empty lists included."""
    stack = _looked_up(_FOUND, {"VpcId": "vpc-0aaaaaaaaaaaaaaaa"})
    cluster = EksCluster.from_lookup(
        stack,
        cluster_name="my-cluster",
        subnets=["subnet-0dddddddddddddddd"],
        security_groups=[],
        version="1.33",
        authentication_mode="API_AND_CONFIG_MAP",
        kubernetes_group="windows",
    )
    assert cluster.subnet_ids == ["subnet-0dddddddddddddddd"]
    assert cluster.security_group_ids == []
    assert (cluster.version, cluster.authentication_mode) == ("1.33", "API_AND_CONFIG_MAP")
    assert cluster.kubernetes_group == "windows"


@pytest.mark.parametrize(
    ("endpoint", "inside"),
    [
        ({}, False),
        ({"EndpointPublicAccess": True, "PublicAccessCidrs": ["0.0.0.0/0"]}, False),
        ({"EndpointPublicAccess": False}, True),
        ({"EndpointPublicAccess": True, "PublicAccessCidrs": ["203.0.113.0/24"]}, True),
    ],
)
def test_where_the_function_runs(endpoint: dict[str, Any], *, inside: bool) -> None:
    """Where the endpoint does not admit everybody, the function runs in the cluster's subnets unless told otherwise."""
    found = _FOUND | {"ResourcesVpcConfig": _FOUND["ResourcesVpcConfig"] | endpoint}
    vpc = [_vpc(Public=["subnet-0aaaaaaaaaaaaaaaa"])] if inside else []
    stack = _looked_up(found, {"VpcId": "vpc-0aaaaaaaaaaaaaaaa"}, *vpc)
    cluster = EksCluster.from_lookup(stack, cluster_name="my-cluster")
    assert list(cluster.function_subnets) == (["subnet-0aaaaaaaaaaaaaaaa"] if inside else [])
    assert not _missing(stack)
    assert not EksCluster.from_lookup(stack, cluster_name="my-cluster", function_subnets=[]).function_subnets


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        ({"Public": ["subnet-1"], "Isolated": ["subnet-2"], "Private": ["subnet-3", "subnet-9"]}, ["subnet-3"]),
        ({"Public": ["subnet-1"], "Isolated": ["subnet-2", "subnet-3"]}, ["subnet-2", "subnet-3"]),
        ({"Public": ["subnet-1", "subnet-2", "subnet-3"], "Private": ["subnet-9"]}, _SUBNETS),
    ],
)
def test_function_runs_in_private_subnets(kinds: dict[str, list[str]], chosen: list[str]) -> None:
    """Of the cluster's own subnets, the function gets those with a NAT gateway, or else isolated ones, or else all."""
    found = _FOUND | {"ResourcesVpcConfig": {"SubnetIds": _SUBNETS, "PublicAccessCidrs": ["203.0.113.0/24"]}}
    stack = _looked_up(found, {"VpcId": "vpc-0aaaaaaaaaaaaaaaa"}, _vpc(**kinds))
    cluster = EksCluster.from_lookup(stack, cluster_name="my-cluster", vpc="vpc-0cccccccccccccccc")
    assert list(cluster.function_subnets) == chosen
    assert (cluster.subnet_ids, cluster.vpc_id) == (_SUBNETS, "vpc-0cccccccccccccccc")
    assert not _missing(stack)


def test_given_function_subnets_save_a_question() -> None:
    """Whoever says where the function runs need not be able to read the VPC."""
    found = _FOUND | {"ResourcesVpcConfig": {"SubnetIds": _SUBNETS, "EndpointPublicAccess": False}}
    stack = _looked_up(found)
    EksCluster.from_lookup(stack, cluster_name="my-cluster", vpc="vpc-1", function_subnets=["subnet-3"])
    assert not _missing(stack)


def test_what_a_cluster_may_lack() -> None:
    """A cluster without additional security groups and without IPv4 services is described all the same."""
    found = _FOUND | {
        "ResourcesVpcConfig": {"SubnetIds": ["subnet-1"]},
        "KubernetesNetworkConfig": {"IpFamily": "ipv6"},
    }
    cluster = EksCluster.from_lookup(_looked_up(found), cluster_name="my-cluster")
    assert (cluster.security_group_ids, cluster.service_ipv4_cidr) == ([], None)


def test_absent_cluster() -> None:
    """A lookup that failed fails the synthesis and says what to look at."""
    error = "No resource of type AWS::EKS::Cluster with identifier: My-Cluster"
    stack = _looked_up({"$providerError": error}, cluster_name="My-Cluster")
    EksCluster.from_lookup(stack, cluster_name="My-Cluster")
    errors = [str(entry.data) for entry in stack.node.metadata if entry.type == "aws:cdk:error"]
    assert errors[0] == error
    assert "exactly as EKS has it, capitals included" in errors[1]
    assert "account 111122223333, region us-west-2" in errors[1]


@pytest.mark.parametrize(
    ("env", "name", "unknown"),
    [
        (None, "my-cluster", "the stack's account, the stack's region not known"),
        (cdk.Environment(region="us-west-2"), "my-cluster", "the stack's account not known"),
        (_ENV, cdk.Aws.STACK_NAME, "cluster_name not known"),
    ],
    ids=["no environment", "no account", "no name"],
)
def test_what_a_lookup_needs(env: cdk.Environment | None, name: str, unknown: str) -> None:
    """A stack for any account, or a name that only the deployment knows, is refused with both cures."""
    with pytest.raises(InvalidNodeGroup, match=f"{unknown}.*WNG620") as refused:
        EksCluster.from_lookup(_stack(env=env), cluster_name=name)
    assert "env=cdk.Environment" in str(refused.value)
    assert "from_attributes" in str(refused.value)


def test_name_that_no_cluster_has() -> None:
    """AWS is not asked for a name that it could not have."""
    with pytest.raises(InvalidNodeGroup, match="WNG101"):
        EksCluster.from_lookup(_stack(), cluster_name="my cluster")
