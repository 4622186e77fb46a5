"""Custom::* and AWS::CloudFormation::CustomResource: resources that a function makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.cloudformation.resources.kind import Made, Task


class CustomResource(Kind):
    """Hands everything to the function behind the service token; its answer is the resource."""

    type = "AWS::CloudFormation::CustomResource"
    properties = frozenset()

    def refusal(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        """Another function would not know the resource."""
        return None if old.get("ServiceToken") == new.get("ServiceToken") else "Modifying service token is not allowed."

    def create(self, task: Task) -> Made:
        """Ask the function."""
        return task.invoke("Create")

    def update(self, task: Task) -> Made:
        """Ask the function. Another physical id in its answer means that the old resource is deleted later."""
        return task.invoke("Update")

    def delete(self, task: Task) -> None:
        """Ask the function."""
        task.invoke("Delete")
