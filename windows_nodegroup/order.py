"""What is made before what, and therefore deleted after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import jsii
from aws_cdk import Aspects, CfnResource, Fn, IAspect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import CfnCondition
    from aws_cdk import aws_ec2 as ec2
    from constructs import IConstruct, IDependable


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


def make_after_all(resource: CfnResource, earlier: Sequence[IDependable]) -> None:
    """Has CloudFormation make `resource` after everything that has to be there before, if there is anything."""
    if earlier:
        resource.node.add_dependency(*earlier)


def make_after_endpoints(resource: CfnResource, vpc: ec2.IVpc) -> None:
    """Has CloudFormation make `resource` after all endpoints that the app makes for a VPC, earlier or later."""
    Aspects.of(resource).add(_AfterEndpoints(vpc))


@jsii.implements(IAspect)
class _AfterEndpoints:
    """Finds the endpoints when the app is synthesized, and all are made."""

    def __init__(self, vpc: ec2.IVpc) -> None:
        self._vpc = vpc

    def visit(self, node: IConstruct) -> None:
        for each in self._vpc.node.find_all():
            if isinstance(each, CfnResource) and each.cfn_resource_type == "AWS::EC2::VPCEndpoint":
                node.node.add_dependency(each)
