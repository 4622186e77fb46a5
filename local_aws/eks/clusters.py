"""What EKS knows of one cluster."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

if TYPE_CHECKING:
    from local_aws.eks.access_entries import AccessEntry
    from local_aws.eks.addons import Addon
    from local_aws.eks.admission import Admission
    from local_aws.eks.node_groups import NodeGroup
    from local_aws.kubernetes_api import KubernetesApi

#: The ways in which a cluster may authenticate; a cluster moves to the right, never back.
AUTHENTICATION_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")

Status = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING", "FAILED", "PENDING"]


@dataclass(slots=True, kw_only=True)
class Cluster:
    """One cluster: its settings, who may enter, and the Kubernetes API that answers at its endpoint."""

    name: str
    arn: str
    version: str
    role_arn: str
    #: The principal that made the cluster, as `GetCallerIdentity` has it.
    creator: str
    #: The creator is an administrator though nothing says so: only where the mode has no access entries.
    creator_is_administrator: bool
    vpc_id: str
    subnet_ids: list[str]
    security_group_ids: list[str]
    cluster_security_group_id: str
    endpoint_public_access: bool
    endpoint_private_access: bool
    public_access_cidrs: list[str]
    service_ipv4_cidr: str
    ip_family: str
    authentication_mode: str
    bootstrap_creator: bool
    #: A local cluster on Outposts has this.
    outpost_config: dict[str, Any] | None
    kubernetes: KubernetesApi
    #: Tells who a principal is in the cluster.
    admission: Admission
    #: A test may set it, to see what others make of it.
    status: Status = "ACTIVE"
    tags: dict[str, str] = field(default_factory=dict)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    node_groups: dict[str, NodeGroup] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updates: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def entries_count(self) -> bool:
        """Access entries are read in this cluster's mode."""
        return self.authentication_mode != "CONFIG_MAP"

    @property
    def aws_auth_counts(self) -> bool:
        """The ConfigMap `aws-auth` is read in this cluster's mode."""
        return self.authentication_mode != "API"

    def description(self) -> dict[str, Any]:
        """As `DescribeCluster` has it; a cluster in the making has no endpoint yet."""
        described: dict[str, Any] = {
            "name": self.name,
            "arn": self.arn,
            "createdAt": self.created_at,
            "version": self.version,
            "roleArn": self.role_arn,
            "resourcesVpcConfig": {
                "subnetIds": self.subnet_ids,
                "securityGroupIds": self.security_group_ids,
                "clusterSecurityGroupId": self.cluster_security_group_id,
                "vpcId": self.vpc_id,
                "endpointPublicAccess": self.endpoint_public_access,
                "endpointPrivateAccess": self.endpoint_private_access,
                "publicAccessCidrs": self.public_access_cidrs,
            },
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": self.service_ipv4_cidr, "ipFamily": self.ip_family},
            "accessConfig": {
                "authenticationMode": self.authentication_mode,
                "bootstrapClusterCreatorAdminPermissions": self.bootstrap_creator,
            },
            "status": self.status,
            "platformVersion": "eks.1",
            "tags": self.tags,
        }
        if self.outpost_config is not None:
            described["outpostConfig"] = self.outpost_config
        if self.status not in {"CREATING", "PENDING"}:
            described["endpoint"] = self.kubernetes.url
            # Nobody answers there.
            described["identity"] = {
                "oidc": {"issuer": f"https://oidc.eks.{self.arn.split(':')[3]}.invalid/id/{self.name}"}
            }
            described["certificateAuthority"] = {
                "data": base64.b64encode(self.kubernetes.certificate_authority_pem).decode()
            }
        return described

    def updated(self, kind: str, parameters: dict[str, str]) -> dict[str, Any]:
        """Note a change that is done, as `DescribeUpdate` has it."""
        update = {
            "id": str(uuid4()),
            "status": "Successful",
            "type": kind,
            "params": [{"type": name, "value": value} for name, value in parameters.items()],
            "createdAt": datetime.now(UTC),
            "errors": [],
        }
        self.updates[str(update["id"])] = update
        return {"update": update}
