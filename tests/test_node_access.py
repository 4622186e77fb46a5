"""Nodes are let in by what the cluster reads, before they are launched and until they are gone."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_eks as eks

from tests.synthesis import make_cluster, make_node_group, make_stack, only, resources_of, template_of
from windows_nodegroup import AuthenticationMode, NodeAuthorization
from windows_nodegroup.handler.contract import AwsAuthEntry
from windows_nodegroup.problems import InvalidNodeGroup

ADMIN = "arn:aws:iam::111122223333:role/admin"


def windows_entries(template: dict[str, Any]) -> dict[str, Any]:
    """The access entries for nodes, by logical id."""
    entries = resources_of(template, "AWS::EKS::AccessEntry")
    return {name: each for name, each in entries.items() if each["Properties"].get("Type") == "EC2_WINDOWS"}


def made_before_group(template: dict[str, Any]) -> set[str]:
    """The logical ids of all resources that exist before the Auto Scaling group, as CloudFormation orders them."""
    resources = template["Resources"]
    (group,) = resources_of(template, "AWS::AutoScaling::AutoScalingGroup")
    before: set[str] = set()
    waiting = [group]
    while waiting:
        resource = resources[waiting.pop()]
        mentioned = set(resource.get("DependsOn", [])) | set(_mentioned(resource))
        new = mentioned & resources.keys() - before
        before |= new
        waiting += new
    return before


def _mentioned(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["Ref"]] if "Ref" in value else []
        found += [value["Fn::GetAtt"][0]] if "Fn::GetAtt" in value else []
        return found + [name for item in value.values() for name in _mentioned(item)]
    return [name for item in value for name in _mentioned(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("mode", ["CONFIG_MAP", "API_AND_CONFIG_MAP"])
def test_aws_auth(mode: str) -> None:
    """A cluster that reads aws-auth gets an entry for the role, before the nodes and with a bounded wait."""
    template = template_of(make_node_group(cluster=make_cluster(authentication_mode=mode, kubectl_role=ADMIN)))
    ((name, entry),) = resources_of(template, "Custom::AwsAuthEntry").items()
    properties = entry["Properties"]
    assert properties["ClusterName"] == "my-cluster"
    assert template["Resources"][properties["RoleArn"]["Fn::GetAtt"][0]]["Type"] == "AWS::IAM::Role"
    assert template["Resources"][properties["ServiceToken"]["Fn::GetAtt"][0]]["Type"] == "AWS::Lambda::Function"
    assert 240 < properties["ServiceTimeout"] <= 900
    assert name in made_before_group(template)
    assert not windows_entries(template)


def test_entry_in_a_cluster_of_the_app() -> None:
    """Only of a cluster that the app makes is the function told that it may be replaced, and its map with it."""
    stack = make_stack()
    network = eks.CfnCluster.ResourcesVpcConfigProperty(subnet_ids=["subnet-1", "subnet-2"])
    made = eks.CfnCluster(stack, "Cluster", role_arn=ADMIN, resources_vpc_config=network)
    for name in (made.ref, cdk.CfnParameter(stack, "ClusterName").value_as_string, "my-cluster"):
        make_node_group(stack, f"Windows{len(stack.node.children)}", cluster=make_cluster(cluster_name=name))
    entries = [each["Properties"] for each in resources_of(stack, AwsAuthEntry.TYPE).values()]
    told = {str(each["ClusterName"]): each.get(AwsAuthEntry.CLUSTER_OF_APP) for each in entries}
    assert told == {"{'Ref': 'Cluster'}": "true", "{'Ref': 'ClusterName'}": None, "my-cluster": None}


def test_access_entry() -> None:
    """A cluster that ignores aws-auth gets an access entry, before the nodes; nobody needs a function for that."""
    cluster = make_cluster(authentication_mode=AuthenticationMode.API)
    template = template_of(make_node_group(cluster=cluster, preflight=False, windows_ipam=None))
    ((name, entry),) = windows_entries(template).items()
    assert entry["Properties"]["ClusterName"] == "my-cluster"
    assert name in made_before_group(template)
    assert not resources_of(template, "Custom::AwsAuthEntry")
    assert not resources_of(template, "AWS::Lambda::Function")


def test_one_access_entry_for_a_role() -> None:
    """Node groups with the same role share its access entry: EKS takes one of each role."""
    stack = make_stack()
    cluster = make_cluster(authentication_mode=AuthenticationMode.API)
    for name, role in {"A": ADMIN, "B": ADMIN, "C": f"{ADMIN}-2"}.items():
        make_node_group(stack, name, cluster=cluster, nodegroup_name=name, node_role=role)
    template = template_of(stack)
    entries = windows_entries(template)
    assert sorted(each["Properties"]["PrincipalArn"] for each in entries.values()) == [ADMIN, f"{ADMIN}-2"]
    groups = resources_of(template, "AWS::AutoScaling::AutoScalingGroup").values()
    assert sorted(len(entries.keys() & set(group["DependsOn"])) for group in groups) == [1, 1, 1]
    assert sorted(len(each["DependsOn"]) for each in entries.values()) == [1, 2]  # the checks of each node group


def test_one_access_entry_for_the_role_of_another_group() -> None:
    """So do a group that has made the role and one that was given it."""
    stack = make_stack()
    cluster = make_cluster(authentication_mode=AuthenticationMode.API)
    first = make_node_group(stack, "A", cluster=cluster, nodegroup_name="a")
    make_node_group(stack, "B", cluster=cluster, nodegroup_name="b", node_role=first.role)
    assert len(windows_entries(template_of(stack))) == 1


def test_access_entry_by_choice() -> None:
    """Where the cluster reads both, an access entry can be chosen."""
    template = template_of(make_node_group(authorization=NodeAuthorization.ACCESS_ENTRY))
    assert len(windows_entries(template)) == 1
    assert not resources_of(template, "Custom::AwsAuthEntry")


def test_existing() -> None:
    """Where somebody else lets the nodes in, nothing is made for it."""
    cluster = make_cluster(authentication_mode="CONFIG_MAP")
    nodes = make_node_group(
        cluster=cluster, authorization=NodeAuthorization.EXISTING, preflight=False, windows_ipam=None
    )
    template = template_of(nodes)
    assert not resources_of(template, "Custom::AwsAuthEntry")
    assert not resources_of(template, "AWS::EKS::AccessEntry")
    assert not resources_of(template, "AWS::Lambda::Function")


def test_mode_as_parameter() -> None:
    """A mode that is a parameter decides between both by conditions of which always exactly one holds."""
    stack = make_stack()
    mode = cdk.CfnParameter(stack, "Mode").value_as_string
    template = template_of(make_node_group(stack, cluster=make_cluster(authentication_mode=mode)))
    ((entry_name, entry),) = windows_entries(template).items()
    ((aws_auth_name, aws_auth),) = resources_of(template, "Custom::AwsAuthEntry").items()
    is_api = {"Fn::Equals": [{"Ref": "Mode"}, "API"]}
    assert template["Conditions"][entry["Condition"]] == is_api
    assert template["Conditions"][aws_auth["Condition"]] == {"Fn::Not": [is_api]}
    assert {entry_name, aws_auth_name} < made_before_group(template)


def test_no_dependency_on_what_may_not_exist() -> None:
    """DependsOn names no resource that a condition can leave out."""
    stack = make_stack()
    cluster = make_cluster(
        authentication_mode=cdk.CfnParameter(stack, "Mode").value_as_string,
        kubectl_role=cdk.CfnParameter(stack, "Role").value_as_string,
    )
    resources = template_of(make_node_group(stack, cluster=cluster))["Resources"]
    named = {name for resource in resources.values() for name in resource.get("DependsOn", [])}
    assert not [name for name in named if "Condition" in resources[name]]


def test_deletion_order() -> None:
    """The function, its permissions and its way in exist longer than the entry that it has to remove."""
    template = template_of(make_node_group())
    entry = only(template, "Custom::AwsAuthEntry")
    (way_in,) = resources_of(template, "AWS::EKS::AccessEntry")
    assert way_in in entry["DependsOn"]
    before = made_before_group(template)
    types = {template["Resources"][name]["Type"] for name in before}
    assert {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::EKS::AccessEntry"} < types


@pytest.mark.parametrize(
    ("mode", "authorization", "code"),
    [
        ("CONFIG_MAPS", NodeAuthorization.AUTOMATIC, "WNG611"),
        ("CONFIG_MAP", NodeAuthorization.AUTOMATIC, "WNG612"),
        ("CONFIG_MAP", NodeAuthorization.AWS_AUTH, "WNG612"),
        ("CONFIG_MAP", NodeAuthorization.ACCESS_ENTRY, "WNG613"),
        ("API", NodeAuthorization.AWS_AUTH, "WNG613"),
    ],
)
def test_what_cannot_work(mode: str, authorization: NodeAuthorization, code: str) -> None:
    """What the cluster would not read, or nobody could write, is refused at synthesis."""
    with pytest.raises(InvalidNodeGroup, match=code):
        make_node_group(cluster=make_cluster(authentication_mode=mode), authorization=authorization)


def test_no_way_in_names_both_cures() -> None:
    """A cluster without access entries and without a role says both things that can be done about it."""
    with pytest.raises(InvalidNodeGroup, match=r"give kubectl_role.*API_AND_CONFIG_MAP"):
        make_node_group(cluster=make_cluster(authentication_mode="CONFIG_MAP"))


def test_mode_that_no_condition_can_read() -> None:
    """A mode that is a token but no parameter is refused: conditions cannot read it."""
    with pytest.raises(InvalidNodeGroup, match="WNG611"):
        make_node_group(cluster=make_cluster(authentication_mode=cdk.Fn.import_value("mode")))
