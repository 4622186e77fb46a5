"""The role of the nodes: what makes an EC2 instance a worker node of EKS, and no more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnCondition, Fn, Token
from aws_cdk import aws_iam as iam

from . import rules
from .acknowledgments import aws_policies
from .literals import is_literal, is_token_list
from .remembered import shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import Stack
    from constructs import Construct

    from .problems import Problems, Rule

_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
_CNI_POLICY = "AmazonEKS_CNI_Policy"

# Where EC2's service principal ends in the partition's own suffix; in all others it is ec2.amazonaws.com.
_PARTITIONS_WITH_OWN_PRINCIPAL = ("aws-cn", "aws-iso", "aws-iso-b")
_OWN_PRINCIPAL = "Ec2PrincipalIsOfPartition"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ARN = r"arn:[a-z0-9-]+:iam::(?:[0-9]{12}|aws):"
_NAME = r"/[!-~]+"
_ROLE_ARN = re.compile(f"{_ARN}role{_NAME}")
_PROFILE_ARN = re.compile(f"{_ARN}instance-profile{_NAME}")
_POLICY_ARN = re.compile(f"{_ARN}policy{_NAME}")
_PATH = re.compile(r"/|/[!-~]{1,510}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRole:
    """Which role the nodes have: one that exists, or else one that is made.

    Attributes:
        node_role: A role that exists, or its ARN. It is used as it is.
        instance_profile: A profile with that role, or its ARN; otherwise one is made.
        managed_policies: Policies on top of those that a node needs, or their ARNs.
        cni_policy: Whether nodes may manage the addresses of pods; not needed where `aws-node` has a role for that.
        permissions_boundary: The most that the role may ever do: a policy or its ARN.
        role_path: The role's IAM path.
    """

    node_role: iam.IRole | str | None = None
    instance_profile: iam.IInstanceProfile | str | None = None
    managed_policies: Sequence[iam.IManagedPolicy | str] = ()
    cni_policy: bool = True
    permissions_boundary: iam.IManagedPolicy | str | None = None
    role_path: str | None = None

    def check(self, problems: Problems) -> None:
        """Checks that nothing is asked of a role that is not made here, and that ARNs are ARNs."""
        settings = {
            "managed_policies": bool(self.managed_policies),
            "cni_policy": not self.cni_policy,
            "permissions_boundary": self.permissions_boundary is not None,
            "role_path": self.role_path is not None,
        }
        given = [name for name, is_given in settings.items() if is_given]
        if self.node_role is not None and given:
            problems.add(rules.ROLE_NOT_MADE_HERE, f"{' and '.join(given)} given beside node_role")
        if self.node_role is None and self.instance_profile is not None:
            problems.add(rules.PROFILE_WITHOUT_ROLE, "instance_profile is given without node_role")
        check_role_arn(self.node_role, "node_role", rules.ROLE_ARN, problems)
        _check_arn(self.instance_profile, "instance_profile", _PROFILE_ARN, rules.PROFILE_ARN, problems)
        _check_arn(self.permissions_boundary, "permissions_boundary", _POLICY_ARN, rules.POLICY_ARN, problems)
        if is_token_list(self.managed_policies):
            problems.add(rules.POLICIES_UNKNOWN, "managed_policies is a list that only the deployment knows")
        else:
            for policy in self.managed_policies:
                _check_arn(policy, "managed_policies", _POLICY_ARN, rules.POLICY_ARN, problems)
        if is_literal(self.role_path) and not _PATH.fullmatch(self.role_path):
            problems.add(rules.ROLE_PATH, f"role_path {self.role_path!r} is not well-formed")

    def make(self, scope: Construct) -> iam.IRole:
        """Makes the role in `scope`, or finds the one that exists."""
        if isinstance(self.node_role, str):
            return iam.Role.from_role_arn(scope, "Role", self.node_role)
        if self.node_role is not None:
            return self.node_role
        needed = map(_aws_policy, self._aws_policies)
        given = (_policy(scope, f"Policy{number}", each) for number, each in enumerate(self.managed_policies))
        boundary = self.permissions_boundary
        shared(scope, _OWN_PRINCIPAL, _declare_own_principal)
        return iam.Role(
            scope,
            "Role",
            assumed_by=_ec2_principal(),
            managed_policies=[*needed, *given],
            permissions_boundary=None if boundary is None else _policy(scope, "PermissionsBoundary", boundary),
            path=self.role_path,
        )

    @property
    def acknowledged(self) -> dict[str, str]:
        """What cdk-nag says of the role, and why it is so."""
        return aws_policies(self._aws_policies, "what EKS requires of a node, kept up to date by AWS")

    @property
    def _aws_policies(self) -> tuple[str, ...]:
        if self.node_role is not None:
            return ()
        return (*_POLICIES, _CNI_POLICY) if self.cni_policy else _POLICIES

    def instance_profile_arn(self, scope: Construct, role: iam.IRole) -> str:
        """The ARN of the profile through which instances get `role`: as given, or of one made in `scope`."""
        if self.instance_profile is None:
            return iam.CfnInstanceProfile(scope, "InstanceProfile", roles=[role.role_name]).attr_arn
        if isinstance(self.instance_profile, str):
            return self.instance_profile
        return self.instance_profile.instance_profile_arn


def check_role_arn(given: iam.IRole | str | None, name: str, rule: Rule, problems: Problems) -> None:
    """Checks that a role that is given as text is given by its ARN."""
    _check_arn(given, name, _ROLE_ARN, rule, problems)


def _check_arn(given: object, name: str, pattern: re.Pattern[str], rule: Rule, problems: Problems) -> None:
    if isinstance(given, str) and is_literal(given) and not pattern.fullmatch(given):
        problems.add(rule, f"{name} has {given!r}, which is no such ARN")


def _policy(scope: Construct, construct_id: str, policy: iam.IManagedPolicy | str) -> iam.IManagedPolicy:
    if isinstance(policy, str):
        return iam.ManagedPolicy.from_managed_policy_arn(scope, construct_id, policy)
    return policy


# Both are the same in every stack, and making them takes many round trips to Node.
@cache
def _aws_policy(name: str) -> iam.IManagedPolicy:
    return iam.ManagedPolicy.from_aws_managed_policy_name(name)


@cache
def _ec2_principal() -> iam.ServicePrincipal:
    name = Fn.condition_if(_OWN_PRINCIPAL, f"ec2.{Aws.URL_SUFFIX}", "ec2.amazonaws.com")
    return iam.ServicePrincipal(Token.as_string(name))


def _declare_own_principal(stack: Stack) -> CfnCondition:
    equals = [Fn.condition_equals(Aws.PARTITION, partition) for partition in _PARTITIONS_WITH_OWN_PRINCIPAL]
    return CfnCondition(stack, _OWN_PRINCIPAL, expression=Fn.condition_or(*equals))
