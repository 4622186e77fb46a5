"""AWS::Logs::LogGroup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.resources.kind import Kind, Made, change_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class LogGroup(Kind):
    """AWS::Logs::LogGroup."""

    type = "AWS::Logs::LogGroup"
    properties = frozenset({"LogGroupName", "RetentionInDays", "Tags"})
    immutable = frozenset({"LogGroupName"})
    name_property = "LogGroupName"
    attributes = frozenset({"Arn"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the group and set its retention."""
        properties = task.properties
        name = properties.get("LogGroupName") or task.name(limit=512)
        task.call(
            "logs",
            "create_log_group",
            logGroupName=name,
            tags=properties.get("Tags"),
        )
        task.initiated(name)
        if "RetentionInDays" in properties:
            task.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=properties["RetentionInDays"])
        return self._made(task, name)

    def update(self, task: Task) -> Made:
        """Change retention and tags."""
        name, properties = str(task.physical_id), task.properties
        if "RetentionInDays" in properties:
            task.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=properties["RetentionInDays"])
        elif "RetentionInDays" in task.old_properties:
            task.call("logs", "delete_retention_policy", logGroupName=name)
        made = self._made(task, name)
        change_tags(task, "logs", resourceArn=made.attributes["Arn"].removesuffix(":*"))
        return made

    def _made(self, task: Task, name: str) -> Made:
        return Made(name, {"Arn": f"arn:{task.partition}:logs:{task.region}:{task.account}:log-group:{name}:*"})

    def delete(self, task: Task) -> None:
        """Delete the group with its logs."""
        task.call("logs", "delete_log_group", logGroupName=task.physical_id)


KINDS: tuple[type[Kind], ...] = (LogGroup,)
