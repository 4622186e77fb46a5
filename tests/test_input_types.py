"""What another type than the annotation's says is refused before anything is made of it, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks

from tests.synthesis import make_cluster, make_node_group, make_stack
from windows_nodegroup import EksCluster, WindowsNodeGroup
from windows_nodegroup.ami import WindowsAmi
from windows_nodegroup.input_types import check_input_types
from windows_nodegroup.labels import TaintSpec
from windows_nodegroup.node_access import NodeAuthorization
from windows_nodegroup.problems import InvalidNodeGroup, Problems
from windows_nodegroup.purchase import CapacityReservation, InstancesDistribution
from windows_nodegroup.volumes import EbsVolume
from windows_nodegroup.windows_support import WindowsIpam

if TYPE_CHECKING:
    from collections.abc import Callable


def findings(takes: Callable[..., object], **given: object) -> list[str]:
    """Check inputs; return what is wrong with them, without the cure."""
    problems = Problems()
    check_input_types(takes, given, problems)
    assert {problem.code for problem in problems.errors} <= {"WNG110"}
    return [problem.finding for problem in problems.errors]


@pytest.mark.parametrize(
    ("given", "finding"),
    [
        ({"cluster": "my-cluster"}, "cluster is 'my-cluster', not EksCluster"),
        ({"cluster": None}, "cluster is None, not EksCluster"),
        ({"nodegroup_name": None}, "nodegroup_name is None, not str"),
        ({"nodegroup_name": 5}, "nodegroup_name is 5, not str"),
        ({"kubernetes_version": 1.33}, "kubernetes_version is 1.33, not eks.KubernetesVersion | str | None"),
        ({"ami": "ami-0123456789abcdef0"}, "ami is 'ami-0123456789abcdef0', not WindowsAmi | None"),
        ({"ami": WindowsAmi.custom(image_id=5, windows_version="2022")}, "ami.custom_image_id is 5, not str | None"),  # type: ignore[arg-type]
        ({"instance_types": "t3.large"}, "instance_types is 't3.large', not Sequence[ec2.InstanceType | str]"),
        ({"instance_types": [None]}, "instance_types[0] is None, not ec2.InstanceType | str"),
        ({"instance_types": [5]}, "instance_types[0] is 5, not ec2.InstanceType | str"),
        (
            {"subnets": {"subnet-1"}},
            "subnets is {'subnet-1'}, not Sequence[ec2.ISubnet | str] | ec2.SubnetSelection | None",
        ),
        ({"labels": ["team=blue"]}, "labels is ['team=blue'], not Mapping[str, str] | None"),
        ({"labels": {"team": None}}, "labels['team'] is None, not str"),
        ({"labels": {"windows": True}}, "labels['windows'] is True, not str"),
        (
            {"instances_distribution": InstancesDistribution(spot_max_price=0.25)},  # type: ignore[arg-type]
            "instances_distribution.spot_max_price is 0.25, not str | None",
        ),
        ({"tags": {5: "five"}}, "a key of tags is 5, not str"),
        ({"taints": ["a=b:NoSchedule"]}, "taints[0] is 'a=b:NoSchedule', not TaintSpec"),
        ({"taints": [TaintSpec(key="a", value=None)]}, "taints[0].value is None, not str"),  # type: ignore[arg-type]
        ({"volumes": {"xvdf": 50}}, "volumes['xvdf'] is 50, not EbsVolume"),
        ({"volumes": {"xvdf": EbsVolume(encrypted="no")}}, "volumes['xvdf'].encrypted is 'no', not bool"),  # type: ignore[arg-type]
        ({"cluster_autoscaler": "false"}, "cluster_autoscaler is 'false', not bool"),
        ({"preflight": None}, "preflight is None, not bool"),
        ({"max_unavailable": None}, "max_unavailable is None, not Number"),
        ({"bootstrap_timeout": 45}, "bootstrap_timeout is 45, not Duration | None"),
        ({"authorization": "existing"}, "authorization is 'existing', not NodeAuthorization"),
        ({"windows_ipam": True}, "windows_ipam is True, not WindowsIpam | None"),
        ({"labels": ["a" * 200]}, f"labels is ['{'a' * 78}…, not Mapping[str, str] | None"),
    ],
)
def test_wng110_wrong(given: dict[str, Any], finding: str) -> None:
    """The finding names the input, the place in it, the value and what is taken instead."""
    assert findings(WindowsNodeGroup.__init__, **given) == [finding]


def test_right() -> None:
    """Whatever the annotations allow passes, CDK's own values and tokens included."""
    stack = make_stack()
    given: dict[str, object] = {
        "scope": stack,
        "cluster": make_cluster(),
        "ami": WindowsAmi.server_2022(),
        "authorization": NodeAuthorization.EXISTING,
        "bootstrap_timeout": cdk.Duration.minutes(5),
        "capacity_reservation": CapacityReservation.none(),
        "capacity_type": eks.CapacityType.SPOT,
        "cluster_autoscaler": True,
        "desired_size": cdk.Token.as_number({"Ref": "Size"}),
        "instance_types": (ec2.InstanceType("t3.large"), "t3.xlarge", cdk.Fn.ref("Type")),
        "instances_distribution": InstancesDistribution(
            spot_allocation_strategy=autoscaling.SpotAllocationStrategy.LOWEST_PRICE
        ),
        "kubelet_extra_args": cdk.Fn.split(",", cdk.Fn.ref("Words")),
        "labels": {cdk.Fn.ref("Key"): cdk.Fn.ref("Value")},
        "security_groups": None,
        "subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        "taints": [TaintSpec(key="a", effect=eks.TaintEffect.NO_EXECUTE), TaintSpec(key="b", effect="NoSchedule")],
        "volumes": {"xvdf": EbsVolume(size=5)},
        "windows_ipam": WindowsIpam(warm_ip_target=cdk.Token.as_number({"Ref": "Target"})),
    }
    assert findings(WindowsNodeGroup.__init__, **given) == []


def test_a_class_of_somebody_else() -> None:
    """What somebody adds to a class of this library is theirs, however it is annotated; the rest is checked."""

    class Golden(WindowsAmi):
        pass

    Golden.__annotations__ = {"owner": int, "team": "dict[str, str]"}
    golden = Golden(windows_version="2022", custom_image_id=5)  # type: ignore[arg-type]
    assert findings(WindowsNodeGroup.__init__, ami=golden) == ["ami.custom_image_id is 5, not str | None"]


def test_objects_without_a_class() -> None:
    """What CDK hands out of its own making is known by an interface alone, and is taken for what it is."""
    proxy = type("_IConstructProxy", (), {})()
    assert findings(EksCluster.from_lookup, scope=proxy) == []
    assert findings(EksCluster.from_cluster, cluster=proxy) == []
    assert findings(EksCluster.from_cluster, cluster="my-cluster") == ["cluster is 'my-cluster', not CdkCluster"]


def test_wng110_all_at_once() -> None:
    """A node group that has several such inputs says so of all, with the cure, and nothing else is looked at."""
    with pytest.raises(InvalidNodeGroup) as raised:
        make_node_group(instance_types="t3.large", labels=["a"], nodegroup_name=None, min_size=-1)
    assert [problem.finding.partition(" is ")[0] for problem in raised.value.problems] == [
        "nodegroup_name",
        "instance_types",
        "labels",
    ]
    assert str(raised.value).startswith("Stack/Windows has 3 problems:\n")
    assert "a list in square brackets even of one" in str(raised.value)


@pytest.mark.parametrize(
    "describe",
    [
        lambda _: EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", subnets="subnet-1"),
        lambda stack: EksCluster.from_lookup(stack, cluster_name="c", subnets="subnet-1"),
        lambda stack: EksCluster.from_cluster(
            eks.Cluster.from_cluster_attributes(stack, "C", cluster_name="c"), vpc="vpc-1", subnets="subnet-1"
        ),
    ],
    ids=["attributes", "lookup", "cluster"],
)
def test_wng110_cluster(describe: Callable[[cdk.Stack], EksCluster]) -> None:
    """A cluster's description says so itself, before anything is looked up."""
    with pytest.raises(InvalidNodeGroup, match=r"the cluster has 1 problem:\n  subnets is 'subnet-1', not Sequence"):
        describe(make_stack())
