"""What Node has told once and need not tell again: every question is a round trip, and an app asks hundreds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from aws_cdk import Aws, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_cdk import CfnResource
    from constructs import IConstruct

    from .literals import Intrinsic

Value = TypeVar("Value")

_STACKS: WeakKeyDictionary[IConstruct, Stack] = WeakKeyDictionary()
_SHARED: WeakKeyDictionary[Stack, dict[str, object]] = WeakKeyDictionary()


@cache
def pseudo_parameter(name: str) -> str:
    """A pseudo parameter of CloudFormation, by its name in `aws_cdk.Aws`."""
    return str(getattr(Aws, name))


def attribute(resource: CfnResource, name: str) -> Intrinsic:
    """An attribute of a resource, as CloudFormation will know it."""
    return {"Fn::GetAtt": [_logical_id(resource), name]}


def stack_of(scope: IConstruct) -> Stack:
    """The stack that a construct is in."""
    if isinstance(scope, Stack):
        return scope
    stack = _STACKS.get(scope)
    return Stack.of(scope) if stack is None else stack


def remember_stack(construct: IConstruct, scope: IConstruct) -> None:
    """Notes that a construct is in the stack of its scope."""
    _STACKS[construct] = stack_of(scope)


def shared(scope: IConstruct, name: str, make: Callable[[Stack], Value]) -> Value:
    """The one thing of a name that all node groups of a stack share.

    Args:
        scope: In the stack.
        name: What tells it from others.
        make: Makes it for the first who asks.
    """
    stack = stack_of(scope)
    things = _SHARED.setdefault(stack, {})
    if name not in things:
        things[name] = make(stack)
    return things[name]  # type: ignore[return-value]  # what was made under a name has the type that it is asked for


@cache
def _logical_id(resource: CfnResource) -> str:
    return resource.logical_id
