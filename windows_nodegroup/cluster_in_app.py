"""What a CDK cluster tells of itself: `aws_eks.Cluster`, `aws_eks_v2.Cluster`, or one of them that was imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam

from .endpoint_access import admits_everybody
from .manifests.function_rbac import DEFAULT_GROUP, function_rbac
from .order import Step

if TYPE_CHECKING:
    from aws_cdk import aws_eks_v2 as eks_v2

# CDK's Python classes do not satisfy the interfaces that they implement, to a type checker.
CdkCluster: TypeAlias = "eks.ICluster | eks.Cluster | eks_v2.ICluster | eks_v2.Cluster"

_RBAC = "WindowsNodeGroupFunction"

_ATTRIBUTES = {
    "vpc": "vpc",
    "cluster_security_group": "cluster_security_group_id",
    "cluster_endpoint": "cluster_endpoint",
    "cluster_certificate_authority_data": "cluster_certificate_authority_data",
}


def describe_cluster(cluster: CdkCluster) -> dict[str, Any]:
    """What is known of a CDK cluster, as keyword arguments of `EksCluster.from_attributes`.

    Of a cluster that is made in the app, that is what it is made with, and its attributes; of an imported one, what it
    was imported with. Neither can tell the range of the service addresses unless somebody chose it.
    """
    known = {name: _known(cluster, attribute) for name, attribute in _ATTRIBUTES.items()}
    mode = getattr(cluster, "authentication_mode", None)
    config = made_with(cluster)
    if config is not None:
        known["version"] = config.get("version")
        known["service_ipv4_cidr"] = config.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr")
        # An aws_eks_v2 cluster says that it is API. One of aws_eks says nothing unless told; EKS then takes CONFIG_MAP.
        known["authentication_mode"] = config.get("accessConfig", {}).get("authenticationMode") or "CONFIG_MAP"
        network = config.get("resourcesVpcConfig", {})
        if not admits_everybody(network.get("endpointPublicAccess"), network.get("publicAccessCidrs")):
            known["function_subnets"] = cluster.vpc.select_subnets().subnets
    elif mode is not None:
        known["authentication_mode"] = mode.value
    if has_kubectl(cluster):
        known["kubernetes_group"] = DEFAULT_GROUP
    return {name: value for name, value in known.items() if value is not None}


def made_with(cluster: CdkCluster) -> dict[str, Any] | None:
    """The properties with which the app makes the cluster; None if it only imports it."""
    resource = cluster.node.try_find_child("Resource")
    nested = resource.node.try_find_child("Resource") if resource else None
    made = nested.node.default_child if nested else resource
    if not isinstance(made, CfnResource):
        return None
    # CDK has no public name for what a cluster was made with.
    properties = Stack.of(made).resolve(made._cfn_properties)  # noqa: SLF001
    config: dict[str, Any] = properties.get("Config", properties)
    return config


def has_kubectl(cluster: CdkCluster) -> bool:
    """Whether the app makes the cluster, and with what `add_manifest` needs."""
    if made_with(cluster) is None:
        return False
    return isinstance(cluster, eks.Cluster) or getattr(cluster, "kubectl_provider", None) is not None


def apply_rbac(cluster: CdkCluster, group: str) -> Step:
    """Has the function's permissions applied to a cluster that `has_kubectl`, once for all its node groups."""
    manifest = cluster.node.try_find_child(f"manifest-{_RBAC}") or cluster.add_manifest(_RBAC, *function_rbac(group))
    return Step(next(each for each in manifest.node.find_all() if isinstance(each, CfnResource)))


def allow_windows_addresses(cluster: CdkCluster) -> None:
    """Gives the role of a cluster that the app makes the policy by which EKS gives Windows pods their addresses.

    https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
    """
    if made_with(cluster) is not None:
        policy = iam.ManagedPolicy.from_aws_managed_policy_name("AmazonEKSVPCResourceController")
        cast("eks.Cluster", cluster).role.add_managed_policy(policy)


def _known(cluster: CdkCluster, attribute: str) -> Any:  # noqa: ANN401 — of many types
    try:
        return getattr(cluster, attribute)
    except RuntimeError:  # how an imported cluster says that it was imported without
        return None
