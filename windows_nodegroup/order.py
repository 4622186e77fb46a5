"""What is made before what, and therefore deleted after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Fn

if TYPE_CHECKING:
    from aws_cdk import CfnResource


def make_after(resource: CfnResource, earlier: CfnResource | None) -> None:
    """Has CloudFormation make `resource` after `earlier` and delete it before, if there is an `earlier` one.

    `DependsOn` may not name a resource that a condition can leave out. A reference may, under the same condition; in
    the metadata it has no other effect.
    """
    if earlier is None:
        return
    condition = earlier.cfn_options.condition
    if condition is None:
        resource.add_resource_dependency(earlier)
    else:
        resource.add_metadata(f"After{earlier.node.id}", Fn.condition_if(condition.logical_id, earlier.ref, ""))
