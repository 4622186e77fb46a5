"""The role of the nodes: what makes an EC2 instance a worker node of EKS, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnCondition, Fn, Stack, Token
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
_CNI_POLICY = "AmazonEKS_CNI_Policy"

# Where EC2's service principal ends in the partition's own suffix; in all others it is ec2.amazonaws.com.
_PARTITIONS_WITH_OWN_PRINCIPAL = ("aws-cn", "aws-iso", "aws-iso-b")


def make_node_role(
    scope: Construct,
    *,
    managed_policies: Sequence[iam.IManagedPolicy] = (),
    cni_policy: bool = True,
    permissions_boundary: iam.IManagedPolicy | None = None,
    path: str | None = None,
) -> iam.Role:
    """Makes the role of the nodes.

    Args:
        scope: The node group.
        managed_policies: Policies on top of those that a node needs.
        cni_policy: Whether nodes may manage the addresses of pods; not when the service account of `aws-node` has a role for that.
        permissions_boundary: The most that the role may ever do.
        path: The role's IAM path.
    """
    names = (*_POLICIES, _CNI_POLICY) if cni_policy else _POLICIES
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(_ec2_principal(Stack.of(scope))),
        managed_policies=[*map(iam.ManagedPolicy.from_aws_managed_policy_name, names), *managed_policies],
        permissions_boundary=permissions_boundary,
        path=path,
    )


def make_instance_profile(scope: Construct, role: iam.IRole) -> str:
    """Makes the profile through which instances get `role`, and returns its ARN."""
    return iam.CfnInstanceProfile(scope, "InstanceProfile", roles=[role.role_name]).attr_arn


def _ec2_principal(stack: Stack) -> str:
    name = "Ec2PrincipalIsOfPartition"
    condition = stack.node.try_find_child(name) or CfnCondition(
        stack,
        name,
        expression=Fn.condition_or(*(Fn.condition_equals(Aws.PARTITION, each) for each in _PARTITIONS_WITH_OWN_PRINCIPAL)),
    )
    return Token.as_string(Fn.condition_if(condition.node.id, f"ec2.{Aws.URL_SUFFIX}", "ec2.amazonaws.com"))
