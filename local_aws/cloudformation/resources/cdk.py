"""AWS::CDK::Metadata: nothing at all, on AWS too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.resources.kind import Kind, Made

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Metadata(Kind):
    """AWS::CDK::Metadata: what an app is made of, for AWS's statistics."""

    type = "AWS::CDK::Metadata"
    properties = frozenset({"Analytics"})

    def create(self, task: Task) -> Made:
        """Make nothing."""
        return Made(task.name())

    def update(self, task: Task) -> Made:
        """Change nothing."""
        return Made(str(task.physical_id))

    def delete(self, task: Task) -> None:
        """Delete nothing."""


KINDS: tuple[type[Kind], ...] = (Metadata,)
