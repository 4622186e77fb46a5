"""Which names a template's expressions mention: the edges of the dependency graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.intrinsics import FUNCTIONS, SUBSTITUTION, function_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.cloudformation.values import Value


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of a parameter or a resource."""

    name: str
    #: None for a `Ref`; else what `Fn::GetAtt` asks for ("" if that is an expression of its own).
    attribute: str | None = None


def references(value: Value) -> Iterator[Reference]:
    """Every `Ref`, `Fn::GetAtt` and `${…}` in the value, however deep.

    Raises:
        Refused: an intrinsic function is unknown.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    name = function_of(value)
    if name is None:
        for item in value.values():
            yield from references(item)
        return
    argument = value[name]
    if name not in FUNCTIONS:
        supported = ", ".join(sorted(FUNCTIONS))
        raise Refused(
            f"Template format error: Encountered unsupported function: {name} Supported functions are: [{supported}]"
        )
    if name == "Ref":
        yield Reference(_text(name, argument))
    elif name == "Fn::GetAtt":
        yield from _get_att(argument)
    elif name == "Fn::Sub":
        yield from _sub(argument)
    else:
        yield from references(argument)


def _text(function: str, argument: object) -> str:
    if not isinstance(argument, str):
        raise Refused(f"Template format error: Every {function} object must have a single String value.")
    return argument


def _get_att(argument: Value) -> Iterator[Reference]:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):  # noqa: PLR2004 - a pair
        raise Refused(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, "
            "the resource name and the resource attribute"
        )
    logical_id, attribute = parts
    yield Reference(logical_id, attribute if isinstance(attribute, str) else "")
    yield from references(attribute)


def _sub(argument: Value) -> Iterator[Reference]:
    text, variables = (argument, {}) if isinstance(argument, str) else argument
    yield from references(variables)
    for match in SUBSTITUTION.finditer(text):
        name = match[1].strip()
        if name.startswith("!") or name in variables:
            continue
        logical_id, _, attribute = name.partition(".")
        yield Reference(logical_id, attribute or None)
