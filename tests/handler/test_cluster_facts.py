"""What nodes have to know of a cluster is asked of EKS once, and never empty for want of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.handler.stage import CLUSTER
from windows_nodegroup.handler.preflight_contract import ClusterFacts

if TYPE_CHECKING:
    from tests.handler.stage import Stage


def ask(stage: Stage, kind: str = "Create") -> dict[str, Any]:
    """Send a request and return the answer."""
    event = stage.event(kind, physical_id=None if kind == "Create" else f"cluster-facts/{CLUSTER}")
    event |= {"ResourceType": ClusterFacts.TYPE, "ResourceProperties": {"ClusterName": CLUSTER}}
    return stage.send(event)


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_facts(stage: Stage, kind: str) -> None:
    """The answer has everything as EKS says it, and the address of the cluster's DNS."""
    cluster = stage.aws.cluster
    assert cluster is not None
    cluster |= {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.64.0.0/16"}}
    cluster["resourcesVpcConfig"] = {"clusterSecurityGroupId": "sg-1"}
    answer = ask(stage, kind)
    assert answer["PhysicalResourceId"] == f"cluster-facts/{CLUSTER}"
    assert answer["Data"] == {
        ClusterFacts.ENDPOINT: cluster["endpoint"],
        ClusterFacts.CERTIFICATE_AUTHORITY_DATA: cluster["certificateAuthority"]["data"],
        ClusterFacts.SERVICE_IPV4_CIDR: "10.64.0.0/16",
        ClusterFacts.DNS_CLUSTER_IP: "10.64.0.10",
        ClusterFacts.CLUSTER_SECURITY_GROUP_ID: "sg-1",
    }


def test_what_a_cluster_lacks(stage: Stage) -> None:
    """No attribute is missing, even if EKS does not say what it is."""
    data = ask(stage)["Data"]
    assert data[ClusterFacts.DNS_CLUSTER_IP] == data[ClusterFacts.SERVICE_IPV4_CIDR] == ""
    assert len(data) == 5


def test_no_cluster(stage: Stage) -> None:
    """Without a cluster there are no facts, and nothing to delete."""
    stage.aws.cluster = None
    assert "[WNG902]" in ask(stage)["Reason"]
    assert ask(stage, "Delete")["Status"] == "SUCCESS"
