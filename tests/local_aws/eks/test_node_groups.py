"""Managed node groups: made, described, listed, deleted; their role is let in and their nodes are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster


def _asked(cluster: LocalCluster, role_arn: str, **more: Any) -> dict[str, Any]:
    about = {"clusterName": cluster.name, "nodegroupName": "linux", "nodeRole": role_arn}
    return {**about, "subnets": list(cluster.subnet_ids), **more}


def test_life(aws: LocalAws, cluster: LocalCluster, new_role: Callable[..., str]) -> None:
    """A node group has an access entry of its kind and Linux nodes; the cluster cannot go before it."""
    eks, role_arn = aws.client("eks"), new_role()
    about = {"clusterName": cluster.name, "nodegroupName": "linux"}
    eks.create_nodegroup(**_asked(cluster, role_arn, scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1}))
    described = eks.describe_nodegroup(**about)["nodegroup"]
    assert (described["status"], described["scalingConfig"]["desiredSize"]) == ("ACTIVE", 1)
    assert eks.list_nodegroups(clusterName=cluster.name)["nodegroups"] == ["linux"]
    entry = eks.describe_access_entry(clusterName=cluster.name, principalArn=role_arn)["accessEntry"]
    assert entry["type"] == "EC2_LINUX"
    node = cluster.kubernetes.get("v1", "Node", "linux-0")
    assert node is not None
    assert node["metadata"]["labels"]["kubernetes.io/os"] == "linux"
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_nodegroup(**_asked(cluster, role_arn))
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.delete_cluster(name=cluster.name)
    eks.delete_nodegroup(**about)
    assert cluster.kubernetes.get("v1", "Node", "linux-0") is None
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_nodegroup(**about)


@pytest.mark.parametrize("wrong", [{"amiType": "WINDOWS_CORE_2022_x86_64"}, {"nodeRole": "arn:aws:iam::1:role/none"}])
def test_wrong_input_is_refused(
    aws: LocalAws, cluster: LocalCluster, new_role: Callable[..., str], wrong: dict[str, str]
) -> None:
    """Windows, which the local AWS does not have, and a role that there is not are refused."""
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.create_nodegroup(**_asked(cluster, new_role()) | wrong)
    assert eks.list_nodegroups(clusterName=cluster.name)["nodegroups"] == []
