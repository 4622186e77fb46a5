"""AWS::SSM::Parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.resources.kind import Kind, Made, changed_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Parameter(Kind):
    """AWS::SSM::Parameter."""

    type = "AWS::SSM::Parameter"
    properties = frozenset({"AllowedPattern", "Description", "Name", "Tags", "Tier", "Type", "Value"})
    required = frozenset({"Type", "Value"})
    immutable = frozenset({"Name"})
    name_property = "Name"
    attributes = frozenset({"Type", "Value"})
    changing_attributes = frozenset({"Type", "Value"})
    takes_stack_tags = True
    tags_are_a_mapping = True

    def create(self, task: Task) -> Made:
        """Put the parameter; one of that name is an error."""
        properties = task.properties
        name = properties.get("Name") or task.name()
        tags = [{"Key": key, "Value": value} for key, value in properties.get("Tags", {}).items()]
        task.call("ssm", "put_parameter", Name=name, Tags=tags or None, **self._content(task))
        return self._made(task, name)

    def update(self, task: Task) -> Made:
        """Overwrite the parameter."""
        name = str(task.physical_id)
        task.call("ssm", "put_parameter", Name=name, Overwrite=True, **self._content(task))
        gone, fresh = changed_tags(task)
        about = {"ResourceType": "Parameter", "ResourceId": name}
        if gone:
            task.call("ssm", "remove_tags_from_resource", **about, TagKeys=gone)
        if fresh:
            task.call("ssm", "add_tags_to_resource", **about, Tags=fresh)
        return self._made(task, name)

    def _content(self, task: Task) -> dict[str, object]:
        return {key: task.properties.get(key) for key in ("AllowedPattern", "Description", "Tier", "Type", "Value")}

    def _made(self, task: Task, name: str) -> Made:
        return Made(name, {"Type": task.properties["Type"], "Value": task.properties["Value"]})

    def delete(self, task: Task) -> None:
        """Delete the parameter."""
        task.call("ssm", "delete_parameter", Name=task.physical_id)


KINDS: tuple[type[Kind], ...] = (Parameter,)
