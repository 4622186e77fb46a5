"""One function serves all node groups of a cluster in a stack, with no permission that it does not need."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from tests.synthesis import make_cluster, make_node_group, make_stack, only, resources_of, template_of
from windows_nodegroup.cluster_function import ClusterFunction
from windows_nodegroup.handler import contract
from windows_nodegroup.problems import InvalidNodeGroup


def function_of(template: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of the one function."""
    ((name, function),) = resources_of(template, "AWS::Lambda::Function").items()
    return name, function["Properties"]


def test_function() -> None:
    """The function runs the handler's package on the newest Python of Lambda, everywhere, with the contract's time."""
    _, function = function_of(template_of(make_node_group()))
    assert function["Handler"] == contract.HANDLER
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["x86_64"]
    assert function["Timeout"] == contract.FUNCTION_TIMEOUT_SECONDS
    assert function["Environment"] == {"Variables": {contract.URL_SUFFIX: {"Ref": "AWS::URLSuffix"}}}
    assert function["Code"]["S3Key"].endswith(".zip")
    assert "Layers" not in function


def test_permissions() -> None:
    """To edit aws-auth, the function may describe its stack, its cluster and the cluster's access entries, and log."""
    template = template_of(make_node_group(preflight=False, windows_ipam=None))
    _, function = function_of(template)
    role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    (policy,) = role["Policies"]
    (log_group,) = resources_of(template, "AWS::Logs::LogGroup")
    assert [(each["Action"], each["Resource"]) for each in policy["PolicyDocument"]["Statement"]] == [
        (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [log_group, "Arn"]}),
        (["cloudformation:DescribeStacks"], _arn("cloudformation", ":stack/", {"Ref": "AWS::StackName"}, "/*")),
        (["eks:DescribeAccessEntry"], _arn("eks", ":access-entry/my-cluster/*")),
        (["eks:DescribeCluster"], _arn("eks", ":cluster/my-cluster")),
    ]
    assert "ManagedPolicyArns" not in role


def _arn(service: str, *resource: object) -> dict[str, Any]:
    place = [f":{service}:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}]
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, *place, *resource]]}


def test_log() -> None:
    """What the function says is kept for a while and goes with the stack."""
    template = template_of(make_node_group())
    ((name, log_group),) = resources_of(template, "AWS::Logs::LogGroup").items()
    assert log_group["Properties"] == {"RetentionInDays": 90}
    assert log_group["DeletionPolicy"] == "Delete"
    assert function_of(template)[1]["LoggingConfig"] == {"LogGroup": {"Ref": name}}


def test_one_for_a_cluster() -> None:
    """All node groups of a cluster in a stack share the function and its way in."""
    stack = make_stack()
    for construct_id in ("A", "B", "C"):
        make_node_group(stack, construct_id)
    template = template_of(stack)
    name, _ = function_of(template)
    tokens = [each["Properties"]["ServiceToken"] for each in resources_of(template, "Custom::AwsAuthEntry").values()]
    assert tokens == [{"Fn::GetAtt": [name, "Arn"]}] * 3
    assert len(resources_of(template, "AWS::EKS::AccessEntry")) == 1


def test_one_for_each_cluster() -> None:
    """Node groups of different clusters have different functions, which may do nothing in the other's cluster."""
    stack = make_stack()
    make_node_group(stack, "A")
    make_node_group(stack, "B", cluster=make_cluster(cluster_name="other"))
    assert len(resources_of(stack, "AWS::Lambda::Function")) == 2


def test_one_for_a_parameter() -> None:
    """A name that is a token identifies the cluster as well as a literal does."""
    stack = make_stack()
    parameters = [cdk.CfnParameter(stack, name).value_as_string for name in ("One", "Two")]
    for number, name in enumerate([parameters[0], parameters[0], cdk.Fn.ref("One"), parameters[1]]):
        make_node_group(stack, f"Windows{number}", cluster=make_cluster(cluster_name=name))
    assert len(resources_of(stack, "AWS::Lambda::Function")) == 2


def test_names_that_resolve_to_the_same_text() -> None:
    """Clusters of two other stacks are two, even if their parameters have the same name."""
    app = cdk.App(analytics_reporting=False)
    stack = cdk.Stack(app, "Stack")
    for name in ("One", "Two"):
        parameter = cdk.CfnParameter(cdk.Stack(app, name), "ClusterName")
        make_node_group(stack, name, cluster=make_cluster(cluster_name=parameter.value_as_string))
    assert len(resources_of(stack, "AWS::Lambda::Function")) == 2


def test_stable_ids() -> None:
    """The id of the function depends on the cluster's name alone, so no refactoring of an app replaces it."""
    ids = {function_of(template_of(make_node_group(construct_id=construct_id)))[0] for construct_id in ("A", "B")}
    assert ids == {"WindowsNodeGroups4cbfcec9Function9B868FB1"}


def test_no_resource_is_handed_over() -> None:
    """Custom resources have other ids for another name: CloudFormation lets none change its function."""
    stacks = [make_stack() for _ in range(3)]
    parameter = cdk.CfnParameter(stacks[2], "ClusterName").value_as_string
    for stack, name in zip(stacks, ("my-cluster", "other", parameter), strict=True):
        make_node_group(stack, cluster=make_cluster(cluster_name=name, kubernetes_group="windows"))
    resources = [each for stack in stacks for each in template_of(stack)["Resources"].items()]
    custom = [name for name, resource in resources if resource["Type"].startswith("Custom::")]
    assert len(set(custom)) == len(custom) == 3 * 6


def test_in_a_stage() -> None:
    """Stacks of a stage have functions of their own, with the same ids as outside."""
    app = cdk.App(analytics_reporting=False)
    stack = cdk.Stack(cdk.Stage(app, "Production"), "Stack")
    make_node_group(stack)
    assert function_of(template_of(stack))[0] == function_of(template_of(make_node_group()))[0]


@pytest.mark.parametrize(
    "other",
    [
        {"kubernetes_group": "editors"},
        {"kubectl_role": "arn:aws:iam::111122223333:role/admin"},
        {"authentication_mode": "CONFIG_MAP", "kubectl_role": "arn:aws:iam::111122223333:role/admin"},
    ],
)
def test_conflicting_descriptions(other: dict[str, Any]) -> None:
    """Two descriptions of one cluster that ask for different ways in are an error, not a surprise."""
    stack = make_stack()
    make_node_group(stack, "A")
    with pytest.raises(InvalidNodeGroup, match="WNG614"):
        make_node_group(stack, "B", cluster=make_cluster(**other))


def test_descriptions_that_agree() -> None:
    """Descriptions may differ in all that the function does not need."""
    stack = make_stack()
    make_node_group(stack, "A")
    make_node_group(stack, "B", cluster=make_cluster(subnets=["subnet-1"], version="1.34"))
    assert len(resources_of(stack, "AWS::Lambda::Function")) == 1


def test_found_again() -> None:
    """The function can be found, and only where it is."""
    node_group = make_node_group()
    assert ClusterFunction.find(node_group, make_cluster())
    assert not ClusterFunction.find(node_group, make_cluster(cluster_name="other"))
    assert not ClusterFunction.find(make_stack(), make_cluster())


def test_described_for_people() -> None:
    """Whoever meets the function in the console learns what it is for."""
    assert "aws-auth" in only(make_node_group(), "AWS::Lambda::Function")["Properties"]["Description"]
