"""How the nodes are let into the cluster: by an entry in the ConfigMap `aws-auth`, or by one of EKS's access entries."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from aws_cdk import CfnCondition, CfnResource, Fn
from aws_cdk import aws_eks as eks

from .cluster import AuthenticationMode
from .cluster_function import ClusterFunction
from .function_access import is_parameter
from .handler import contract
from .order import make_after

if TYPE_CHECKING:
    from constructs import Construct

    from .cluster import EksCluster


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


def authorize(
    scope: Construct, *, cluster: EksCluster, role_arn: str, authorization: NodeAuthorization
) -> list[CfnResource]:
    """Lets nodes with the role `role_arn` join `cluster`.

    Args:
        scope: The node group.
        cluster: The cluster to join.
        role_arn: The role of the nodes.
        authorization: By what they may join.

    Returns:
        What the nodes must not be launched before, nor outlive.
    """
    mode = cluster.authentication_mode
    match authorization:
        case NodeAuthorization.EXISTING:
            return []
        case NodeAuthorization.AWS_AUTH:
            return [_aws_auth_entry(scope, cluster, role_arn)]
        case NodeAuthorization.ACCESS_ENTRY:
            return [_access_entry(scope, cluster, role_arn)]
    if not is_parameter(scope, mode):
        entry = _access_entry if mode == AuthenticationMode.API else _aws_auth_entry
        return [entry(scope, cluster, role_arn)]
    aws_auth_entry = _aws_auth_entry(scope, cluster, role_arn)
    access_entry = _access_entry(scope, cluster, role_arn)
    ignores_aws_auth = Fn.condition_equals(mode, AuthenticationMode.API.value)
    aws_auth_entry.cfn_options.condition = CfnCondition(
        scope, "ReadsAwsAuth", expression=Fn.condition_not(ignores_aws_auth)
    )
    access_entry.cfn_options.condition = CfnCondition(scope, "IgnoresAwsAuth", expression=ignores_aws_auth)
    return [aws_auth_entry, access_entry]


def _aws_auth_entry(scope: Construct, cluster: EksCluster, role_arn: str) -> CfnResource:
    function = ClusterFunction.of(scope, cluster)
    entry = CfnResource(
        scope,
        "AwsAuthEntry",
        type=contract.AwsAuthEntry.TYPE,
        properties={
            "ServiceToken": function.arn,
            "ServiceTimeout": contract.SERVICE_TIMEOUT_SECONDS,
            contract.AwsAuthEntry.CLUSTER_NAME: cluster.cluster_name,
            contract.AwsAuthEntry.ROLE_ARN: role_arn,
            contract.AwsAuthEntry.KUBECTL_ROLE_ARN: cluster.kubectl_role_arn,
        },
    )
    make_after(entry, function.access_entry)
    return entry


def _access_entry(scope: Construct, cluster: EksCluster, role_arn: str) -> CfnResource:
    return eks.CfnAccessEntry(
        scope, "AccessEntry", cluster_name=cluster.cluster_name, principal_arn=role_arn, type="EC2_WINDOWS"
    )
