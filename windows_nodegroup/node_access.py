"""How the nodes are let into the cluster: by an entry in the ConfigMap `aws-auth`, or by an access entry of EKS."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import CfnCondition, Fn, Token
from aws_cdk import aws_eks as eks

from . import rules
from .cluster import AuthenticationMode
from .cluster_function import ClusterFunction
from .fingerprint import fingerprint
from .function_access import cdk_writes_aws_auth, is_parameter, map_role
from .handler import contract
from .literals import is_literal
from .order import Step, only_if
from .remembered import shared, stack_of
from .windows_support import WindowsIpam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from constructs import Construct, IConstruct

    from .cluster import EksCluster
    from .literals import Number
    from .problems import Problems


# https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html
_NODE_GROUPS = ("system:bootstrappers", "system:nodes", "eks:kube-proxy-windows")
_NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"

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
        node_role: Their role where it exists already.
        windows_ipam: How pods get their addresses; None: somebody else sees to it.
        wait_for_ready: Whether somebody wants to wait until nodes are Ready.
    """

    cluster: EksCluster
    authorization: NodeAuthorization = NodeAuthorization.AUTOMATIC
    node_role: iam.IRole | str | None = None
    windows_ipam: WindowsIpam | None = field(default_factory=WindowsIpam)
    wait_for_ready: bool = True

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
        if function and not function.serves(cluster):
            problems.add(rules.ONE_CLUSTER_TWO_WAYS, "the stack's function has another way into the same cluster")
        if self.windows_ipam:
            self.windows_ipam.check(problems)
            if function and function.asks_for_other_ipam(self.windows_ipam):
                problems.add(rules.ONE_CLUSTER_TWO_IPAM, "another node group asks for other settings of Windows IPAM")
        self._check_way_in(scope, problems)

    def kind(self, scope: Construct) -> str:
        """By what nodes are let in, in the words of the preflight; a token where a parameter decides."""
        if self._decided(scope) is not NodeAuthorization.AUTOMATIC:
            return self._decided(scope).value.replace(" ", "-")
        _, ignores_aws_auth = self._conditions(scope)
        return Token.as_string(Fn.condition_if(ignores_aws_auth.logical_id, "access-entry", "aws-auth"))

    def function_enters(self, scope: Construct) -> bool:
        """Whether the function talks to the Kubernetes API, or may have to."""
        return self.windows_ipam is not None or self._writes_aws_auth(scope) or self.waits(scope)

    def authorize(self, scope: Construct, role: iam.IRole) -> list[Step]:
        """Lets nodes join that have a role.

        Args:
            scope: The node group.
            role: The role.

        Returns:
            What nodes must not be launched before, nor outlive.
        """
        match self._decided(scope):
            case NodeAuthorization.EXISTING:
                return []
            case NodeAuthorization.AWS_AUTH if cdk_writes_aws_auth(self._home(scope), self.cluster):
                return [map_role(self.cluster, role, _NODE_GROUPS, _NODE_USERNAME)]
            case NodeAuthorization.AWS_AUTH:
                return [self._aws_auth_entry(scope, role.role_arn)]
            case NodeAuthorization.ACCESS_ENTRY:
                return [self._access_entry(scope, role.role_arn)]
        reads_aws_auth, ignores_aws_auth = self._conditions(scope)
        return [
            only_if(reads_aws_auth, self._aws_auth_entry(scope, role.role_arn)),
            only_if(ignores_aws_auth, self._access_entry(scope, role.role_arn)),
        ]

    def support_windows(self, scope: Construct) -> list[Step]:
        """Enables Windows support of the cluster, unless somebody else sees to it; what nodes are launched after."""
        if self.windows_ipam is None:
            return []
        if self.cluster.construct is not None:
            from .cluster_in_app import allow_windows_addresses  # noqa: PLC0415 — loads cdk8s, which few need

            allow_windows_addresses(self.cluster.construct)
        return [ClusterFunction.of(scope, self.cluster).support_windows(self.windows_ipam)]

    @property
    def delegates_prefixes(self) -> bool:
        """Whether nodes get prefixes of 16 addresses, as far as this node group has a say in it."""
        return self.windows_ipam is not None and self.windows_ipam.prefix_delegation

    def look_inside(self, scope: Construct) -> list[Step]:
        """Looks at the cluster from inside, if the function gets there; what nodes are launched after."""
        if not self.function_enters(scope):
            return []
        return [ClusterFunction.of(scope, self.cluster).look_inside(self.existing_role_arn)]

    @property
    def existing_role_arn(self) -> str | None:
        """The ARN of the nodes' role where it exists already."""
        role = self.node_role
        return role if role is None or isinstance(role, str) else role.role_arn

    def waits(self, scope: Construct) -> bool:
        """Whether the deployment waits for Ready nodes, or may: the function has to see them.

        EKS's policy shows it none. A Kubernetes group does, where an access entry or CDK's `aws-auth` puts it in one.
        """
        cluster = self.cluster
        is_in_group = cluster.kubernetes_group and (
            cluster.authentication_mode != AuthenticationMode.CONFIG_MAP or cdk_writes_aws_auth(scope, cluster)
        )
        return self.wait_for_ready and bool(is_in_group or cluster.kubectl_role_arn)

    def make_wait(self, scope: Construct, group_name: str, role_arn: str, triggers: Sequence[Number | str]) -> Step:
        """Has the deployment wait until the nodes are Ready, if the function may see them.

        Args:
            scope: The node group.
            group_name: The Auto Scaling group.
            role_arn: The nodes' role.
            triggers: Whatever it is to wait anew after.
        """
        function, wait = ClusterFunction.of(scope, self.cluster), contract.NodesReady
        function.grant(wait.PERMISSIONS)
        properties: dict[str, Any] = {
            "ServiceTimeout": wait.SERVICE_TIMEOUT_SECONDS,
            wait.AUTO_SCALING_GROUP_NAME: group_name,
            wait.NODE_ROLE_ARN: role_arn,
            wait.TRIGGERS: list(triggers),
        }
        if_role_given = None if self.cluster.kubernetes_group else function.kubectl_role_is_given
        if if_role_given is None:
            return function.custom_resource(scope, "NodesReady", wait.TYPE, properties)
        properties[wait.KUBECTL_ROLE_ARN] = self.cluster.kubectl_role_arn
        return only_if(
            if_role_given, function.custom_resource(scope, "NodesReady", wait.TYPE, properties, enters=False)
        )

    def _decided(self, scope: Construct) -> NodeAuthorization:
        """By what nodes are let in; automatic if only the deployment knows."""
        mode, home = self.cluster.authentication_mode, self._home(scope)
        if self.authorization is not NodeAuthorization.AUTOMATIC or is_parameter(scope, mode):
            return self.authorization
        cdk_overwrites_entries = self._is_made_here and not cdk_writes_aws_auth(home, self.cluster)
        if mode == AuthenticationMode.API or (cdk_overwrites_entries and mode == AuthenticationMode.API_AND_CONFIG_MAP):
            return NodeAuthorization.ACCESS_ENTRY
        return NodeAuthorization.AWS_AUTH

    def _home(self, scope: Construct) -> IConstruct:
        """Where the nodes' role is: in the stack of the node group, or where somebody else has made it."""
        return scope if self.node_role is None or isinstance(self.node_role, str) else self.node_role

    @property
    def _is_made_here(self) -> bool:
        """Whether the cluster is an `aws_eks.Cluster` of the app, whose `aws-auth` CDK writes."""
        return isinstance(self.cluster.construct, eks.Cluster)

    def _writes_aws_auth(self, scope: Construct) -> bool:
        """Whether it is the function that enters the nodes' role into `aws-auth`, or may have to."""
        by_aws_auth = self._decided(scope) in (NodeAuthorization.AUTOMATIC, NodeAuthorization.AWS_AUTH)
        return by_aws_auth and not cdk_writes_aws_auth(self._home(scope), self.cluster)

    def _conditions(self, scope: Construct) -> tuple[CfnCondition, CfnCondition]:
        """Whether the cluster reads `aws-auth`, and whether it does not, as the parameter says."""
        ignored = Fn.condition_equals(self.cluster.authentication_mode, AuthenticationMode.API.value)
        wanted = {"ReadsAwsAuth": Fn.condition_not(ignored), "IgnoresAwsAuth": ignored}
        reads, ignores = (
            scope.node.try_find_child(name) or CfnCondition(scope, name, expression=expression)
            for name, expression in wanted.items()
        )
        return cast("CfnCondition", reads), cast("CfnCondition", ignores)

    def _check_way_in(self, scope: Construct, problems: Problems) -> None:
        cluster = self.cluster
        if self._is_made_here and self._writes_aws_auth(scope):
            problems.add(rules.AWS_AUTH_OF_CDK, "the nodes' role is in another stack than the cluster")
        if cluster.authentication_mode != AuthenticationMode.CONFIG_MAP or cluster.kubectl_role_arn:
            return
        if self.function_enters(scope) and not cdk_writes_aws_auth(scope, cluster):
            problems.add(rules.NO_WAY_IN, "the cluster's mode is CONFIG_MAP and no kubectl_role is given")

    def _check_mode(self, mode: str, problems: Problems) -> None:
        unread = {
            AuthenticationMode.API: NodeAuthorization.AWS_AUTH,
            AuthenticationMode.CONFIG_MAP: NodeAuthorization.ACCESS_ENTRY,
        }
        if mode not in tuple(AuthenticationMode):
            problems.add(rules.AUTHENTICATION_MODE, f"authentication_mode {mode!r} does not exist")
        elif unread.get(AuthenticationMode(mode)) is self.authorization:
            problems.add(rules.AUTHORIZATION_AND_MODE, f"a cluster in mode {mode} reads no {self.authorization.value}")

    def _aws_auth_entry(self, scope: Construct, role_arn: str) -> Step:
        function = ClusterFunction.of(scope, self.cluster)
        function.grant(contract.AwsAuthEntry.PERMISSIONS)
        properties = {
            contract.AwsAuthEntry.ROLE_ARN: role_arn,
            contract.AwsAuthEntry.CLUSTER_OF_APP: "true" if self.cluster.is_of_app else None,
        }
        return function.custom_resource(scope, "AwsAuthEntry", contract.AwsAuthEntry.TYPE, properties)

    def _access_entry(self, scope: Construct, role_arn: str) -> Step:
        # A role has one entry in a cluster, however many node groups have the role.
        name = f"WindowsNodes{fingerprint(stack_of(scope), f'{self.cluster.cluster_name} {role_arn}')}"
        if self.node_role is None:
            return shared(scope, name, lambda _: self._make_access_entry(scope, "AccessEntry", role_arn))
        return shared(scope, name, lambda stack: self._make_access_entry(stack, name, role_arn))

    def _make_access_entry(self, scope: Construct, construct_id: str, role_arn: str) -> Step:
        name = self.cluster.cluster_name
        entry = eks.CfnAccessEntry(scope, construct_id, cluster_name=name, principal_arn=role_arn, type="EC2_WINDOWS")
        return Step(entry, kind="AWS::EKS::AccessEntry")
