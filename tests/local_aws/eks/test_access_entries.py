"""The operations on access entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster

    NewRole = Callable[..., str]

_EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"


def test_entry_is_made_described_listed_and_deleted(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """The life of a standard entry."""
    eks = aws.client("eks")
    role = new_role("/teams/blue/")
    made = eks.create_access_entry(
        clusterName=cluster.name, principalArn=role, kubernetesGroups=["editors"], tags={"team": "blue"}
    )["accessEntry"]
    assert made["type"] == "STANDARD"
    assert made["kubernetesGroups"] == ["editors"]
    assert made["username"].endswith(f":assumed-role/{role.rpartition('/')[2]}/{{{{SessionName}}}}")
    described = eks.describe_access_entry(clusterName=cluster.name, principalArn=role)["accessEntry"]
    assert described == made
    assert role in eks.list_access_entries(clusterName=cluster.name)["accessEntries"]
    eks.delete_access_entry(clusterName=cluster.name, principalArn=role)
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_access_entry(clusterName=cluster.name, principalArn=role)


def test_entry_of_a_node_role_has_fixed_groups(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """EKS says the groups of a node's entry, nobody else."""
    eks = aws.client("eks")
    role = new_role()
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.create_access_entry(
            clusterName=cluster.name, principalArn=role, type="EC2_WINDOWS", kubernetesGroups=["editors"]
        )
    entry = eks.create_access_entry(clusterName=cluster.name, principalArn=role, type="EC2_WINDOWS")["accessEntry"]
    assert entry["kubernetesGroups"] == ["eks:kube-proxy-windows", "system:nodes"]
    assert entry["username"] == "system:node:{{EC2PrivateDNSName}}"
    with pytest.raises(eks.exceptions.InvalidRequestException):
        eks.update_access_entry(clusterName=cluster.name, principalArn=role, kubernetesGroups=["editors"])
    with pytest.raises(eks.exceptions.InvalidRequestException):
        eks.associate_access_policy(
            clusterName=cluster.name, principalArn=role, policyArn=_EDIT, accessScope={"type": "cluster"}
        )


def test_one_entry_per_principal(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """A second entry of the same role is refused, whatever its type."""
    eks = aws.client("eks")
    role = new_role()
    eks.create_access_entry(clusterName=cluster.name, principalArn=role, type="EC2_LINUX")
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_access_entry(clusterName=cluster.name, principalArn=role, type="EC2_WINDOWS")


def test_principal_must_exist(aws: LocalAws, cluster: LocalCluster) -> None:
    """EKS looks the role up in IAM."""
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.InvalidParameterException, match="invalid principal"):
        eks.create_access_entry(clusterName=cluster.name, principalArn=f"arn:aws:iam::{aws.account}:role/nobody")


@pytest.mark.parametrize(
    "wrong", [{"type": "EC2_MAC"}, {"kubernetesGroups": ["system:masters"]}], ids=["type", "system group"]
)
def test_wrong_entry_is_refused(
    aws: LocalAws, cluster: LocalCluster, new_role: NewRole, wrong: dict[str, object]
) -> None:
    """An unknown type, and groups that belong to Kubernetes, are refused."""
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.create_access_entry(clusterName=cluster.name, principalArn=new_role(), **wrong)


def test_groups_and_user_name_change(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """A standard entry may be updated."""
    eks = aws.client("eks")
    role = new_role()
    eks.create_access_entry(clusterName=cluster.name, principalArn=role, kubernetesGroups=["a"])
    updated = eks.update_access_entry(
        clusterName=cluster.name, principalArn=role, kubernetesGroups=["b"], username="robot"
    )["accessEntry"]
    assert (updated["kubernetesGroups"], updated["username"]) == (["b"], "robot")


def test_policies_are_associated_listed_and_disassociated(
    aws: LocalAws, cluster: LocalCluster, new_role: NewRole
) -> None:
    """The life of an association."""
    eks = aws.client("eks")
    role = new_role()
    of_role = {"clusterName": cluster.name, "principalArn": role}
    eks.create_access_entry(**of_role)
    scope = {"type": "namespace", "namespaces": ["kube-system"]}
    eks.associate_access_policy(**of_role, policyArn=_EDIT, accessScope=scope)
    (policy,) = eks.list_associated_access_policies(**of_role)["associatedAccessPolicies"]
    assert (policy["policyArn"], policy["accessScope"]) == (_EDIT, scope)
    listed = eks.list_access_entries(clusterName=cluster.name, associatedPolicyArn=_EDIT)["accessEntries"]
    assert listed == [role]
    eks.disassociate_access_policy(**of_role, policyArn=_EDIT)
    assert eks.list_associated_access_policies(**of_role)["associatedAccessPolicies"] == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.disassociate_access_policy(**of_role, policyArn=_EDIT)


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", {"type": "cluster"}),
        ("arn:aws:eks::aws:cluster-access-policy/AmazonEKSNoSuchPolicy", {"type": "cluster"}),
        (_EDIT, {"type": "namespace"}),
        (_EDIT, {"type": "cluster", "namespaces": ["default"]}),
        (_EDIT, {"type": "namespace", "namespaces": ["team-*"]}),
    ],
)
def test_wrong_association_is_refused(
    aws: LocalAws, cluster: LocalCluster, new_role: NewRole, policy: str, scope: dict[str, object]
) -> None:
    """Policies that there are not, and scopes that contradict themselves or that the local AWS does not know."""
    eks = aws.client("eks")
    role = new_role()
    eks.create_access_entry(clusterName=cluster.name, principalArn=role)
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.associate_access_policy(clusterName=cluster.name, principalArn=role, policyArn=policy, accessScope=scope)


def test_policies_are_listed(aws: LocalAws) -> None:
    """The policies by name and ARN."""
    policies = {policy["name"]: policy["arn"] for policy in aws.client("eks").list_access_policies()["accessPolicies"]}
    assert policies["AmazonEKSEditPolicy"] == _EDIT


def test_no_entries_in_mode_config_map(aws: LocalAws, new_role: NewRole) -> None:
    """A cluster that reads aws-auth only refuses every operation on entries."""
    cluster = aws.create_cluster("config-map-only", authentication_mode="CONFIG_MAP")
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.InvalidRequestException, match="authentication mode must be set to one of"):
        eks.create_access_entry(clusterName=cluster.name, principalArn=new_role())
    with pytest.raises(eks.exceptions.InvalidRequestException):
        eks.list_access_entries(clusterName=cluster.name)


def test_unknown_cluster(aws: LocalAws) -> None:
    """Without a cluster there are no entries."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("eks").list_access_entries(clusterName="nowhere")
