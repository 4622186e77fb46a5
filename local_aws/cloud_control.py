"""Cloud Control, as far as the CDK CLI uses it to look a cluster and its subnets up."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local_aws.service import Service, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.eks import Cluster, Eks
    from local_aws.service import Call


class CloudControl(Service):
    """`GetResource` for `AWS::EKS::Cluster` and `AWS::EC2::Subnet`."""

    name = "cloudcontrol"

    def __init__(self, eks: Eks, client: Callable[[str], Any]) -> None:
        """Read the clusters of `eks`, and the subnets through an EC2 client that `client` makes."""
        self._eks = eks
        self._client = client

    def get_resource(self, call: Call) -> dict[str, Any]:
        """A resource, as its CloudFormation schema has it."""
        kind, name = call.parameters["TypeName"], call.parameters["Identifier"]
        readers = {"AWS::EKS::Cluster": self._cluster, "AWS::EC2::Subnet": self._subnet}
        if kind not in readers:
            raise ServiceError(
                "UnsupportedActionException", f"the local AWS looks up {' and '.join(readers)} only, not {kind}"
            )
        properties = readers[kind](name)
        if properties is None:
            raise ServiceError(
                "ResourceNotFoundException", f"Resource of type '{kind}' with identifier '{name}' was not found."
            )
        return {
            "TypeName": kind,
            "ResourceDescription": {"Identifier": name, "Properties": json.dumps(properties)},
        }

    def _cluster(self, name: str) -> dict[str, Any] | None:
        cluster = self._eks.clusters.get(name)
        return _properties(cluster) if cluster else None

    def _subnet(self, subnet_id: str) -> dict[str, Any] | None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html."""
        try:
            (subnet,) = self._client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"]
        except ClientError:
            return None
        return {name: subnet[name] for name in ("SubnetId", "VpcId", "AvailabilityZone", "CidrBlock")}


def _properties(cluster: Cluster) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html."""
    properties = {
        "Name": cluster.name,
        "Arn": cluster.arn,
        "RoleArn": cluster.role_arn,
        "Version": cluster.version,
        "Endpoint": cluster.kubernetes.url,
        "CertificateAuthorityData": base64.b64encode(cluster.kubernetes.certificate_authority_pem).decode(),
        "ClusterSecurityGroupId": cluster.cluster_security_group_id,
        "ResourcesVpcConfig": {
            "SubnetIds": cluster.subnet_ids,
            "SecurityGroupIds": cluster.security_group_ids,
            "EndpointPublicAccess": cluster.endpoint_public_access,
            "EndpointPrivateAccess": cluster.endpoint_private_access,
            "PublicAccessCidrs": cluster.public_access_cidrs,
        },
        "KubernetesNetworkConfig": {"ServiceIpv4Cidr": cluster.service_ipv4_cidr, "IpFamily": cluster.ip_family},
        "AccessConfig": {"AuthenticationMode": cluster.authentication_mode},
        "Tags": [{"Key": key, "Value": value} for key, value in cluster.tags.items()],
    }
    return {**properties, "OutpostConfig": cluster.outpost_config} if cluster.outpost_config else properties
