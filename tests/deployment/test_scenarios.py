"""Every mode and every way in, and every wrong input, deployed to the local AWS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.deployment.scenario import Scenario
from windows_nodegroup import EksCluster, NodeAuthorization
from windows_nodegroup.manifests.function_rbac import DEFAULT_GROUP, function_rbac

if TYPE_CHECKING:
    from collections.abc import Callable

    import aws_cdk as cdk

    from local_aws import LocalAws, LocalCluster
    from local_aws.eks.clusters import Status


@pytest.fixture(scope="module")
def scenario(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Deploys node groups."""
    return Scenario(aws, tmp_path_factory.mktemp("scenarios"))


def _describe(cluster: LocalCluster, **more: object) -> Callable[[cdk.Stack], EksCluster]:
    """The cluster as somebody describes it who gives no more than needed."""
    known = {
        "cluster_name": cluster.name,
        "vpc": cluster.vpc_id,
        "subnets": list(cluster.subnet_ids),
        "cluster_security_group": cluster.security_group_id,
        "version": "1.34",
    }
    return lambda _: EksCluster.from_attributes(**known | more)  # type: ignore[arg-type]  # of many types


def _map_roles(cluster: LocalCluster) -> str | None:
    config_map = cluster.kubernetes.config_map("kube-system", "aws-auth")
    return str(config_map["data"].get("mapRoles")) if config_map else None


def _joined(aws: LocalAws, cluster: LocalCluster) -> list[bool]:
    return [boot.joined for boot in aws.nodes.boots if boot.cluster == cluster.name]


def _windows_ipam(cluster: LocalCluster) -> str | None:
    config_map = cluster.kubernetes.config_map("kube-system", "amazon-vpc-cni")
    return str(config_map["data"].get("enable-windows-ipam")) if config_map else None


def _grant(cluster: LocalCluster, group: str = DEFAULT_GROUP) -> None:
    """What `kubectl apply` of the manifests does."""
    for manifest in function_rbac(group):
        cluster.kubernetes.put(manifest)


def test_both_by_policy(aws: LocalAws, scenario: Scenario) -> None:
    """API_AND_CONFIG_MAP, the function let in by EKS's policy: joined, and nothing but Windows support is left."""
    cluster = aws.create_cluster("both-by-policy", version="1.34", aws_auth="[]\n")
    deployed = scenario.deploy(cluster.name, _describe(cluster))
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    assert _joined(aws, cluster) == [True]
    assert _windows_ipam(cluster) == "true"
    ((_, warnings),) = deployed.outputs.items()
    assert "the deployment does not wait until nodes are Ready" in warnings
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"
    assert _map_roles(cluster) == "[]\n"
    assert _windows_ipam(cluster) == "true"


def test_order(aws: LocalAws, scenario: Scenario) -> None:
    """The checks come before all that is the node group's, and the nodes after all that lets them work."""
    cluster = aws.create_cluster("in-order", version="1.34")
    _grant(cluster)
    deployed = scenario.deploy(cluster.name, _describe(cluster, kubernetes_group=DEFAULT_GROUP))
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    kinds = [next((kind for kind in _ORDER if kind in name), None) for name in deployed.created]
    assert [kind for kind in kinds if kind] == list(_ORDER)


_ORDER = ("WindowsPreflight", "AccessEntry", "WindowsIpam", "ClusterPreflight", "Windows891EF9B0", "NodesReady")


def test_both_by_group(aws: LocalAws, scenario: Scenario) -> None:
    """API_AND_CONFIG_MAP, the function let in by a group with exactly its permissions: it waits for Ready nodes."""
    cluster = aws.create_cluster("both-by-group", version="1.34", aws_auth="[]\n")
    cluster.kubernetes.put_node("linux-1", labels={"kubernetes.io/os": "linux"}, provider_id="aws:///a/i-1")
    _grant(cluster)
    deployed = scenario.deploy(cluster.name, _describe(cluster, kubernetes_group=DEFAULT_GROUP))
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    ((_, warnings),) = deployed.outputs.items()
    assert "not allowed" not in warnings
    assert _joined(aws, cluster) == [True]
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"
    assert _map_roles(cluster) == "[]\n"


def test_map_alone_by_kubectl_role(aws: LocalAws, scenario: Scenario) -> None:
    """CONFIG_MAP, the function assumes the cluster's creator, who may do everything."""
    cluster = aws.create_cluster("map-alone", version="1.34", authentication_mode="CONFIG_MAP", aws_auth="[]\n")
    described = _describe(cluster, authentication_mode="CONFIG_MAP", kubectl_role=cluster.creator_role_arn)
    deployed = scenario.deploy(cluster.name, described)
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    assert _joined(aws, cluster) == [True]
    assert _windows_ipam(cluster) == "true"
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"
    assert _map_roles(cluster) == "[]\n"


@pytest.mark.parametrize(
    ("name", "authorization"),
    [("entries-alone", NodeAuthorization.AUTOMATIC), ("entry-by-choice", NodeAuthorization.ACCESS_ENTRY)],
)
def test_access_entry(aws: LocalAws, scenario: Scenario, name: str, authorization: NodeAuthorization) -> None:
    """API, or an access entry by choice: nodes join without aws-auth, and Windows support is enabled all the same."""
    mode = "API" if authorization is NodeAuthorization.AUTOMATIC else "API_AND_CONFIG_MAP"
    cluster = aws.create_cluster(name, version="1.34", authentication_mode=mode)
    deployed = scenario.deploy(name, _describe(cluster, authentication_mode=mode), authorization=authorization)
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    assert _joined(aws, cluster) == [True]
    assert _map_roles(cluster) is None
    assert _windows_ipam(cluster) == "true"


def test_mode_moves_on(aws: LocalAws, scenario: Scenario) -> None:
    """A cluster that has moved to API meanwhile: the entry goes without a word, and the stack can be deleted."""
    cluster = aws.create_cluster("moves-on", version="1.34", aws_auth="[]\n")
    assert scenario.deploy(cluster.name, _describe(cluster)).status == "CREATE_COMPLETE"
    aws.client("eks").update_cluster_config(name=cluster.name, accessConfig={"authenticationMode": "API"})
    updated = scenario.deploy(cluster.name, _describe(cluster, authentication_mode="API"))
    assert updated.status == "UPDATE_COMPLETE", updated.reasons
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"


def test_mode_moves_on_unsaid(aws: LocalAws, scenario: Scenario) -> None:
    """A template that still tells of the mode before goes on to update its nodes, with a warning."""
    cluster = aws.create_cluster("moves-on-unsaid", version="1.34", aws_auth="[]\n")
    assert scenario.deploy(cluster.name, _describe(cluster)).status == "CREATE_COMPLETE"
    aws.client("eks").update_cluster_config(name=cluster.name, accessConfig={"authenticationMode": "API"})
    updated = scenario.deploy(cluster.name, _describe(cluster), instance_types=["m5.xlarge"])
    assert updated.status == "UPDATE_COMPLETE", updated.reasons
    assert "PF105" in str(updated.outputs)
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"


def test_private_cluster(aws: LocalAws, scenario: Scenario) -> None:
    """The endpoint is private; the function runs in the cluster's subnets and group once these have the endpoints."""
    cluster = aws.create_cluster("private-one", version="1.34")
    aws.client("eks").update_cluster_config(
        name=cluster.name, resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True}
    )
    refused = scenario.deploy(cluster.name, _describe(cluster))
    assert refused.status == "ROLLBACK_COMPLETE"
    assert "PF504" in refused.reasons or "PF505" in refused.reasons, refused.reasons
    scenario.destroy(cluster.name)
    inside = _describe(cluster, function_subnets=list(cluster.subnet_ids))
    unreachable = scenario.deploy(cluster.name, inside)
    assert unreachable.status == "ROLLBACK_COMPLETE"
    assert "lacks eks, s3" in unreachable.reasons, unreachable.reasons
    scenario.destroy(cluster.name)
    _add_endpoints(aws, cluster, "eks", "s3", "ec2", "autoscaling", "cloudformation")
    deployed = scenario.deploy(cluster.name, inside)
    assert deployed.status == "CREATE_COMPLETE", deployed.reasons
    (function,) = (each for each in aws.client("lambda").list_functions()["Functions"] if cluster.name in str(each))
    assert set(function["VpcConfig"]["SubnetIds"]) == set(cluster.subnet_ids)
    assert function["VpcConfig"]["SecurityGroupIds"] == [cluster.security_group_id]


def _add_endpoints(aws: LocalAws, cluster: LocalCluster, *services: str) -> None:
    ec2 = aws.client("ec2")
    for service in services:
        ec2.create_vpc_endpoint(
            VpcId=cluster.vpc_id,
            ServiceName=f"com.amazonaws.{aws.region}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=list(cluster.subnet_ids),
            PrivateDnsEnabled=True,
        )


def _elsewhere(aws: LocalAws) -> dict[str, object]:
    vpc = aws.client("ec2").create_vpc(CidrBlock="172.20.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.client("ec2").create_subnet(VpcId=vpc, CidrBlock="172.20.0.0/24")["Subnet"]["SubnetId"]
    return {"subnets": [subnet]}


_WRONG: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "absent": ({"cluster_name": "no-such-cluster"}, {}, "PF101"),
    "wrong-case": ({"cluster_name": "BAD-INPUT"}, {}, "PF101"),
    # All that a function sees of a cluster in another region.
    "other-region": (
        {"cluster_name": "elsewhere", "subnets": ["subnet-0123456789abcdef0"]},
        {},
        "and the subnets are not there either",
    ),
    "other-version": ({"version": "1.35"}, {}, "PF10"),
    "no-such-type": ({}, {"instance_types": ["m9z.large"]}, "PF30"),
    "no-such-subnet": ({"subnets": ["subnet-0123456789abcdef0"]}, {}, "PF20"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_wrong_input(aws: LocalAws, scenario: Scenario, bad_input: LocalCluster, name: str) -> None:
    """A wrong input ends within a minute, with its reason; nothing was launched, and nothing but the function made."""
    described, props, reason = _WRONG[name]
    started = time.monotonic()
    deployed = scenario.deploy(name, _describe(bad_input, **described), **props)
    assert time.monotonic() - started < 60
    assert deployed.status == "ROLLBACK_COMPLETE"
    assert reason in deployed.reasons, deployed.reasons
    assert not [each for each in deployed.created if "WindowsNodeGroups" not in each]
    assert _joined(aws, bad_input) == []


def test_other_mode(aws: LocalAws, scenario: Scenario) -> None:
    """A cluster that knows no access entries, described as one that does: told at once, and what to do about it."""
    cluster = aws.create_cluster("other-mode", version="1.34", authentication_mode="CONFIG_MAP")
    deployed = scenario.deploy(cluster.name, _describe(cluster))
    assert deployed.status == "ROLLBACK_COMPLETE"
    assert "CONFIG_MAP" in deployed.reasons
    assert "[PF" in deployed.reasons
    assert _joined(aws, cluster) == []


def test_subnet_of_another_vpc(aws: LocalAws, scenario: Scenario, bad_input: LocalCluster) -> None:
    """Several wrong inputs are told at once."""
    deployed = scenario.deploy("elsewhere", _describe(bad_input, **_elsewhere(aws)), instance_types=["m9z.large"])
    assert deployed.status == "ROLLBACK_COMPLETE"
    assert "PF202" in deployed.reasons, deployed.reasons
    assert "PF30" in deployed.reasons, deployed.reasons


@pytest.fixture(scope="module")
def bad_input(aws: LocalAws) -> LocalCluster:
    """A good cluster, for bad inputs."""
    return aws.create_cluster("bad-input", version="1.34")


@pytest.mark.parametrize("status", ["FAILED", "DELETING"])
def test_cluster_that_never_becomes_active(aws: LocalAws, scenario: Scenario, status: Status) -> None:
    """A cluster that has failed or is being deleted is told within a minute, without the advice to wait for it."""
    cluster = aws.create_cluster(f"cluster-{status.lower()}", version="1.34")
    cluster.record.status = status
    started = time.monotonic()
    deployed = scenario.deploy(cluster.name, _describe(cluster))
    assert time.monotonic() - started < 60
    assert deployed.status == "ROLLBACK_COMPLETE"
    assert "PF102" in deployed.reasons, deployed.reasons
    assert status in deployed.reasons
    assert not [each for each in deployed.created if "WindowsNodeGroups" not in each]
    assert _joined(aws, cluster) == []


def test_cluster_deleted_before_an_update(aws: LocalAws, scenario: Scenario) -> None:
    """The update ends within a minute with the reason, its rollback is not stranded, and the stack can be deleted."""
    cluster = aws.create_cluster("deleted-first", version="1.34", aws_auth="[]\n")
    described = _describe(cluster)
    assert scenario.deploy(cluster.name, described).status == "CREATE_COMPLETE"
    aws.client("eks").delete_cluster(name=cluster.name)
    started = time.monotonic()
    updated = scenario.deploy(cluster.name, described, instance_types=["m5.xlarge"])
    assert time.monotonic() - started < 60
    assert updated.status == "UPDATE_ROLLBACK_COMPLETE", updated.reasons
    assert "PF101" in updated.reasons, updated.reasons
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"


def test_cluster_deleted_after_the_checks(aws: LocalAws, scenario: Scenario) -> None:
    """A cluster that goes while it is deployed to ends the deployment within a minute; nothing was launched."""
    cluster = aws.create_cluster("deleted-meanwhile", version="1.34", aws_auth="[]\n")

    def delete() -> None:
        aws.client("eks").delete_cluster(name=cluster.name)

    cluster.kubernetes.faults.meanwhile(delete, count=1)
    started = time.monotonic()
    deployed = scenario.deploy(cluster.name, _describe(cluster))
    assert time.monotonic() - started < 60
    assert deployed.status == "ROLLBACK_COMPLETE", deployed.events
    assert cluster.name in deployed.reasons
    assert _joined(aws, cluster) == []


def test_cluster_deleted_in_between(aws: LocalAws, scenario: Scenario) -> None:
    """A cluster that was deleted under its node group keeps nobody from deleting the stack."""
    cluster = aws.create_cluster("deleted", version="1.34", aws_auth="[]\n")
    described = _describe(cluster)
    assert scenario.deploy(cluster.name, described).status == "CREATE_COMPLETE"
    aws.client("eks").delete_cluster(name=cluster.name)
    assert scenario.destroy(cluster.name).status == "DELETE_COMPLETE"
