"""What is made before what, and therefore deleted after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aws_cdk import Fn

if TYPE_CHECKING:
    from aws_cdk import CfnCondition, CfnResource


class Step(NamedTuple):
    """A resource that others are made after.

    Attributes:
        resource: The resource.
        condition: Without which there is none; None: there always is.
        kind: Its type, where somebody wants to know that.
    """

    resource: CfnResource
    condition: CfnCondition | None = None
    kind: str = ""


def make_after(resource: CfnResource, earlier: Step | None) -> None:
    """Has CloudFormation make `resource` after an `earlier` one and delete it before, if there is an earlier one.

    `DependsOn` may not name a resource that a condition can leave out. A reference may, under the same condition; in
    the metadata it has no other effect.
    """
    if earlier is None:
        return
    if earlier.condition is None:
        resource.add_resource_dependency(earlier.resource)
    else:
        reference = Fn.condition_if(earlier.condition.logical_id, earlier.resource.ref, "")
        resource.add_metadata(f"After{earlier.resource.node.id}", reference)


def only_if(condition: CfnCondition, step: Step) -> Step:
    """Has a step taken only if a condition holds."""
    step.resource.cfn_options.condition = condition
    return step._replace(condition=condition)
