"""cluster-autoscaler learns from tags what a node would be like, so that a group grows from zero."""

from __future__ import annotations

from functools import partial
from typing import Any

import aws_cdk as cdk
import pytest

from tests.found import codes
from tests.synthesis import make_node_group, only
from windows_nodegroup.cluster_autoscaler import check_cluster_autoscaler, cluster_autoscaler_tags
from windows_nodegroup.labels import TaintEffect, TaintSpec

TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"
ADDRESSES = f"{TEMPLATE}resources/vpc.amazonaws.com/PrivateIPv4Address"


def found(**inputs: Any) -> list[str]:
    """The codes of what the autoscaler cannot be told."""
    given: dict[str, Any] = {"tags": {"some": "tag"}, "instance_types": ["m6i.large"], "min_size": 0}
    return codes(partial(check_cluster_autoscaler, **given | inputs))


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


def test_prefix_delegation() -> None:
    """With prefixes of sixteen addresses more pods fit on a node."""
    tags = cluster_autoscaler_tags(
        cluster_name="my-cluster", instance_types=["m6i.xlarge", "m6i.large"], disk_size=50, prefix_delegation=True
    )
    assert tags[ADDRESSES] == "144"


@pytest.mark.parametrize(
    ("instance_types", "min_size", "expected"),
    [
        (["m6i.large"], 0, []),
        (["m6i.large", "m9x.large"], 0, ["WNG512"]),
        (["m9x.large"], cdk.Token.as_number({"Ref": "Size"}), ["WNG512"]),
        (["m9x.large"], 1, []),
        ([cdk.Fn.ref("Type")], 0, []),
        (cdk.Token.as_list({"Ref": "Types"}), 0, []),
    ],
    ids=range(6),
)
def test_wng512_no_hint_of_pods(instance_types: list[str], min_size: float, expected: list[str]) -> None:
    """Where the addresses of a type are not known, a group that may be empty does not grow."""
    assert found(instance_types=instance_types, min_size=min_size) == expected


def test_hint_of_pods_by_hand() -> None:
    """The hint that is missing can be given to the group alone."""
    node_group = make_node_group(cluster_autoscaler=True, min_size=0, instance_types=["u-6tb1.56xlarge"])
    group = node_group.node.default_child
    assert group is not None
    cdk.Tags.of(group).add(ADDRESSES, "49", apply_to_launched_instances=False)
    tags = only(node_group, "AWS::AutoScaling::AutoScalingGroup")["Properties"]["Tags"]
    assert {"Key": ADDRESSES, "Value": "49", "PropagateAtLaunch": False} in tags


def test_wng513_one_hint_for_taints() -> None:
    """A tag tells of one effect, and it is the last that is told."""
    taints = [TaintSpec(key="os"), TaintSpec(key="team"), TaintSpec(key="os", effect=TaintEffect.NO_EXECUTE)]
    assert found(taints=taints) == ["WNG513"]
    assert found(taints=taints[:2]) == []
    assert found(taints=taints, tags={}) == []
    tags = cluster_autoscaler_tags(cluster_name="my-cluster", instance_types=["m6i.large"], disk_size=50, taints=taints)
    assert tags[f"{TEMPLATE}taint/os"] == ":NoExecute"
