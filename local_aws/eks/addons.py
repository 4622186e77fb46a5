"""Managed add-ons: that they are there, in which version and with which configuration. They do nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.eks.registry import ClusterRegistry
from local_aws.service import ServiceError

if TYPE_CHECKING:
    from local_aws.eks.clusters import Cluster
    from local_aws.service import Call

#: The versions that an add-on gets when none is asked for.
_DEFAULT_VERSIONS = {
    "coredns": "v1.12.2-eksbuild.4",
    "kube-proxy": "v1.34.0-eksbuild.2",
    "vpc-cni": "v1.20.4-eksbuild.1",
}


@dataclass(slots=True, kw_only=True)
class Addon:
    """One add-on of a cluster."""

    name: str
    arn: str
    version: str
    #: JSON, as it was given.
    configuration: str | None
    role_arn: str | None
    tags: dict[str, str]
    status: str = "ACTIVE"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def description(self, cluster_name: str) -> dict[str, Any]:
        """As `DescribeAddon` has it."""
        described: dict[str, Any] = {
            "addonName": self.name,
            "clusterName": cluster_name,
            "addonArn": self.arn,
            "addonVersion": self.version,
            "configurationValues": self.configuration,
            "serviceAccountRoleArn": self.role_arn,
            "status": self.status,
            "health": {"issues": []},
            "createdAt": self.created_at,
            "modifiedAt": self.created_at,
            "tags": self.tags,
        }
        return {key: value for key, value in described.items() if value is not None}


class AddonOperations(ClusterRegistry):
    """The operations of EKS on add-ons."""

    def create_addon(self, call: Call) -> dict[str, Any]:
        """Install an add-on."""
        cluster = self._cluster(call)
        name = call.parameters["addonName"]
        if name in cluster.addons:
            raise ServiceError("ResourceInUseException", f"Addon already exists: {name}")
        if name not in _DEFAULT_VERSIONS:
            raise ServiceError(
                "InvalidParameterException", f"the local AWS has no add-on {name}, only {', '.join(_DEFAULT_VERSIONS)}"
            )
        cluster.addons[name] = Addon(
            name=name,
            arn=f"{cluster.arn.replace(':cluster/', ':addon/')}/{name}/00000000-0000-4000-8000-000000000000",
            version=call.parameters.get("addonVersion") or _DEFAULT_VERSIONS[name],
            configuration=call.parameters.get("configurationValues"),
            role_arn=call.parameters.get("serviceAccountRoleArn"),
            tags=call.parameters.get("tags") or {},
        )
        return {"addon": cluster.addons[name].description(cluster.name)}

    def describe_addon(self, call: Call) -> dict[str, Any]:
        """One add-on."""
        cluster = self._cluster(call)
        return {"addon": _addon(cluster, call).description(cluster.name)}

    def list_addons(self, call: Call) -> dict[str, Any]:
        """The add-ons' names."""
        return {"addons": list(self._cluster(call).addons)}

    def update_addon(self, call: Call) -> dict[str, Any]:
        """Change version, configuration or role."""
        cluster = self._cluster(call)
        addon = _addon(cluster, call)
        addon.version = call.parameters.get("addonVersion") or addon.version
        addon.configuration = call.parameters.get("configurationValues", addon.configuration)
        addon.role_arn = call.parameters.get("serviceAccountRoleArn", addon.role_arn)
        return cluster.updated("AddonUpdate", {"AddonVersion": addon.version})

    def delete_addon(self, call: Call) -> dict[str, Any]:
        """Remove an add-on."""
        cluster = self._cluster(call)
        addon = cluster.addons.pop(_addon(cluster, call).name)
        addon.status = "DELETING"
        return {"addon": addon.description(cluster.name)}


def _addon(cluster: Cluster, call: Call) -> Addon:
    name = call.parameters["addonName"]
    if name not in cluster.addons:
        raise ServiceError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.name}")
    return cluster.addons[name]
