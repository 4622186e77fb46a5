"""Looking a cluster up by its name: the CDK CLI asks AWS and keeps the answers in `cdk.context.json`.

Of Cloud Control, whole properties are asked for, not fields in them: the CLI refuses an answer that lacks a single
field, and what a cluster lacks depends on the cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, ContextProvider, Stack

from . import rules
from .endpoint_access import admits_everybody
from .literals import is_literal
from .names import check_cluster_name
from .problems import Problems

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from constructs import Construct

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html
_OF_CLUSTER = (
    "AccessConfig",
    "CertificateAuthorityData",
    "ClusterSecurityGroupId",
    "Endpoint",
    "KubernetesNetworkConfig",
    "ResourcesVpcConfig",
    "Version",
)

# What stands in until the CLI has asked: the app runs once before, and must not stumble over what it does not know yet.
_VPC_BEFORE = "vpc-00000000000000000"
_CLUSTER_BEFORE: dict[str, Any] = {
    "AccessConfig": {"AuthenticationMode": "API_AND_CONFIG_MAP"},
    "CertificateAuthorityData": "bm90IGxvb2tlZCB1cCB5ZXQ=",
    "ClusterSecurityGroupId": "sg-00000000000000000",
    "Endpoint": "https://not-looked-up-yet.eks.amazonaws.com",
    "KubernetesNetworkConfig": {"ServiceIpv4Cidr": "10.100.0.0/16"},
    "ResourcesVpcConfig": {"SubnetIds": ["subnet-00000000000000000"], "SecurityGroupIds": ["sg-00000000000000001"]},
    "Version": "1.99",
}


def look_up_cluster(scope: Construct, cluster_name: str, *, given: Container[str]) -> dict[str, Any]:
    """What AWS knows of a cluster, as keyword arguments of `EksCluster.from_attributes`.

    Args:
        scope: In the stack whose account and region the cluster is in.
        cluster_name: The exact name.
        given: The arguments that need not be asked for, if further questions can be saved. EKS's description in Cloud
            Control lacks the VPC, so that it is asked of one of the cluster's subnets, and it does not say which of
            them are private.

    Raises:
        InvalidNodeGroup: The name, the account or the region is not known at synthesis, or no cluster can have the
            name.
    """
    _check(scope, cluster_name)
    cluster = _ask(scope, "AWS::EKS::Cluster", cluster_name, _OF_CLUSTER)
    known = cluster or _CLUSTER_BEFORE
    network = known["ResourcesVpcConfig"]
    attributes = {
        "subnets": network["SubnetIds"],
        "cluster_security_group": known["ClusterSecurityGroupId"],
        "security_groups": network.get("SecurityGroupIds") or (),
        "version": known["Version"],
        "authentication_mode": known["AccessConfig"]["AuthenticationMode"],
        "cluster_endpoint": known["Endpoint"],
        "cluster_certificate_authority_data": known["CertificateAuthorityData"],
        "service_ipv4_cidr": known["KubernetesNetworkConfig"].get("ServiceIpv4Cidr"),
    }
    is_open = admits_everybody(network.get("EndpointPublicAccess"), network.get("PublicAccessCidrs"))
    needs_subnets = not is_open and "function_subnets" not in given
    if "vpc" not in given or needs_subnets:
        vpc_id = _vpc_id(scope, cluster)
        attributes["vpc"] = vpc_id or _VPC_BEFORE
        if needs_subnets:
            attributes["function_subnets"] = _private(scope, vpc_id, network["SubnetIds"])
    return attributes


def _vpc_id(scope: Construct, cluster: Mapping[str, Any] | None) -> str | None:
    if cluster is None:
        return None
    subnet = _ask(scope, "AWS::EC2::Subnet", cluster["ResourcesVpcConfig"]["SubnetIds"][0], ("VpcId",))
    return str(subnet["VpcId"]) if subnet else None


def _private(scope: Construct, vpc_id: str | None, subnet_ids: list[str]) -> list[str]:
    """Those of the cluster's subnets that are private, because a function has no public address.

    Those with a NAT or transit gateway, or else those without, which may have endpoints. If there are neither, all:
    then the preflight says what a function needs.
    """
    if vpc_id is None:
        return subnet_ids
    props = {"filter": {"vpc-id": vpc_id}, "returnAsymmetricSubnets": True, "returnVpnGateways": False}
    vpc = _value(scope, f"VPC {vpc_id}", "vpc-provider", props, {})
    for kind in ("Private", "Isolated"):
        groups = (group["subnets"] for group in vpc.get("subnetGroups", ()) if group["type"] == kind)
        found = {subnet["subnetId"] for group in groups for subnet in group}
        if private := [one for one in subnet_ids if one in found]:
            return private
    return subnet_ids


def _ask(scope: Construct, type_name: str, identifier: str, properties: tuple[str, ...]) -> dict[str, Any] | None:
    """Answers None as long as nobody has asked, and when that has failed."""
    props = {"typeName": type_name, "exactIdentifier": identifier, "propertiesToReturn": list(properties)}
    (resource,) = _value(scope, f"{type_name} {identifier}", "cc-api-provider", props, [{}])
    return resource or None


def _value(scope: Construct, what: str, provider: str, props: dict[str, Any], before: Any) -> Any:  # noqa: ANN401 — of many shapes
    """Answers `before` as long as nobody has asked, and when that failed: then the synthesis fails, and says why."""
    errors = _errors(scope)
    answer = ContextProvider.get_value(scope, provider=provider, props=props, dummy_value=before)
    if _errors(scope) > errors:
        stack = Stack.of(scope)
        Annotations.of(scope).add_error(
            f"{what} could not be looked up in account {stack.account}, region {stack.region}: "
            "give the name exactly as EKS has it, capitals included, and credentials of the cluster's own account that "
            "may read it there"
        )
    return answer.value


def _errors(scope: Construct) -> int:
    return sum(entry.type == "aws:cdk:error" for entry in scope.node.metadata)


def _check(scope: Construct, cluster_name: str) -> None:
    stack, problems = Stack.of(scope), Problems(f"the cluster that {scope.node.path} looks up")
    check_cluster_name(cluster_name, problems)
    needed = {"cluster_name": cluster_name, "the stack's account": stack.account, "the stack's region": stack.region}
    unknown = [name for name, value in needed.items() if not is_literal(value)]
    if unknown:
        problems.add(rules.LOOKUP_NEEDS_LITERALS, f"{', '.join(unknown)} not known before the deployment")
    problems.raise_errors()
