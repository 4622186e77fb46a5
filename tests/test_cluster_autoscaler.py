"""cluster-autoscaler learns from tags what a node would be like, so that a group grows from zero."""

from __future__ import annotations

import aws_cdk as cdk

from windows_nodegroup.cluster_autoscaler import cluster_autoscaler_tags
from windows_nodegroup.labels import TaintEffect, TaintSpec

TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"


def test_discovery() -> None:
    """The two tags by which the autoscaler finds its groups are there."""
    tags = cluster_autoscaler_tags(cluster_name="my-cluster", instance_types=["m6i.large"], disk_size=50)
    assert tags["k8s.io/cluster-autoscaler/enabled"] == "true"
    assert tags["k8s.io/cluster-autoscaler/my-cluster"] == "owned"


def test_hints() -> None:
    """System, build, labels, taints, addresses and disk are told."""
    tags = cluster_autoscaler_tags(
        cluster_name="my-cluster",
        instance_types=["m6i.xlarge", "m6i.large"],
        disk_size=80,
        windows_build="10.0.20348",
        labels={"example.com/team": "blue"},
        taints=[TaintSpec(key="os", value="windows", effect=TaintEffect.NO_EXECUTE)],
    )
    assert {key.removeprefix(TEMPLATE): value for key, value in tags.items() if key.startswith(TEMPLATE)} == {
        "label/kubernetes.io/os": "windows",
        "label/kubernetes.io/arch": "amd64",
        "label/node.kubernetes.io/windows-build": "10.0.20348",
        "label/example.com/team": "blue",
        "taint/os": "windows:NoExecute",
        "resources/vpc.amazonaws.com/PrivateIPv4Address": "9",
        "resources/ephemeral-storage": "80Gi",
    }


def test_unknown() -> None:
    """What is not known is not told: neither the addresses of a type nor a size that is a token."""
    for instance_types in (["m6i.large", "m9x.large"], [cdk.Fn.ref("Type")], []):
        tags = cluster_autoscaler_tags(
            cluster_name="my-cluster", instance_types=instance_types, disk_size=cdk.Token.as_number({"Ref": "Size"})
        )
        assert not [key for key in tags if "resources" in key]
