"""The clusters that EKS has, and how an operation finds the one that it is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.service import Service, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.eks.clusters import Cluster
    from local_aws.place import Place
    from local_aws.service import Call


class ClusterRegistry(Service):
    """What all operations of EKS stand on."""

    name = "eks"

    def __init__(self, *, client: Callable[[str], Any], place: Place) -> None:
        """`client` gives boto3 clients of the local AWS: a cluster has a VPC, security groups and roles."""
        self.clusters: dict[str, Cluster] = {}
        #: How long a new access entry takes until it counts.
        self.settle_seconds = 0.0
        self._client = client
        self._place = place

    def _cluster(self, call: Call) -> Cluster:
        name = call.parameters.get("name") or call.parameters["clusterName"]
        if name not in self._clusters_for(call):
            raise ServiceError("ResourceNotFoundException", f"No cluster found for name: {name}.")
        return self.clusters[name]

    def _clusters_for(self, call: Call) -> dict[str, Cluster]:
        """The clusters of the region that is asked: in every other one there are none."""
        return self.clusters if call.region == self._place.region else {}

    def _cluster_with_entries(self, call: Call) -> Cluster:
        cluster = self._cluster(call)
        if not cluster.entries_count:
            raise ServiceError(
                "InvalidRequestException",
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
                "to perform this operation.",
            )
        return cluster

    def _principal_exists(self, arn: str) -> bool:
        """IAM has this user or role; EKS takes no other."""
        iam = self._client("iam")
        kind, _, path_and_name = arn.rpartition(":")[2].partition("/")
        name = path_and_name.rpartition("/")[2]
        try:
            found = iam.get_role(RoleName=name)["Role"] if kind == "role" else iam.get_user(UserName=name)["User"]
        except iam.exceptions.NoSuchEntityException:
            return False
        return bool(found["Arn"] == arn)
