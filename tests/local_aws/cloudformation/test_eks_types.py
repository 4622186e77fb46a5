"""Tests of the EKS types that moto does not have, against the local EKS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

_EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
_VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS with a cluster."""
    with LocalAws() as started:
        started.create_cluster("c")
        yield started


def _deploy(aws: LocalAws, operation: str, **resources: dict[str, Any]) -> None:
    client = aws.client("cloudformation")
    getattr(client, operation)(StackName="eks", TemplateBody=json.dumps({"Resources": resources}))
    aws.cloudformation.wait("eks")
    stack = aws.cloudformation.stacks["eks"]
    reasons = [event.reason for event in stack.events if event.status.endswith("FAILED")]
    assert (stack.status.endswith("ROLLBACK_COMPLETE"), reasons) == (False, [])


def _entry(principal: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::EKS::AccessEntry",
        "Properties": {"ClusterName": "c", "PrincipalArn": principal, **properties},
    }


def _policy(arn: str, *namespaces: str) -> dict[str, Any]:
    scope = {"Type": "namespace", "Namespaces": [*namespaces]} if namespaces else {"Type": "cluster"}
    return {"PolicyArn": arn, "AccessScope": scope}


def test_access_entry(aws: LocalAws) -> None:
    """Groups and policies change in place."""
    eks, iam = aws.client("eks"), aws.client("iam")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    principal = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    about = {"clusterName": "c", "principalArn": principal}
    tags = [{"Key": "a", "Value": "1"}]
    policies = [_policy(_EDIT, "kube-system"), _policy(_VIEW)]
    _deploy(aws, "create_stack", Entry=_entry(principal, KubernetesGroups=["g"], AccessPolicies=policies, Tags=tags))
    entry = eks.describe_access_entry(**about)["accessEntry"]
    assert (entry["kubernetesGroups"], entry["tags"], entry["type"]) == (["g"], {"a": "1"}, "STANDARD")
    assert aws.cloudformation.stacks["eks"].resources["Entry"].attributes == {"AccessEntryArn": entry["accessEntryArn"]}
    _deploy(aws, "update_stack", Entry=_entry(principal, AccessPolicies=[_policy(_EDIT, "default")], Tags=tags))
    entry = eks.describe_access_entry(**about)["accessEntry"]
    assert entry["kubernetesGroups"] == []
    (associated,) = eks.list_associated_access_policies(**about)["associatedAccessPolicies"]
    assert (associated["policyArn"], associated["accessScope"]["namespaces"]) == (_EDIT, ["default"])
    aws.client("cloudformation").delete_stack(StackName="eks")
    aws.cloudformation.wait("eks")
    assert principal not in eks.list_access_entries(clusterName="c")["accessEntries"]


def test_addon(aws: LocalAws) -> None:
    """Its configuration changes in place."""
    eks = aws.client("eks")
    addon: dict[str, Any] = {"Type": "AWS::EKS::Addon", "Properties": {"ClusterName": "c", "AddonName": "vpc-cni"}}
    _deploy(aws, "create_stack", Addon=addon)
    addon["Properties"]["ConfigurationValues"] = '{"enableWindowsIpam": "true"}'
    _deploy(aws, "update_stack", Addon=addon)
    found = eks.describe_addon(clusterName="c", addonName="vpc-cni")["addon"]
    assert found["configurationValues"] == '{"enableWindowsIpam": "true"}'
    aws.client("cloudformation").delete_stack(StackName="eks")
    aws.cloudformation.wait("eks")
    assert eks.list_addons(clusterName="c")["addons"] == []
