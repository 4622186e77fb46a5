"""AWS::EKS::*: clusters, managed node groups and add-ons, as CDK's `aws_eks_v2` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import ResourceFailed
from local_aws.cloudformation.resources.kind import Kind, Made, change_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.resources.kind import Task

_STABILISES_IN = 300


def _stable(
    task: Task, describe: Callable[[], dict[str, Any]], *, also: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What it describes, once that is active."""
    found: dict[str, Any] = {}

    def ready() -> bool:
        found.update(describe())
        if found["status"] in ("FAILED", "CREATE_FAILED"):
            raise ResourceFailed(f"{task.logical_id} is in status {found['status']}")
        return found["status"] in {"ACTIVE", *also}

    task.until(ready, seconds=_STABILISES_IN, otherwise=f"{task.logical_id} failed to stabilize")
    return found


class Cluster(Kind):
    """AWS::EKS::Cluster."""

    type = "AWS::EKS::Cluster"
    properties = frozenset(
        {
            "AccessConfig",
            "BootstrapSelfManagedAddons",
            "ComputeConfig",
            "KubernetesNetworkConfig",
            "Name",
            "ResourcesVpcConfig",
            "RoleArn",
            "StorageConfig",
            "Tags",
            "Version",
        }
    )
    required = frozenset({"ResourcesVpcConfig", "RoleArn"})
    immutable = frozenset({"BootstrapSelfManagedAddons", "Name", "RoleArn"})
    name_property = "Name"
    attributes = frozenset(
        {"Arn", "CertificateAuthorityData", "ClusterSecurityGroupId", "Endpoint", "Id", "OpenIdConnectIssuerUrl"}
    )
    takes_stack_tags = True

    def replaces(self, changed: frozenset[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Some settings are fixed within properties that are not."""
        fixed = (("KubernetesNetworkConfig", "IpFamily"), ("KubernetesNetworkConfig", "ServiceIpv4Cidr"))
        moved = any(old.get(name, {}).get(part) != new.get(name, {}).get(part) for name, part in fixed)
        return moved or super().replaces(changed, old, new)

    def create(self, task: Task) -> Made:
        """Create the cluster and wait until it is active."""
        properties = task.properties
        name = properties.get("Name") or task.name(limit=100)
        task.call("eks", "create_cluster", **{**properties, "Name": name})
        task.initiated(name)
        return self._made(task, name)

    def update(self, task: Task) -> Made:
        """Change the version, the mode or the endpoint's reach, one after the other."""
        name, old, new = str(task.physical_id), task.old_properties, task.properties
        if old.get("Version") != new.get("Version"):
            task.call("eks", "update_cluster_version", name=name, version=new["Version"])
            self._made(task, name)
        if old.get("AccessConfig") != new.get("AccessConfig"):
            mode = {"authenticationMode": new["AccessConfig"]["AuthenticationMode"]}
            task.call("eks", "update_cluster_config", name=name, accessConfig=mode)
            self._made(task, name)
        if old["ResourcesVpcConfig"] != new["ResourcesVpcConfig"]:
            task.call("eks", "update_cluster_config", name=name, resourcesVpcConfig=new["ResourcesVpcConfig"])
        made = self._made(task, name)
        change_tags(task, "eks", resourceArn=made.attributes["Arn"])
        return made

    def _made(self, task: Task, name: str) -> Made:
        cluster = _stable(task, lambda: _cluster(task, name))
        return Made(
            name,
            {
                "Arn": cluster["arn"],
                "CertificateAuthorityData": cluster["certificateAuthority"]["data"],
                "ClusterSecurityGroupId": cluster["resourcesVpcConfig"].get("clusterSecurityGroupId", ""),
                "Endpoint": cluster["endpoint"],
                "Id": cluster.get("id", ""),
                "OpenIdConnectIssuerUrl": cluster["identity"]["oidc"]["issuer"],
            },
        )

    def delete(self, task: Task) -> None:
        """Delete the cluster."""
        task.call("eks", "delete_cluster", name=task.physical_id)


def _cluster(task: Task, name: str) -> dict[str, Any]:
    found: dict[str, Any] = task.call("eks", "describe_cluster", name=name)["cluster"]
    return found


class Nodegroup(Kind):
    """AWS::EKS::Nodegroup."""

    type = "AWS::EKS::Nodegroup"
    properties = frozenset(
        {
            "AmiType",
            "CapacityType",
            "ClusterName",
            "DiskSize",
            "ForceUpdateEnabled",
            "InstanceTypes",
            "Labels",
            "NodeRole",
            "NodegroupName",
            "ScalingConfig",
            "Subnets",
            "Tags",
        }
    )
    required = frozenset({"ClusterName", "NodeRole", "Subnets"})
    immutable = frozenset(
        {"AmiType", "CapacityType", "ClusterName", "DiskSize", "InstanceTypes", "NodeRole", "NodegroupName", "Subnets"}
    )
    name_property = "NodegroupName"
    attributes = frozenset({"Arn", "ClusterName", "Id", "NodegroupName"})
    takes_stack_tags = True
    tags_are_a_mapping = True

    def create(self, task: Task) -> Made:
        """Create the node group and wait until it is active."""
        properties = task.properties
        name = properties.get("NodegroupName") or task.name(limit=63)
        given = {key: value for key, value in properties.items() if key != "ForceUpdateEnabled"}
        task.call("eks", "create_nodegroup", **{**given, "NodegroupName": name})
        task.initiated(f"{properties['ClusterName']}/{name}")
        return self._made(task)

    def update(self, task: Task) -> Made:
        """Change sizes and labels."""
        old, new = task.old_properties, task.properties
        gone = sorted(old.get("Labels", {}).keys() - new.get("Labels", {}).keys())
        task.call(
            "eks",
            "update_nodegroup_config",
            **self._about(task),
            labels={"addOrUpdateLabels": new.get("Labels", {}), "removeLabels": gone},
            scalingConfig=new.get("ScalingConfig"),
        )
        made = self._made(task)
        change_tags(task, "eks", resourceArn=made.attributes["Arn"])
        return made

    def _about(self, task: Task) -> dict[str, str]:
        cluster, name = str(task.physical_id).split("/")
        return {"clusterName": cluster, "nodegroupName": name}

    def _made(self, task: Task) -> Made:
        about = self._about(task)
        found = _stable(
            task,
            lambda: dict(task.call("eks", "describe_nodegroup", **about)["nodegroup"]),
            also=frozenset({"DEGRADED"}),
        )
        attributes = {
            "Arn": found["nodegroupArn"],
            "ClusterName": about["clusterName"],
            "Id": task.physical_id,
            "NodegroupName": about["nodegroupName"],
        }
        return Made(str(task.physical_id), attributes)

    def delete(self, task: Task) -> None:
        """Delete the node group."""
        task.call("eks", "delete_nodegroup", **self._about(task))


class Addon(Kind):
    """AWS::EKS::Addon."""

    type = "AWS::EKS::Addon"
    properties = frozenset(
        {"AddonName", "AddonVersion", "ClusterName", "ConfigurationValues", "ResolveConflicts", "ServiceAccountRoleArn"}
    )
    required = frozenset({"AddonName", "ClusterName"})
    immutable = frozenset({"AddonName", "ClusterName"})
    attributes = frozenset({"Arn"})

    def create(self, task: Task) -> Made:
        """Install the add-on and wait until it is active."""
        task.call("eks", "create_addon", **task.properties)
        task.initiated(f"{task.properties['ClusterName']}|{task.properties['AddonName']}")
        return self._made(task)

    def update(self, task: Task) -> Made:
        """Change version and configuration."""
        task.call("eks", "update_addon", **task.properties)
        return self._made(task)

    def _about(self, task: Task) -> dict[str, str]:
        return {"clusterName": task.properties["ClusterName"], "addonName": task.properties["AddonName"]}

    def _made(self, task: Task) -> Made:
        about = self._about(task)
        found = _stable(
            task, lambda: dict(task.call("eks", "describe_addon", **about)["addon"]), also=frozenset({"DEGRADED"})
        )
        return Made(str(task.physical_id), {"Arn": found["addonArn"]})

    def delete(self, task: Task) -> None:
        """Remove the add-on."""
        task.call("eks", "delete_addon", **self._about(task))


KINDS: tuple[type[Kind], ...] = (Cluster, Nodegroup, Addon)
