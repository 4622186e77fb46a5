"""The function comes in by an access entry or by a role, and by nothing broader than it needs."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from tests.synthesis import make_cluster, make_node_group, make_stack, only, resources_of, template_of
from windows_nodegroup.problems import InvalidNodeGroup

ADMIN = "arn:aws:iam::111122223333:role/admin"


def assumed(template: dict[str, Any]) -> list[Any]:
    """The policies with which the function may assume a role, conditions included."""
    policies = [role["Properties"].get("Policies", []) for role in resources_of(template, "AWS::IAM::Role").values()]
    return [policy for of_role in policies for policy in of_role if "sts:AssumeRole" in str(policy)]


def test_access_policy() -> None:
    """By default the function may edit what is in kube-system, and nothing outside."""
    entry = only(make_node_group(), "AWS::EKS::AccessEntry")["Properties"]
    (policy,) = entry["AccessPolicies"]
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":eks::aws:cluster-access-policy/AmazonEKSEditPolicy"]
    assert policy == {
        "PolicyArn": {"Fn::Join": ["", arn]},
        "AccessScope": {"Type": "namespace", "Namespaces": ["kube-system"]},
    }
    assert "Type" not in entry  # STANDARD
    assert "KubernetesGroups" not in entry


def test_kubernetes_group() -> None:
    """With a Kubernetes group the function may do what somebody bound to it, and no access policy adds to that."""
    entry = only(make_node_group(cluster=make_cluster(kubernetes_group="editors")), "AWS::EKS::AccessEntry")
    assert entry["Properties"]["KubernetesGroups"] == ["editors"]
    assert "AccessPolicies" not in entry["Properties"]


@pytest.mark.parametrize("mode", ["CONFIG_MAP", "API_AND_CONFIG_MAP"])
@pytest.mark.parametrize("as_object", [False, True])
def test_kubectl_role(mode: str, *, as_object: bool) -> None:
    """With a role that is let in already, the function may assume that one, and gets no access of its own."""
    stack = make_stack()
    role = iam.Role.from_role_arn(stack, "Admin", ADMIN) if as_object else ADMIN
    cluster = make_cluster(authentication_mode=mode, kubectl_role=role)
    template = template_of(make_node_group(stack, cluster=cluster))
    (policy,) = assumed(template)
    assert [each["Resource"] for each in policy["PolicyDocument"]["Statement"]] == [ADMIN]
    assert only(template, "Custom::AwsAuthEntry")["Properties"]["KubectlRoleArn"] == ADMIN
    assert not resources_of(template, "AWS::EKS::AccessEntry")
    assert "Rules" not in template or len(template["Rules"]) == 1  # the CDK's own


def test_no_kubectl_role() -> None:
    """Without one, the function may assume no role."""
    template = template_of(make_node_group())
    assert not assumed(template)
    assert "KubectlRoleArn" not in only(template, "Custom::AwsAuthEntry")["Properties"]


def test_role_made_in_the_app() -> None:
    """A role of the same app is certain to exist, so no condition asks for it."""
    stack = make_stack()
    role = iam.Role(stack, "Admin", assumed_by=iam.AccountRootPrincipal())
    cluster = make_cluster(authentication_mode="CONFIG_MAP", kubectl_role=role)
    template = template_of(make_node_group(stack, cluster=cluster))
    (policy,) = assumed(template)
    assert "PolicyDocument" in policy


def test_parameters() -> None:
    """With both as parameters, an entry is made exactly where it is needed, and a closed door is refused by a rule."""
    stack = make_stack()
    cluster = make_cluster(
        authentication_mode=cdk.CfnParameter(stack, "Mode").value_as_string,
        kubectl_role=cdk.CfnParameter(stack, "Role", default="").value_as_string,
    )
    template = template_of(make_node_group(stack, cluster=cluster))
    entries = resources_of(template, "AWS::EKS::AccessEntry").values()
    (entry,) = [each for each in entries if "Type" not in each["Properties"]]
    no_role = {"Fn::Equals": [{"Ref": "Role"}, ""]}
    only_map = {"Fn::Equals": [{"Ref": "Mode"}, "CONFIG_MAP"]}
    assert template["Conditions"][entry["Condition"]] == {"Fn::And": [{"Fn::Not": [only_map]}, no_role]}
    (policy,) = assumed(template)
    condition, if_given, otherwise = policy["Fn::If"]
    assert template["Conditions"][condition] == {"Fn::Not": [no_role]}
    assert if_given["PolicyDocument"]["Statement"][0]["Resource"] == {"Ref": "Role"}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert rule(template) == (
        {"Fn::Equals": [{"Ref": "Mode"}, "CONFIG_MAP"]},
        {"Fn::Not": [no_role]},
    )


def test_role_as_parameter_alone() -> None:
    """Where the mode is known to be CONFIG_MAP, an empty role is refused."""
    stack = make_stack()
    role = cdk.CfnParameter(stack, "Role", default="").value_as_string
    template = template_of(
        make_node_group(stack, cluster=make_cluster(authentication_mode="CONFIG_MAP", kubectl_role=role))
    )
    assert rule(template)[1] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Role"}, ""]}]}
    assert not resources_of(template, "AWS::EKS::AccessEntry")


def test_mode_as_parameter_alone() -> None:
    """Where there is no role, the mode CONFIG_MAP is refused."""
    stack = make_stack()
    mode = cdk.CfnParameter(stack, "Mode").value_as_string
    template = template_of(make_node_group(stack, cluster=make_cluster(authentication_mode=mode)))
    assert rule(template) == (None, {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mode"}, "CONFIG_MAP"]}]})


@pytest.mark.parametrize("group", ["system:masters", "eks:addon-manager"])
def test_reserved_group(group: str) -> None:
    """A group that belongs to Kubernetes or EKS cannot stand in an access entry."""
    with pytest.raises(InvalidNodeGroup, match="WNG615"):
        make_node_group(cluster=make_cluster(kubernetes_group=group))


def rule(template: dict[str, Any]) -> tuple[Any, Any]:
    """Condition and assertion of the rule about the way in."""
    (found,) = [each for name, each in template["Rules"].items() if "WayIn" in name]
    (assertion,) = found["Assertions"]
    return found.get("RuleCondition"), assertion["Assert"]
