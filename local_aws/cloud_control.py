"""Cloud Control, as far as the CDK CLI uses it to look a cluster up by its name."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from local_aws.service import Service, ServiceError

if TYPE_CHECKING:
    from local_aws.eks import Cluster, Eks
    from local_aws.service import Call


class CloudControl(Service):
    """`GetResource` for `AWS::EKS::Cluster`."""

    name = "cloudcontrol"

    def __init__(self, eks: Eks) -> None:
        """Read the clusters of `eks`."""
        self._eks = eks

    def get_resource(self, call: Call) -> dict[str, Any]:
        """A cluster, as the CloudFormation schema has it."""
        kind = call.parameters["TypeName"]
        name = call.parameters["Identifier"]
        if kind != "AWS::EKS::Cluster":
            raise ServiceError(
                "UnsupportedActionException", f"the local AWS looks up AWS::EKS::Cluster only, not {kind}"
            )
        cluster = self._eks.clusters.get(name)
        if cluster is None:
            raise ServiceError(
                "ResourceNotFoundException", f"Resource of type '{kind}' with identifier '{name}' was not found."
            )
        return {
            "TypeName": kind,
            "ResourceDescription": {"Identifier": name, "Properties": json.dumps(_properties(cluster))},
        }


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
