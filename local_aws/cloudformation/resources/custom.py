"""Custom::* and AWS::CloudFormation::CustomResource: resources that a function makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.errors import ResourceFailed
from local_aws.cloudformation.resources.kind import Kind

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Made, Task


class CustomResource(Kind):
    """Hands everything to the function behind the service token; its answer is the resource."""

    type = "AWS::CloudFormation::CustomResource"
    properties = frozenset()

    def create(self, task: Task) -> Made:
        """Ask the function."""
        return task.invoke("Create")

    def update(self, task: Task) -> Made:
        """Ask the function. Another physical id in its answer means that the old resource is deleted later."""
        if task.properties.get("ServiceToken") != task.old_properties.get("ServiceToken"):
            raise ResourceFailed("Modifying service token is not allowed.")
        return task.invoke("Update")

    def delete(self, task: Task) -> None:
        """Ask the function."""
        task.invoke("Delete")
