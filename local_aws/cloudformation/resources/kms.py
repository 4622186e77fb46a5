"""AWS::KMS::*: keys and aliases, as far as CDK's bootstrap stack needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.kind import Kind, Made, changed_tags
from local_aws.cloudformation.values import is_true

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Key(Kind):
    """AWS::KMS::Key."""

    type = "AWS::KMS::Key"
    properties = frozenset({"Description", "EnableKeyRotation", "KeyPolicy", "PendingWindowInDays", "Tags"})
    attributes = frozenset({"Arn", "KeyId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the key."""
        properties = task.properties
        metadata = task.call(
            "kms",
            "create_key",
            Description=properties.get("Description"),
            Policy=properties.get("KeyPolicy"),
            Tags=_tags(properties.get("Tags")),
        )["KeyMetadata"]
        key = metadata["KeyId"]
        task.initiated(key)
        if is_true(properties.get("EnableKeyRotation")):
            task.call("kms", "enable_key_rotation", KeyId=key)
        return Made(key, {"Arn": metadata["Arn"], "KeyId": key})

    def update(self, task: Task) -> Made:
        """Change description, policy, rotation and tags."""
        key, properties = str(task.physical_id), task.properties
        task.call("kms", "update_key_description", KeyId=key, Description=properties.get("Description", ""))
        if "KeyPolicy" in properties:
            task.call("kms", "put_key_policy", KeyId=key, PolicyName="default", Policy=properties["KeyPolicy"])
        rotate = is_true(properties.get("EnableKeyRotation"))
        task.call("kms", "enable_key_rotation" if rotate else "disable_key_rotation", KeyId=key)
        gone, fresh = changed_tags(task)
        if gone:
            task.call("kms", "untag_resource", KeyId=key, TagKeys=gone)
        if fresh:
            task.call("kms", "tag_resource", KeyId=key, Tags=_tags(fresh))
        metadata = task.call("kms", "describe_key", KeyId=key)["KeyMetadata"]
        return Made(key, {"Arn": metadata["Arn"], "KeyId": key})

    def delete(self, task: Task) -> None:
        """Schedule the deletion; KMS has no other."""
        days = task.properties.get("PendingWindowInDays", 30)
        task.call("kms", "schedule_key_deletion", KeyId=task.physical_id, PendingWindowInDays=days)


def _tags(tags: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags] if tags else None


class Alias(Kind):
    """AWS::KMS::Alias."""

    type = "AWS::KMS::Alias"
    properties = frozenset({"AliasName", "TargetKeyId"})
    required = properties
    immutable = frozenset({"AliasName"})
    name_property = "AliasName"

    def create(self, task: Task) -> Made:
        """Create the alias."""
        task.call("kms", "create_alias", **task.properties)
        return Made(task.properties["AliasName"])

    def update(self, task: Task) -> Made:
        """Point it at another key."""
        task.call("kms", "update_alias", **task.properties)
        return Made(str(task.physical_id))

    def delete(self, task: Task) -> None:
        """Delete the alias, not the key."""
        task.call("kms", "delete_alias", AliasName=task.physical_id)


KINDS: tuple[type[Kind], ...] = (Key, Alias)
