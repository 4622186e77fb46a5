"""How the nodes are let into the cluster: by an entry in the ConfigMap `aws-auth`, or by an access entry of EKS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from aws_cdk import CfnCondition, CfnResource, Fn
from aws_cdk import aws_eks as eks

from . import rules
from .cluster import AuthenticationMode
from .cluster_function import ClusterFunction
from .function_access import is_parameter
from .handler import contract
from .literals import is_literal
from .order import Step, make_after

if TYPE_CHECKING:
    from constructs import Construct

    from .cluster import EksCluster
    from .problems import Problems


# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
_RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")


class NodeAuthorization(Enum):
    """By what the nodes of a group may join the cluster."""

    AUTOMATIC = "automatic"
    """An entry in `aws-auth` if the cluster reads it, else an access entry."""
    AWS_AUTH = "aws-auth"
    """An entry in the ConfigMap `aws-auth`, which the modes CONFIG_MAP and API_AND_CONFIG_MAP read."""
    ACCESS_ENTRY = "access entry"
    """An access entry of the type EC2_WINDOWS, which the modes API_AND_CONFIG_MAP and API read."""
    EXISTING = "existing"
    """Somebody else sees to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAccess:
    """How nodes are let in.

    Attributes:
        cluster: The cluster to join.
        authorization: By what they may join.
    """

    cluster: EksCluster
    authorization: NodeAuthorization = NodeAuthorization.AUTOMATIC

    def check(self, scope: Construct, problems: Problems) -> None:
        """Checks that the cluster reads what the nodes are authorized by, and that the function can get in to write it.

        Args:
            scope: The node group.
            problems: Collects what is wrong.
        """
        cluster, mode = self.cluster, self.cluster.authentication_mode
        if is_literal(mode):
            self._check_mode(mode, problems)
        elif not is_parameter(scope, mode):
            problems.add(rules.AUTHENTICATION_MODE, "authentication_mode is a token that is no parameter of this stack")
        group = cluster.kubernetes_group
        if is_literal(group) and group.startswith(_RESERVED_GROUPS):
            problems.add(rules.KUBERNETES_GROUP, f"kubernetes_group {group!r} is reserved")
        function = ClusterFunction.find(scope, cluster)
        if self._by_aws_auth and function and not function.serves(cluster):
            problems.add(rules.ONE_CLUSTER_TWO_WAYS, "the stack's function has another way into the same cluster")

    def authorize(self, scope: Construct, role_arn: str) -> list[Step]:
        """Lets nodes join that have a role.

        Args:
            scope: The node group.
            role_arn: The role.

        Returns:
            What nodes must not be launched before, nor outlive.
        """
        mode = self.cluster.authentication_mode
        match self.authorization:
            case NodeAuthorization.EXISTING:
                return []
            case NodeAuthorization.AWS_AUTH:
                return [Step(self._aws_auth_entry(scope, role_arn))]
            case NodeAuthorization.ACCESS_ENTRY:
                return [Step(self._access_entry(scope, role_arn))]
        if not is_parameter(scope, mode):
            entry = self._access_entry if mode == AuthenticationMode.API else self._aws_auth_entry
            return [Step(entry(scope, role_arn))]
        ignored = Fn.condition_equals(mode, AuthenticationMode.API.value)
        reads_aws_auth = CfnCondition(scope, "ReadsAwsAuth", expression=Fn.condition_not(ignored))
        ignores_aws_auth = CfnCondition(scope, "IgnoresAwsAuth", expression=ignored)
        steps = [
            Step(self._aws_auth_entry(scope, role_arn), reads_aws_auth),
            Step(self._access_entry(scope, role_arn), ignores_aws_auth),
        ]
        for step in steps:
            step.resource.cfn_options.condition = step.condition
        return steps

    @property
    def _by_aws_auth(self) -> bool:
        return self.authorization in (NodeAuthorization.AUTOMATIC, NodeAuthorization.AWS_AUTH)

    def _check_mode(self, mode: str, problems: Problems) -> None:
        unread = {
            AuthenticationMode.API: NodeAuthorization.AWS_AUTH,
            AuthenticationMode.CONFIG_MAP: NodeAuthorization.ACCESS_ENTRY,
        }
        if mode not in tuple(AuthenticationMode):
            problems.add(rules.AUTHENTICATION_MODE, f"authentication_mode {mode!r} does not exist")
        elif unread.get(AuthenticationMode(mode)) is self.authorization:
            problems.add(rules.AUTHORIZATION_AND_MODE, f"a cluster in mode {mode} reads no {self.authorization.value}")
        elif mode == AuthenticationMode.CONFIG_MAP and self._by_aws_auth and not self.cluster.kubectl_role_arn:
            problems.add(rules.NO_WAY_IN, "the cluster's mode is CONFIG_MAP and no kubectl_role is given")

    def _aws_auth_entry(self, scope: Construct, role_arn: str) -> CfnResource:
        function = ClusterFunction.of(scope, self.cluster)
        entry = CfnResource(
            scope,
            "AwsAuthEntry",
            type=contract.AwsAuthEntry.TYPE,
            properties={
                "ServiceToken": function.arn,
                "ServiceTimeout": contract.SERVICE_TIMEOUT_SECONDS,
                contract.AwsAuthEntry.CLUSTER_NAME: self.cluster.cluster_name,
                contract.AwsAuthEntry.ROLE_ARN: role_arn,
                contract.AwsAuthEntry.KUBECTL_ROLE_ARN: self.cluster.kubectl_role_arn,
            },
        )
        make_after(entry, function.access_entry)
        return entry

    def _access_entry(self, scope: Construct, role_arn: str) -> CfnResource:
        return eks.CfnAccessEntry(
            scope, "AccessEntry", cluster_name=self.cluster.cluster_name, principal_arn=role_arn, type="EC2_WINDOWS"
        )
