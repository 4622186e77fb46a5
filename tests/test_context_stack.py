"""A node group is described by the words of eksctl's command, given as context."""

from __future__ import annotations

import re

import aws_cdk as cdk
import pytest

from tests.synthesis import only, template_of
from windows_nodegroup.context_stack import ContextNodeGroupStack, stack_name
from windows_nodegroup.problems import InvalidNodeGroup


def _stack(monkeypatch: pytest.MonkeyPatch, **context: str) -> ContextNodeGroupStack:
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "111122223333")
    monkeypatch.setenv("CDK_DEFAULT_REGION", "us-west-2")
    words = {name.replace("_", "-"): value for name, value in context.items()}
    return ContextNodeGroupStack(cdk.App(analytics_reporting=False, context=words), "Stack")


def test_cluster_and_name_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the cluster has a default, and the results are shown as the drop-in's are."""
    template = template_of(_stack(monkeypatch, cluster="my-cluster"))
    assert {"NodeInstanceRole", "NodeSecurityGroup", "NodeAutoScalingGroup"} <= template["Outputs"].keys()
    tags = only(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]["Tags"]
    assert {"Key": "Name", "Value": "my-cluster-ng-windows-Node", "PropagateAtLaunch": True} in tags


def test_words_of_eksctl(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of AWS's guide for eksctl mean the same here."""
    stack = _stack(
        monkeypatch,
        cluster="my-cluster",
        name="ng-windows",
        node_type="t2.large",
        nodes="3",
        nodes_min="1",
        nodes_max="4",
        node_ami_family="WindowsServer2019FullContainer",
    )
    template = template_of(stack)
    group = only(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == ("1", "3", "4")
    launch_template = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    assert launch_template["InstanceType"] == "t2.large"
    assert "Windows_Server-2019-English-Full-" in str(template["Parameters"])


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"nodes": "three"}, "nodes is 'three'"),
        ({"nodes_max": "-1"}, "nodes-max is '-1'"),
        (
            {"node_ami_family": "AmazonLinux2023"},
            "node-ami-family is 'AmazonLinux2023'.*WindowsServer2022CoreContainer",
        ),
    ],
)
def test_bad_words(monkeypatch: pytest.MonkeyPatch, context: dict[str, str], said: str) -> None:
    """A word that means nothing is refused with what it may be."""
    with pytest.raises(ValueError, match=said):
        _stack(monkeypatch, cluster="my-cluster", **context)


def test_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Called outside the CLI, or without credentials, it says that account and region are missing."""
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    monkeypatch.delenv("CDK_DEFAULT_REGION", raising=False)
    with pytest.raises(InvalidNodeGroup, match="WNG620"):
        ContextNodeGroupStack(cdk.App(analytics_reporting=False, context={"cluster": "my-cluster"}), "Stack")


def test_stack_name() -> None:
    """Each node group of each cluster has a stack of its own, under a name that CloudFormation takes."""
    assert stack_name("my-cluster", "ng-windows") == "WindowsNodeGroup-my-cluster-ng-windows"
    wanted = [("a_b", "c"), ("a-b", "c"), ("a", "b_c"), ("x" * 99, "y" * 63)]
    names = {stack_name(*each) for each in [*wanted, ("a_b", "c")]}
    assert len(names) == len(wanted)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,127}", name) for name in names)


def test_where_and_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subnets, the function's way in and acknowledged checks can be said, too, so that each check's cure is at hand."""
    template = template_of(
        _stack(
            monkeypatch,
            cluster="my-cluster",
            subnets="subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb",
            kubernetes_group="windows",
            function_subnets="subnet-0cccccccccccccccc",
            acknowledge="PF203, PF302",
        )
    )
    group = only(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    assert group["VPCZoneIdentifier"] == ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
    function = only(template, "AWS::Lambda::Function")["Properties"]
    assert function["VpcConfig"]["SubnetIds"] == ["subnet-0cccccccccccccccc"]
    assert only(template, "AWS::EKS::AccessEntry")["Properties"]["KubernetesGroups"] == ["windows"]
    assert only(template, "Custom::PreflightAws")["Properties"]["Acknowledged"] == ["PF203", "PF302"]
