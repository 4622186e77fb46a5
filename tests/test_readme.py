"""Tests of what the README shows: its code runs, its tables are the product's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from windows_nodegroup import EksCluster, WindowsNodeGroup, WindowsNodeGroupStack
from windows_nodegroup.context_stack import ContextNodeGroupStack

if TYPE_CHECKING:
    import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_code_of_the_first_screen_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first example synthesizes an Auto Scaling group, and is at most twelve lines long."""
    (code,) = re.findall(r"```python\n(.*?)```", README.partition("## ")[0], flags=re.DOTALL)
    assert len(code.strip().splitlines()) <= 12
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - this is what a reader does with it
    stack = names["stack"]
    assert isinstance(stack, cdk.Stack)
    Template.from_stack(stack).resource_count_is("AWS::AutoScaling::AutoScalingGroup", 1)


def test_the_code_of_other_clusters_runs() -> None:
    """A cluster made in the app, and manifests for a cluster that was imported, as the README has them."""
    blocks = re.findall(r"```python\n(.*?)```", README.partition("## ")[2], flags=re.DOTALL)
    stacks = [cdk.Stack(cdk.App(analytics_reporting=False), "Stack") for _ in blocks]
    for stack, block in zip(stacks, blocks, strict=True):
        layer = lambda_.LayerVersion.from_layer_version_arn(
            stack, "Layer", "arn:aws:lambda:us-west-2:111122223333:layer:kubectl:1"
        )
        options = eks.KubectlProviderOptions(kubectl_layer=layer)
        version = eks.KubernetesVersion.V1_34
        names = {"eks": eks, "stack": stack, "EksCluster": EksCluster, "WindowsNodeGroup": WindowsNodeGroup}
        if "eks.Cluster(" not in block:
            names["cluster"] = eks.Cluster(stack, "Cluster", version=version, kubectl_provider_options=options)
        exec(block, names)  # noqa: S102 - this is what a reader does with it
    made, imported = map(Template.from_stack, stacks)
    made.resource_count_is("AWS::EKS::Nodegroup", 1)
    imported.resource_count_is("Custom::AWSCDK-EKS-KubernetesResource", 1)


def test_the_words_of_the_context_are_the_stacks() -> None:
    """Each word that can be said with `-c` stands in the README, and no other."""
    rows = re.findall(r"^    \| `([a-z-]+)` \|", str(ContextNodeGroupStack.__doc__), re.MULTILINE)
    documented = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", README, re.MULTILINE)
    words = {word for cell in documented for word in re.findall("`([a-z-]+)`", cell)}
    assert words == set(rows) - {"-c", "cluster", "name"}


def test_the_table_of_parameters_is_the_stacks() -> None:
    """Each parameter stands in the README, in the stack's order, with its default."""
    template = Template.from_stack(WindowsNodeGroupStack(cdk.App(), "Drop-in")).to_json()
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", README, flags=re.MULTILINE)
    documented = {name: default.strip() for name, default in rows if name in template["Parameters"]}
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert list(documented) == [name for group in groups for name in group["Parameters"]]
    for name, parameter in template["Parameters"].items():
        if name == "NodeImageIdSSMParam":  # its default is a path, told in words
            assert "Windows_Server-2019-English-Core" in parameter["Default"]
            assert documented[name] == "Windows Server 2019 Core"
        else:
            assert documented[name] == str(parameter.get("Default", ""))


def test_the_outputs_are_the_stacks() -> None:
    """The outputs that the README names are those of the stack."""
    template = Template.from_stack(WindowsNodeGroupStack(cdk.App(), "Drop-in")).to_json()
    (line,) = re.findall(r"^Outputs: (.*)$", README, flags=re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) == set(template["Outputs"])


def test_the_numbers_of_resources_are_right() -> None:
    """The README counts the resources of the first node group of a stack, and of each further one, as templates do."""
    counts = []
    for number in (1, 2):
        stack = cdk.Stack(cdk.App(), f"Stack{number}")
        cluster = EksCluster.from_attributes(
            cluster_name="my-cluster",
            vpc="vpc-0a1b2c3d",
            version="1.33",
            subnets=["subnet-0a1b2c3d"],
            cluster_security_group="sg-0a1b2c3d",
        )
        for index in range(number):
            WindowsNodeGroup(stack, f"Nodes{index}", cluster=cluster, nodegroup_name=f"windows-{index}")
        counts.append(len(Template.from_stack(stack).to_json()["Resources"]))
    (claim,) = re.findall(r"(\d+) CloudFormation resources for the first node group\s+of a stack, (\d+)", README)
    assert [int(each) for each in claim] == [counts[0], counts[1] - counts[0]]
