"""Managed node groups: their role is let in, their nodes are in the Kubernetes API; no instances stand behind them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.eks.access_entries import AccessEntryOperations
from local_aws.service import ServiceError

if TYPE_CHECKING:
    from local_aws.eks.clusters import Cluster
    from local_aws.service import Call

_DEFAULT_SCALING = {"minSize": 1, "desiredSize": 2, "maxSize": 2}


@dataclass(slots=True, kw_only=True)
class NodeGroup:
    """One managed node group of a cluster."""

    name: str
    arn: str
    #: As it was asked for.
    asked: dict[str, Any]
    scaling: dict[str, int]
    nodes: list[str]
    status: str = "ACTIVE"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def description(self) -> dict[str, Any]:
        """As `DescribeNodegroup` has it."""
        told = ("amiType", "capacityType", "clusterName", "diskSize", "instanceTypes", "labels", "nodeRole", "subnets")
        return {
            **{name: self.asked[name] for name in told if self.asked.get(name) is not None},
            "nodegroupName": self.name,
            "nodegroupArn": self.arn,
            "scalingConfig": self.scaling,
            "status": self.status,
            "health": {"issues": []},
            "createdAt": self.created_at,
            "tags": self.asked.get("tags") or {},
        }


class NodeGroupOperations(AccessEntryOperations):
    """The operations of EKS on managed node groups, Linux ones in clusters whose mode has access entries."""

    def create_nodegroup(self, call: Call) -> dict[str, Any]:
        """Make a node group; it is ACTIVE and its nodes are Ready at once."""
        cluster = self._cluster(call)
        asked = call.parameters
        name, role_arn = asked["nodegroupName"], asked["nodeRole"]
        if name in cluster.node_groups:
            raise ServiceError(
                "ResourceInUseException",
                f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
            )
        if not cluster.entries_count or str(asked.get("amiType", "")).startswith("WINDOWS"):
            raise ServiceError(
                "InvalidParameterException",
                "the local AWS makes managed node groups of Linux only, and only where access entries count",
            )
        if not self._principal_exists(role_arn):
            raise ServiceError("InvalidParameterException", f"The role {role_arn} does not exist.")
        if role_arn not in cluster.access_entries:
            self._new_entry(cluster, role_arn, "EC2_LINUX")
        scaling = asked.get("scalingConfig") or _DEFAULT_SCALING
        cluster.node_groups[name] = NodeGroup(
            name=name,
            arn=f"{cluster.arn.replace(':cluster/', ':nodegroup/')}/{name}/{uuid.uuid4()}",
            asked=asked,
            scaling=scaling,
            nodes=[_join(cluster, name, number) for number in range(scaling["desiredSize"])],
        )
        return {"nodegroup": cluster.node_groups[name].description()}

    def describe_nodegroup(self, call: Call) -> dict[str, Any]:
        """One node group."""
        return {"nodegroup": _node_group(self._cluster(call), call).description()}

    def list_nodegroups(self, call: Call) -> dict[str, Any]:
        """The node groups' names."""
        return {"nodegroups": list(self._cluster(call).node_groups)}

    def delete_nodegroup(self, call: Call) -> dict[str, Any]:
        """Remove a node group with its nodes, at once."""
        cluster = self._cluster(call)
        group = cluster.node_groups.pop(_node_group(cluster, call).name)
        for node in group.nodes:
            cluster.kubernetes.delete("v1", "Node", node)
        group.status = "DELETING"
        return {"nodegroup": group.description()}


def _join(cluster: Cluster, group: str, number: int) -> str:
    name = f"{group}-{number}".lower()
    labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "eks.amazonaws.com/nodegroup": group}
    cluster.kubernetes.put_node(name, labels=labels, provider_id=f"aws:///local/{name}")
    return name


def _node_group(cluster: Cluster, call: Call) -> NodeGroup:
    name = call.parameters["nodegroupName"]
    if name not in cluster.node_groups:
        raise ServiceError("ResourceNotFoundException", f"No node group found for name: {name}.")
    return cluster.node_groups[name]
