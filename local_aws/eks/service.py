"""The EKS service: clusters and their settings."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from local_aws.eks.access_policies import AccessScope
from local_aws.eks.addons import AddonOperations
from local_aws.eks.admission import Admission
from local_aws.eks.clusters import AUTHENTICATION_MODES, Cluster
from local_aws.eks.node_groups import NodeGroupOperations
from local_aws.kubernetes_api import KubernetesApi
from local_aws.kubernetes_versions import DEFAULT_KUBERNETES_VERSION, KUBERNETES_VERSIONS
from local_aws.service import Service, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.callers import Callers
    from local_aws.place import Place
    from local_aws.service import Call


#: What may be asked of a new cluster. The last line is accepted and changes nothing here.
_UNDERSTOOD = frozenset(
    {
        "accessConfig",
        "kubernetesNetworkConfig",
        "name",
        "outpostConfig",
        "resourcesVpcConfig",
        "roleArn",
        "tags",
        "version",
        *("computeConfig", "storageConfig"),
        *("clientRequestToken", "deletionProtection", "encryptionConfig", "logging", "upgradePolicy"),
    }
)


class Eks(NodeGroupOperations, AddonOperations, Service):
    """EKS for one account and region."""

    name = "eks"

    def __init__(self, *, client: Callable[[str], Any], callers: Callers, place: Place) -> None:
        """`client` gives boto3 clients of the local AWS; `callers` knows who signs tokens."""
        super().__init__(client=client, place=place)
        self._callers = callers

    def close(self) -> None:
        """Stop the clusters' Kubernetes APIs."""
        for cluster in self.clusters.values():
            cluster.kubernetes.close()
        self.clusters.clear()

    def create_cluster(self, call: Call) -> dict[str, Any]:
        """Make a cluster, with its security group and its Kubernetes API; it is ACTIVE at once."""
        if call.region != self._place.region:
            refusal = f"the local AWS makes clusters in {self._place.region}, not in {call.region}"
            raise ServiceError("InvalidParameterException", refusal)
        self._check(call.parameters)
        cluster = self._new_cluster(call.parameters, call.caller.principal_arn)
        if cluster.bootstrap_creator and cluster.entries_count:
            self._admit_creator(cluster)
        cluster.kubernetes.start()
        self.clusters[cluster.name] = cluster
        return {"cluster": cluster.description()}

    def describe_cluster(self, call: Call) -> dict[str, Any]:
        """One cluster."""
        return {"cluster": self._cluster(call).description()}

    def list_clusters(self, call: Call) -> dict[str, Any]:
        """The clusters' names."""
        return {"clusters": list(self._clusters_for(call))}

    def delete_cluster(self, call: Call) -> dict[str, Any]:
        """Remove a cluster with what EKS made for it, at once."""
        cluster = self._cluster(call)
        if cluster.node_groups:
            raise ServiceError("ResourceInUseException", "Cluster has nodegroups attached")
        del self.clusters[cluster.name]
        cluster.kubernetes.close()
        cluster.status = "DELETING"
        self._client("ec2").delete_security_group(GroupId=cluster.cluster_security_group_id)
        return {"cluster": cluster.description()}

    def update_cluster_config(self, call: Call) -> dict[str, Any]:
        """Change the authentication mode, in one direction, or the reach of the endpoint."""
        cluster = self._cluster(call)
        access = call.parameters.get("accessConfig")
        if access is not None:
            self._change_mode(cluster, access["authenticationMode"])
            return cluster.updated("AccessConfigUpdate", {"AuthenticationMode": cluster.authentication_mode})
        network = call.parameters.get("resourcesVpcConfig") or {}
        cluster.endpoint_public_access = network.get("endpointPublicAccess", cluster.endpoint_public_access)
        cluster.endpoint_private_access = network.get("endpointPrivateAccess", cluster.endpoint_private_access)
        cluster.public_access_cidrs = network.get("publicAccessCidrs", cluster.public_access_cidrs)
        return cluster.updated("EndpointAccessUpdate", {"PublicAccessCidrs": str(cluster.public_access_cidrs)})

    def update_cluster_version(self, call: Call) -> dict[str, Any]:
        """Move on to the next Kubernetes version."""
        cluster = self._cluster(call)
        version = call.parameters["version"]
        later = KUBERNETES_VERSIONS[KUBERNETES_VERSIONS.index(cluster.version) + 1 :]
        if version not in later[:1]:
            raise ServiceError(
                "InvalidParameterException",
                f"Unsupported Kubernetes minor version update from {cluster.version} to {version}",
            )
        cluster.version = version
        return cluster.updated("VersionUpdate", {"Version": version})

    def describe_update(self, call: Call) -> dict[str, Any]:
        """One earlier change."""
        updates = self._cluster(call).updates
        if call.parameters["updateId"] not in updates:
            raise ServiceError("ResourceNotFoundException", f"No update found for ID: {call.parameters['updateId']}")
        return {"update": updates[call.parameters["updateId"]]}

    def list_fargate_profiles(self, call: Call) -> dict[str, Any]:
        """The local AWS makes no Fargate profiles."""
        self._cluster(call)
        return {"fargateProfileNames": []}

    def list_tags_for_resource(self, call: Call) -> dict[str, Any]:
        """A cluster's tags."""
        return {"tags": self._tagged(call).tags}

    def tag_resource(self, call: Call) -> dict[str, Any]:
        """Add tags to a cluster."""
        self._tagged(call).tags.update(call.parameters["tags"])
        return {}

    def untag_resource(self, call: Call) -> dict[str, Any]:
        """Take tags from a cluster."""
        for key in call.parameters["tagKeys"]:
            self._tagged(call).tags.pop(key, None)
        return {}

    def _check(self, asked: dict[str, Any]) -> None:
        unknown = sorted(set(asked) - _UNDERSTOOD)
        if unknown:
            raise ServiceError("InvalidParameterException", f"the local AWS knows no clusters with {unknown}")
        if _is_automatic(asked):
            raise ServiceError("InvalidParameterException", "the local AWS knows no clusters in EKS Auto Mode")
        if asked["name"] in self.clusters:
            raise ServiceError("ResourceInUseException", f"Cluster already exists with name: {asked['name']}")
        if asked.get("version") not in {None, *KUBERNETES_VERSIONS}:
            raise ServiceError("InvalidParameterException", f"unsupported Kubernetes version {asked['version']}")
        if not self._principal_exists(asked["roleArn"]):
            raise ServiceError("InvalidParameterException", f"The role {asked['roleArn']} does not exist.")

    def _new_cluster(self, asked: dict[str, Any], creator: str) -> Cluster:
        name = asked["name"]
        network = asked["resourcesVpcConfig"]
        addresses = asked.get("kubernetesNetworkConfig") or {}
        access = asked.get("accessConfig") or {}
        mode = access.get("authenticationMode") or "CONFIG_MAP"
        bootstrap_creator = access.get("bootstrapClusterCreatorAdminPermissions", True)
        vpc_id = self._vpc_of(network["subnetIds"])
        admission = Admission(callers=self._callers, client=self._client, place=self._place)
        cluster = Cluster(
            name=name,
            arn=self._place.arn("eks", f"cluster/{name}"),
            version=asked.get("version") or DEFAULT_KUBERNETES_VERSION,
            role_arn=asked["roleArn"],
            creator=creator,
            creator_is_administrator=bootstrap_creator and mode == "CONFIG_MAP",
            vpc_id=vpc_id,
            subnet_ids=network["subnetIds"],
            security_group_ids=network.get("securityGroupIds") or [],
            cluster_security_group_id=self._cluster_security_group(name, vpc_id),
            endpoint_public_access=network.get("endpointPublicAccess", True),
            endpoint_private_access=network.get("endpointPrivateAccess", False),
            public_access_cidrs=network.get("publicAccessCidrs") or ["0.0.0.0/0"],
            service_ipv4_cidr=addresses.get("serviceIpv4Cidr") or "172.20.0.0/16",
            ip_family=addresses.get("ipFamily") or "ipv4",
            authentication_mode=mode,
            bootstrap_creator=bootstrap_creator,
            outpost_config=asked.get("outpostConfig"),
            kubernetes=KubernetesApi(authenticate=admission),
            admission=admission,
            tags=asked.get("tags") or {},
        )
        admission.cluster = cluster
        return cluster

    def _tagged(self, call: Call) -> Cluster:
        arn = call.parameters["resourceArn"]
        for cluster in self.clusters.values():
            if cluster.arn == arn:
                return cluster
        raise ServiceError("NotFoundException", f"the local AWS tags clusters only, and has none with ARN {arn}")

    def _change_mode(self, cluster: Cluster, mode: str) -> None:
        order = AUTHENTICATION_MODES.index
        if order(mode) <= order(cluster.authentication_mode):
            raise ServiceError(
                "InvalidParameterException",
                f"Unsupported authentication mode update from {cluster.authentication_mode} to {mode}",
            )
        cluster.authentication_mode = mode
        if cluster.creator_is_administrator:
            cluster.creator_is_administrator = False
            self._admit_creator(cluster)

    def _admit_creator(self, cluster: Cluster) -> None:
        entry = self._new_entry(cluster, cluster.creator)
        entry.effective_from = 0
        policy = f"arn:{self._place.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        entry.policies[policy] = AccessScope()

    def _vpc_of(self, subnet_ids: list[str]) -> str:
        subnets = self._client("ec2").describe_subnets(SubnetIds=subnet_ids)["Subnets"]
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:  # noqa: PLR2004 - EKS's own rule
            raise ServiceError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
        return str(subnets[0]["VpcId"])

    def _cluster_security_group(self, name: str, vpc_id: str) -> str:
        """The group that EKS makes for control plane and nodes: everything within, everything out."""
        ec2 = self._client("ec2")
        group_id = ec2.create_security_group(
            GroupName=f"eks-cluster-sg-{name}-{secrets.randbelow(10**9)}",
            Description="EKS created security group applied to ENI that is attached to EKS Control Plane",
            VpcId=vpc_id,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": [{"Key": f"kubernetes.io/cluster/{name}", "Value": "owned"}],
                }
            ],
        )["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=group_id, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id}]}]
        )
        return str(group_id)


def _is_automatic(asked: dict[str, Any]) -> bool:
    """EKS Auto Mode, of which any part is asked for; CDK says of each part that it is not."""
    compute = asked.get("computeConfig") or {}
    storage = (asked.get("storageConfig") or {}).get("blockStorage") or {}
    balancing = (asked.get("kubernetesNetworkConfig") or {}).get("elasticLoadBalancing") or {}
    return any(part.get("enabled") for part in (compute, storage, balancing))
