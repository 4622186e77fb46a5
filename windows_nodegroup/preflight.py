"""What is asked before anything is made: whether nodes like these can join this cluster.

The checks stand in the function's `checks`; `docs/checks.md` lists them. Here they are told what the template declares.
What nodes have to be told and nobody knows is asked of EKS as soon as they have passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack

from . import rules
from .cluster_function import ClusterFunction
from .handler.preflight_contract import ACKNOWLEDGEABLE, PERMISSIONS, AwsPreflight, ClusterFacts
from .literals import is_literal, literals
from .network import subnet_ids
from .order import make_after
from .remembered import attribute, stack_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from constructs import Construct, IConstruct

    from .ami import WindowsAmi
    from .capacity import Capacity
    from .cluster import EksCluster
    from .literals import Intrinsic, Number
    from .network import NodeNetwork
    from .node_access import NodeAccess
    from .order import Step
    from .problems import Problems

_LOOKED_UP_BY_EC2 = "resolve:ssm:"
_ATTRIBUTES = {
    "cluster_endpoint": ClusterFacts.ENDPOINT,
    "cluster_certificate_authority_data": ClusterFacts.CERTIFICATE_AUTHORITY_DATA,
    "service_ipv4_cidr": ClusterFacts.SERVICE_IPV4_CIDR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """The checks of one node group.

    Attributes:
        cluster: The cluster to join.
        access: How nodes are let in.
        network: Where they are launched.
        capacity: What is launched.
        ami: Which Windows.
        kubernetes_version: For which Kubernetes version the image was chosen.
        disk_size: The root volume's size in GiB.
        wait_for_signals: Whether nodes have to reach CloudFormation.
        acknowledged_checks: Codes of checks whose failure only warns.
    """

    cluster: EksCluster
    access: NodeAccess
    network: NodeNetwork
    capacity: Capacity
    ami: WindowsAmi
    kubernetes_version: str | None
    disk_size: Number
    wait_for_signals: bool
    acknowledged_checks: Sequence[str]

    def make(self, scope: Construct, image_id: str) -> Step:
        """Has everything be checked.

        Args:
            scope: The node group.
            image_id: The image's id, as the launch template has it.

        Returns:
            What everything else is to be made after; see `make_first`.
        """
        cluster, enters = self.cluster, self.access.function_enters(scope)
        function = ClusterFunction.of(scope, cluster)
        function.grant(PERMISSIONS)
        inside = enters and cluster.function_subnets
        sizes = [self.capacity.smallest, self.capacity.desired, self.capacity.largest]
        found_at_launch = is_literal(image_id) and image_id.startswith(_LOOKED_UP_BY_EC2)
        return function.custom_resource(
            scope,
            "Preflight",
            AwsPreflight.TYPE,
            {
                AwsPreflight.CLUSTER_OF_APP: "true" if cluster.is_of_app else None,
                AwsPreflight.AUTHENTICATION_MODE: cluster.authentication_mode,
                AwsPreflight.NODE_ACCESS: self.access.kind(scope),
                AwsPreflight.KUBERNETES_VERSION: None if self.ami.is_custom else self.kubernetes_version,
                AwsPreflight.WINDOWS_VERSION: self.ami.windows_version,
                AwsPreflight.IMAGE_ID: None if found_at_launch else image_id,
                AwsPreflight.VOLUME_SIZE: self.disk_size,
                AwsPreflight.VPC_ID: cluster.vpc_id,
                AwsPreflight.SUBNET_IDS: self.network.launch_subnet_ids,
                AwsPreflight.SECURITY_GROUP_IDS: self.network.foreign_group_ids,
                AwsPreflight.CONTROL_PLANE_SECURITY_GROUP_IDS: list(cluster.security_group_ids),
                AwsPreflight.INSTANCE_TYPES: list(self.capacity.type_names),
                AwsPreflight.SIZES: None if is_literal(sizes) else sizes,
                AwsPreflight.NODE_ROLE_ARN: self.access.existing_role_arn,
                AwsPreflight.FUNCTION_IN_VPC: _text(bool(cluster.function_subnets)) if enters else None,
                AwsPreflight.FUNCTION_SUBNET_IDS: subnet_ids(cluster.function_subnets) if inside else None,
                AwsPreflight.FUNCTION_SECURITY_GROUP_IDS: cluster.attached_function_group_ids if inside else None,
                AwsPreflight.KUBECTL_ROLE_ARN: cluster.kubectl_role_arn if enters else None,
                AwsPreflight.WINDOWS_IPAM: self.access.windows_ipam and self.access.windows_ipam.add_on,
                AwsPreflight.WAITS_FOR_SIGNALS: _text(self.wait_for_signals),
                AwsPreflight.ACKNOWLEDGED: list(self.acknowledged_checks) or None,
            },
            enters=False,
        )

    def make_first(
        self,
        scope: Construct,
        checks: Step,
        *,
        role: iam.IRole,
        security_group: ec2.CfnSecurityGroup,
        authorizations: Iterable[Step],
    ) -> None:
        """Has everything of the node group, and what the function does for it in the cluster, wait for the checks.

        Args:
            scope: The node group.
            checks: The checks.
            role: The role of the nodes: all else that needs it is made later, unless it exists.
            security_group: The own security group, likewise.
            authorizations: What lets the nodes in.
        """
        make_after(security_group, checks)
        root: IConstruct | None = role
        if self.access.node_role is not None:
            root = scope.node.try_find_child("InstanceProfile")
            stack = stack_of(scope)
            for step in authorizations:
                if Stack.of(step.resource) is stack:  # CDK's own aws-auth may be in the cluster's
                    make_after(step.resource, checks)
        if root is not None:
            root.node.add_dependency(checks.resource)
        ClusterFunction.of(scope, self.cluster).begin_after(checks)

    def control_plane_group(self, scope: Construct, checks: Step) -> Intrinsic | None:
        """A security group of the control plane, as EKS knows it; None if it is known already."""
        if self.cluster.cluster_security_group_id or self.cluster.security_group_ids:
            return None
        return self._fact(scope, checks, ClusterFacts.CLUSTER_SECURITY_GROUP_ID)

    def facts(self, scope: Construct, checks: Step) -> dict[str, Any]:
        """What a node is told of its cluster, as keyword arguments of `Bootstrap`: as known, else as EKS knows it."""
        return {
            name: self._fact(scope, checks, _ATTRIBUTES[name]) if value is None else value
            for name, value in self.cluster.facts.items()
        }

    def _fact(self, scope: Construct, checks: Step, name: str) -> Intrinsic:
        facts = ClusterFunction.of(scope, self.cluster).ask_for_facts(checks)
        return attribute(facts.resource, name)


def check_acknowledged(codes: Sequence[str], problems: Problems) -> None:
    """Checks that there are checks of these codes, which somebody may acknowledge."""
    for code in literals(codes):
        if code not in ACKNOWLEDGEABLE:
            problems.add(rules.ACKNOWLEDGED_CHECK, f"acknowledged_checks has {code!r}")


def _text(value: bool) -> str:  # noqa: FBT001 — CloudFormation knows no others than texts
    return str(value).lower()
