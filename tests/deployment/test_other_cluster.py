"""What becomes of a node group that is deployed again to another cluster, or to its own under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_eks as eks

from tests.deployment.scenario import Scenario
from windows_nodegroup import EksCluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster


@pytest.fixture(scope="module")
def scenario(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Deploys node groups."""
    return Scenario(aws, tmp_path_factory.mktemp("other-cluster"))


def _describe(cluster: LocalCluster, **more: object) -> Callable[[cdk.Stack], EksCluster]:
    """The cluster by its literal name."""
    known: dict[str, Any] = {
        "cluster_name": cluster.name,
        "vpc": cluster.vpc_id,
        "subnets": list(cluster.subnet_ids),
        "cluster_security_group": cluster.security_group_id,
        "version": "1.34",
    }
    return lambda _: EksCluster.from_attributes(**known | more)


def _describe_by_parameter(cluster: LocalCluster, **more: object) -> Callable[[cdk.Stack], EksCluster]:
    """The cluster by a parameter of the stack, whose default is the name."""

    def describe(stack: cdk.Stack) -> EksCluster:
        name = cdk.CfnParameter(stack, "ClusterName", default=cluster.name).value_as_string
        return _describe(cluster, cluster_name=name, **more)(stack)

    return describe


def _make(cluster: LocalCluster, name: str) -> Callable[[cdk.Stack], EksCluster]:
    """A cluster that the stack makes, under this name, where another one is."""

    def describe(stack: cdk.Stack) -> EksCluster:
        like = cluster.record
        made = eks.CfnCluster(
            stack,
            "Cluster",
            name=name,
            role_arn=like.role_arn,
            version="1.34",
            access_config=eks.CfnCluster.AccessConfigProperty(authentication_mode="API_AND_CONFIG_MAP"),
            resources_vpc_config=eks.CfnCluster.ResourcesVpcConfigProperty(subnet_ids=list(cluster.subnet_ids)),
        )
        group = made.attr_cluster_security_group_id
        return _describe(cluster, cluster_name=made.ref, cluster_security_group=group)(stack)

    return describe


def _map_roles(cluster: LocalCluster) -> str:
    config_map = cluster.kubernetes.config_map("kube-system", "aws-auth")
    assert config_map is not None
    return str(config_map["data"]["mapRoles"])


def _principals(aws: LocalAws, cluster: LocalCluster) -> list[str]:
    entries: list[str] = aws.client("eks").list_access_entries(clusterName=cluster.name)["accessEntries"]
    return [arn for arn in entries if "WindowsNodeGroups" in arn]


def _joined(aws: LocalAws, cluster: LocalCluster) -> list[bool]:
    return [boot.joined for boot in aws.nodes.boots if boot.cluster == cluster.name]


def _functions(aws: LocalAws, stack: str) -> list[str]:
    return [name for name in aws.functions.functions if name.startswith(f"{stack}-")]


def test_another_cluster(aws: LocalAws, scenario: Scenario) -> None:
    """Another literal name: the nodes move, in another VPC, and nothing of them is left in the cluster before."""
    before, after = (aws.create_cluster(name, version="1.34", aws_auth="[]\n") for name in ("before", "after"))
    assert scenario.deploy("moves", _describe(before)).status == "CREATE_COMPLETE"
    (function,) = _functions(aws, "moves")
    moved = scenario.deploy("moves", _describe(after))
    assert moved.status == "UPDATE_COMPLETE", moved.reasons
    assert not moved.reasons
    assert (_map_roles(before), _principals(aws, before)) == ("[]\n", [])
    assert "eks:kube-proxy-windows" in _map_roles(after)
    assert len(_principals(aws, after)) == 1
    assert _joined(aws, after) == [True]
    (other,) = _functions(aws, "moves")
    assert other != function
    assert scenario.destroy("moves").status == "DELETE_COMPLETE"
    assert (_map_roles(after), _principals(aws, after)) == ("[]\n", [])


def test_another_way_to_name_it(aws: LocalAws, scenario: Scenario) -> None:
    """The same cluster by a parameter instead of a literal: its entry stays, and goes with the stack."""
    cluster = aws.create_cluster("renamed", version="1.34", aws_auth="[]\n")
    assert scenario.deploy("renames", _describe(cluster)).status == "CREATE_COMPLETE"
    entry = _map_roles(cluster)
    renamed = scenario.deploy("renames", _describe_by_parameter(cluster))
    assert renamed.status == "UPDATE_COMPLETE", renamed.reasons
    assert not renamed.reasons
    assert _map_roles(cluster) == entry
    assert all(_joined(aws, cluster))
    assert len(_functions(aws, "renames")) == len(_principals(aws, cluster)) == 1
    assert scenario.destroy("renames").status == "DELETE_COMPLETE"
    assert (_map_roles(cluster), _principals(aws, cluster)) == ("[]\n", [])


def test_another_cluster_by_access_entry(aws: LocalAws, scenario: Scenario) -> None:
    """Another value of a parameter, where nobody reads `aws-auth`: the nodes move, and their access entry with them."""
    clusters = [aws.create_cluster(name, version="1.34", authentication_mode="API") for name in ("entries", "others")]
    for cluster in clusters:
        described = _describe_by_parameter(cluster, authentication_mode="API")
        deployed = scenario.deploy("moves-entry", described)
        assert deployed.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")), deployed.reasons
        assert not deployed.reasons
        assert _joined(aws, cluster) == [True]
    eks_client = aws.client("eks")
    left = [eks_client.list_access_entries(clusterName=cluster.name)["accessEntries"] for cluster in clusters]
    assert [len([arn for arn in each if "moves-entry" in arn]) for each in left] == [0, 2]


def test_cluster_that_is_made_anew(aws: LocalAws, scenario: Scenario) -> None:
    """A cluster of the same stack is replaced: the nodes move with it, and the stack can be deleted."""
    model = aws.create_cluster("model", version="1.34")
    assert scenario.deploy("renews", _make(model, "first")).status == "CREATE_COMPLETE"
    renewed = scenario.deploy("renews", _make(model, "second"))
    assert renewed.status == "UPDATE_COMPLETE", renewed.reasons
    assert not renewed.reasons
    assert [boot.joined for boot in aws.nodes.boots if boot.cluster == "second"] == [True]
    assert "first" not in aws.client("eks").list_clusters()["clusters"]
    assert scenario.destroy("renews").status == "DELETE_COMPLETE"
