"""What a node group needs to know of its cluster, and how it comes to know it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from aws_cdk import CfnResource, Reference, Tokenization

from . import rules
from .ami import version_text
from .cluster_lookup import look_up_cluster
from .input_types import check_input_types
from .literals import is_literal, word
from .network import check_group_ids, check_subnet_ids, check_vpc_id, security_group_ids, subnet_ids
from .node_role import check_role_arn
from .problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_eks as eks
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from .cluster_in_app import CdkCluster


_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_CLUSTER_TYPES = ("AWS::EKS::Cluster", "Custom::AWSCDK-EKS-Cluster")
_ENDPOINT = re.compile(r"https://[^\s/]+/?")


class AuthenticationMode(StrEnum):
    """From where a cluster reads who may join and use it. A cluster's mode can only move from the first to the last.

    https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html
    """

    CONFIG_MAP = "CONFIG_MAP"
    """The ConfigMap `aws-auth` alone."""
    API_AND_CONFIG_MAP = "API_AND_CONFIG_MAP"
    """Access entries, and `aws-auth` for whoever has no access entry."""
    API = "API"
    """Access entries alone: `aws-auth` is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EksCluster:
    """A cluster as its node groups see it; `from_lookup`, `from_cluster` and `from_attributes` make one.

    Every value may be a token. A value that is not known is None or empty.
    """

    cluster_name: str
    vpc: ec2.IVpc | None
    vpc_id: str
    subnet_ids: Sequence[str]
    cluster_security_group_id: str | None
    security_group_ids: Sequence[str]
    version: str | None
    authentication_mode: str
    cluster_endpoint: str | None
    cluster_certificate_authority_data: str | None
    service_ipv4_cidr: str | None
    kubectl_role_arn: str | None
    kubernetes_group: str | None
    function_subnets: Sequence[ec2.ISubnet | str]
    function_security_group_ids: Sequence[str]
    construct: CdkCluster | None = None

    @property
    def facts(self) -> dict[str, str | None]:
        """What a node has to be told of the cluster, as keyword arguments of `Bootstrap`."""
        return {
            "cluster_endpoint": self.cluster_endpoint,
            "cluster_certificate_authority_data": self.cluster_certificate_authority_data,
            "service_ipv4_cidr": self.service_ipv4_cidr,
        }

    @property
    def is_of_app(self) -> bool:
        """Whether the app makes the cluster: its replacement has another name, and the same token stands for it."""
        return not is_literal(self.cluster_name) and any(
            isinstance(token, Reference)
            and isinstance(token.target, CfnResource)
            and token.target.cfn_resource_type in _CLUSTER_TYPES
            for token in Tokenization.reverse_string(self.cluster_name).tokens
        )

    @property
    def attached_function_group_ids(self) -> list[str]:
        """The security groups of a function in subnets: those that are given, or else the cluster security group."""
        return list(self.function_security_group_ids) or [*filter(None, [self.cluster_security_group_id])]

    @classmethod
    def from_attributes(  # noqa: PLR0913 — props
        cls,
        *,
        cluster_name: str,
        vpc: ec2.IVpc | str,
        subnets: Sequence[ec2.ISubnet | str] = (),
        cluster_security_group: ec2.ISecurityGroup | str | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | str] = (),
        version: eks.KubernetesVersion | str | None = None,
        authentication_mode: AuthenticationMode | eks.AuthenticationMode | str = AuthenticationMode.API_AND_CONFIG_MAP,
        cluster_endpoint: str | None = None,
        cluster_certificate_authority_data: str | None = None,
        service_ipv4_cidr: str | None = None,
        kubectl_role: iam.IRole | str | None = None,
        kubernetes_group: str | None = None,
        function_subnets: Sequence[ec2.ISubnet | str] = (),
        function_security_groups: Sequence[ec2.ISecurityGroup | str] = (),
    ) -> Self:
        """Describes a cluster by what is known of it.

        Args:
            cluster_name: The name, exactly as EKS has it.
            vpc: The cluster's VPC, or its id.
            subnets: Where nodes are launched that name no subnets of their own: subnets or their ids.
            cluster_security_group: The security group that EKS made with the cluster, or its id. Nodes that name no
                security groups get it, and with it reach the control plane and the cluster's DNS.
            security_groups: The cluster's additional ("control plane") security groups, or their ids.
            version: The Kubernetes version, such as "1.33", or CDK's object. AWS publishes images under its name.
            authentication_mode: An `AuthenticationMode`, ours or that of `aws_eks`, or a CloudFormation parameter that
                holds one.
            cluster_endpoint: The URL of the Kubernetes API. Nodes that are told it need not ask EKS for it.
            cluster_certificate_authority_data: The API's certificate authority in Base64; goes with the endpoint.
            service_ipv4_cidr: The range of the cluster's service addresses; goes with the endpoint.
            kubectl_role: A role, or its ARN, that may already edit ConfigMaps in `kube-system`. The function assumes
                it, which its trust policy has to allow. A CloudFormation parameter may be empty: none. Without such a
                role the function gets an access entry, for which the mode has to include the API.
            kubernetes_group: The Kubernetes group that the function's access entry names, bound by somebody to the
                permissions it needs: `python -m windows_nodegroup rbac` prints the manifests. Without it the entry has
                `AmazonEKSEditPolicy`, limited to `kube-system`.
            function_subnets: Where the function runs that talks to the cluster: subnets or their ids. Needed where the
                cluster's endpoint is private or does not admit the function's address. The subnets need a way to EKS,
                STS, EC2, IAM, CloudFormation and S3.
            function_security_groups: The function's security groups there, or their ids; by default the cluster
                security group, which admits it to the control plane.

        Raises:
            InvalidNodeGroup: Something is of another type than it has to be, or an id is not well-formed.
        """
        _check_types(cls.from_attributes, locals())
        problems = Problems("the cluster")
        check_vpc_id("vpc", vpc, problems)
        check_subnet_ids("subnets", subnets, problems)
        check_subnet_ids("function_subnets", function_subnets, problems)
        own_groups = [] if cluster_security_group is None else [cluster_security_group]
        check_group_ids("cluster_security_group", own_groups, problems)
        check_group_ids("security_groups", security_groups, problems)
        check_group_ids("function_security_groups", function_security_groups, problems)
        check_role_arn(kubectl_role or None, "kubectl_role", rules.KUBECTL_ROLE_ARN, problems)
        if is_literal(cluster_endpoint) and not _ENDPOINT.fullmatch(cluster_endpoint):
            problems.add(rules.ENDPOINT, f"cluster_endpoint is {cluster_endpoint!r}")
        if is_literal(cluster_certificate_authority_data) and not _BASE64.fullmatch(cluster_certificate_authority_data):
            given = cluster_certificate_authority_data[:40]
            problems.add(rules.AUTHORITY, f"cluster_certificate_authority_data begins with {given!r}")
        problems.raise_errors()
        return cls(
            cluster_name=cluster_name,
            vpc=None if isinstance(vpc, str) else vpc,
            vpc_id=vpc if isinstance(vpc, str) else vpc.vpc_id,
            subnet_ids=subnet_ids(subnets),
            cluster_security_group_id=_group_id(cluster_security_group),
            security_group_ids=security_group_ids(security_groups),
            version=version_text(version),
            authentication_mode=word(authentication_mode),
            cluster_endpoint=cluster_endpoint,
            cluster_certificate_authority_data=cluster_certificate_authority_data,
            service_ipv4_cidr=service_ipv4_cidr,
            kubectl_role_arn=_role_arn(kubectl_role),
            kubernetes_group=kubernetes_group,
            function_subnets=function_subnets,
            function_security_group_ids=security_group_ids(function_security_groups),
        )

    @classmethod
    def from_lookup(  # noqa: PLR0913 — props
        cls,
        scope: Construct,
        *,
        cluster_name: str,
        vpc: ec2.IVpc | str | None = None,
        subnets: Sequence[ec2.ISubnet | str] | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | str] | None = None,
        version: eks.KubernetesVersion | str | None = None,
        authentication_mode: AuthenticationMode | eks.AuthenticationMode | str | None = None,
        kubectl_role: iam.IRole | str | None = None,
        kubernetes_group: str | None = None,
        function_subnets: Sequence[ec2.ISubnet | str] | None = None,
        function_security_groups: Sequence[ec2.ISecurityGroup | str] = (),
    ) -> Self:
        """Describes a cluster that exists, of which only the name is given.

        The CDK CLI looks it up once, in the account and region of the stack of `scope`, and keeps what it found in
        `cdk.context.json`; commit that file. `cdk context --reset` has it looked up again, after an upgrade of the
        cluster for example. Whatever is given here is not taken from there.

        Args:
            scope: The stack, or a construct in it. The stack needs an explicit account and region.
            cluster_name: The name, exactly as EKS has it.
            vpc: As for `from_attributes`; by default the cluster's.
            subnets: As for `from_attributes`; by default all subnets of the cluster.
            security_groups: As for `from_attributes`; by default those of the cluster.
            version: As for `from_attributes`; by default the cluster's.
            authentication_mode: As for `from_attributes`; by default the cluster's.
            kubectl_role: As for `from_attributes`.
            kubernetes_group: As for `from_attributes`.
            function_subnets: As for `from_attributes`; by default the private ones of the cluster's own where its
                endpoint is private or does not admit everybody, else none. An empty list: the function runs outside.
            function_security_groups: As for `from_attributes`.

        Raises:
            InvalidNodeGroup: The name, the account or the region is not known at synthesis, or something is of another
                type than it has to be.
        """
        _check_types(cls.from_lookup, locals())
        inputs = {
            "vpc": vpc,
            "subnets": subnets,
            "security_groups": security_groups,
            "version": version,
            "authentication_mode": authentication_mode,
            "function_subnets": function_subnets,
        }
        given = {name: value for name, value in inputs.items() if value is not None}
        return cls.from_attributes(
            cluster_name=cluster_name,
            kubectl_role=kubectl_role,
            kubernetes_group=kubernetes_group,
            function_security_groups=function_security_groups,
            **look_up_cluster(scope, cluster_name, given=given) | given,
        )

    @classmethod
    def from_cluster(  # noqa: PLR0913 — props
        cls,
        cluster: CdkCluster,
        *,
        vpc: ec2.IVpc | str | None = None,
        subnets: Sequence[ec2.ISubnet | str] | None = None,
        cluster_security_group: ec2.ISecurityGroup | str | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | str] | None = None,
        version: eks.KubernetesVersion | str | None = None,
        authentication_mode: AuthenticationMode | eks.AuthenticationMode | str | None = None,
        service_ipv4_cidr: str | None = None,
        kubectl_role: iam.IRole | str | None = None,
        kubernetes_group: str | None = None,
        function_subnets: Sequence[ec2.ISubnet | str] | None = None,
        function_security_groups: Sequence[ec2.ISecurityGroup | str] = (),
    ) -> Self:
        """Describes a CDK cluster, of `aws_eks` or `aws_eks_v2`, made in the app or imported.

        A cluster that is made in the app is known well enough, and if it has what `add_manifest` needs, the function
        gets its permissions through a Kubernetes group. Of an imported cluster that is known with which it was
        imported; `from_lookup` needs less. Whatever is given here is not taken from the construct.

        Args:
            cluster: The cluster.
            vpc: As for `from_attributes`; by default the cluster's.
            subnets: As for `from_attributes`; by default the private ones of the VPC.
            cluster_security_group: As for `from_attributes`; by default the cluster's.
            security_groups: As for `from_attributes`.
            version: As for `from_attributes`; by default the one with which the app makes the cluster.
            authentication_mode: As for `from_attributes`; by default the cluster's.
            service_ipv4_cidr: As for `from_attributes`; by default the one with which the app makes the cluster.
            kubectl_role: As for `from_attributes`.
            kubernetes_group: As for `from_attributes`.
            function_subnets: As for `from_attributes`; by default the private ones of the VPC where the app makes the
                cluster with an endpoint that does not admit everybody, else none.
            function_security_groups: As for `from_attributes`.

        Raises:
            InvalidNodeGroup: The cluster was imported without its VPC, and none is given, or something is of another
                type than it has to be.
        """
        _check_types(cls.from_cluster, locals())
        from .cluster_in_app import describe_cluster  # noqa: PLC0415 — loads cdk8s, which the other ways do not need

        given = {
            "vpc": vpc,
            "subnets": subnets,
            "cluster_security_group": cluster_security_group,
            "security_groups": security_groups,
            "version": version,
            "authentication_mode": authentication_mode,
            "service_ipv4_cidr": service_ipv4_cidr,
            "kubernetes_group": kubernetes_group,
            "function_subnets": function_subnets,
        }
        known = describe_cluster(cluster) | {name: value for name, value in given.items() if value is not None}
        if "vpc" not in known:
            problems = Problems(f"the cluster {cluster.node.path}")
            problems.add(rules.IMPORTED_WITHOUT_VPC, "it was imported without its VPC, and no vpc is given")
            problems.raise_errors()
        described = cls.from_attributes(
            cluster_name=cluster.cluster_name,
            kubectl_role=kubectl_role,
            function_security_groups=function_security_groups,
            **known,
        )
        return replace(described, construct=cluster)


def _check_types(takes: Callable[..., EksCluster], given: dict[str, object]) -> None:
    problems = Problems("the cluster")
    check_input_types(takes, given, problems)
    problems.raise_errors()


def _group_id(group: ec2.ISecurityGroup | str | None) -> str | None:
    return None if group is None else security_group_ids([group])[0]


def _role_arn(role: iam.IRole | str | None) -> str | None:
    return role if role is None or isinstance(role, str) else role.role_arn
