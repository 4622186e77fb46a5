"""AWS::EKS::*: access entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.kind import Kind, Made, change_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class AccessEntry(Kind):
    """AWS::EKS::AccessEntry with its access policies."""

    type = "AWS::EKS::AccessEntry"
    properties = frozenset(
        {"AccessPolicies", "ClusterName", "KubernetesGroups", "PrincipalArn", "Tags", "Type", "Username"}
    )
    required = frozenset({"ClusterName", "PrincipalArn"})
    immutable = frozenset({"ClusterName", "PrincipalArn", "Type"})
    attributes = frozenset({"AccessEntryArn"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the entry and associate its policies."""
        properties = task.properties
        entry = task.call(
            "eks",
            "create_access_entry",
            **_about(properties),
            kubernetesGroups=properties.get("KubernetesGroups"),
            username=properties.get("Username"),
            type=properties.get("Type"),
            tags=properties.get("Tags"),
        )["accessEntry"]
        physical_id = f"{properties['PrincipalArn']}|{properties['ClusterName']}"
        task.initiated(physical_id)
        _associate(task)
        return Made(physical_id, {"AccessEntryArn": entry["accessEntryArn"]})

    def update(self, task: Task) -> Made:
        """Change groups, user name, policies and tags."""
        properties = task.properties
        entry = task.call(
            "eks",
            "update_access_entry",
            **_about(properties),
            kubernetesGroups=properties.get("KubernetesGroups", []),
            username=properties.get("Username"),
        )["accessEntry"]
        _associate(task)
        change_tags(task, "eks", resourceArn=entry["accessEntryArn"])
        return Made(str(task.physical_id), {"AccessEntryArn": entry["accessEntryArn"]})

    def delete(self, task: Task) -> None:
        """Delete the entry with its associations."""
        task.call("eks", "delete_access_entry", **_about(task.properties))


def _about(properties: dict[str, Any]) -> dict[str, Any]:
    return {"clusterName": properties["ClusterName"], "principalArn": properties["PrincipalArn"]}


def _associate(task: Task) -> None:
    about = _about(task.properties)
    old = {policy["PolicyArn"]: policy for policy in task.old_properties.get("AccessPolicies", [])}
    new = {policy["PolicyArn"]: policy for policy in task.properties.get("AccessPolicies", [])}
    for arn in old.keys() - new.keys():
        task.call_if_there("eks", "disassociate_access_policy", **about, policyArn=arn)
    for arn, policy in new.items():
        if old.get(arn) != policy:
            task.call("eks", "associate_access_policy", **about, policyArn=arn, accessScope=policy["AccessScope"])


KINDS: tuple[type[Kind], ...] = (AccessEntry,)
