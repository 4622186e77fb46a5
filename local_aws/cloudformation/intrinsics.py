"""Intrinsic functions: what a template's expressions come to."""

from __future__ import annotations

import base64
import ipaddress
import itertools
import re
from typing import TYPE_CHECKING, Protocol

from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.values import as_text, as_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.values import Value

#: Stands in a change set for a value that only the execution will know, as CloudFormation writes it.
KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"


class _NoValue:
    """The value of `AWS::NoValue`: a property that has it is absent."""


NO_VALUE = _NoValue()

#: `${Name}`, `${Name.Attribute}`; `${!Literal}` stays.
SUBSTITUTION = re.compile(r"\$\{(!?[^}]*)\}")

CONDITION_FUNCTIONS = frozenset({"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})


class Scope(Protocol):
    """What expressions can refer to."""

    @property
    def mappings(self) -> Mapping[str, Value]:
        """The template's mappings."""
        ...

    def condition(self, name: str) -> bool:
        """The condition's value."""
        ...

    def ref(self, name: str) -> Value:
        """The value of a parameter, a pseudo parameter or a resource."""
        ...

    def get_att(self, logical_id: str, attribute: str) -> Value:
        """A resource's attribute."""
        ...

    def availability_zones(self, region: str) -> list[str]:
        """The zones of a region."""
        ...

    def import_value(self, name: str) -> str:
        """Another stack's export."""
        ...


def function_of(value: object) -> str | None:
    """The intrinsic function's name if the value is a call of one."""
    if isinstance(value, dict) and len(value) == 1:
        (key,) = value
        if key in ("Ref", "Condition") or (isinstance(key, str) and key.startswith("Fn::")):
            return str(key)
    return None


def resolve(value: Value, scope: Scope) -> Value:
    """The value with every intrinsic function applied.

    Raises:
        Refused: a function is unknown, or its arguments are wrong.
    """
    if isinstance(value, list):
        return [item for item in (resolve(item, scope) for item in value) if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name is None or (name == "Condition" and not isinstance(value[name], str)):
        resolved = {key: resolve(item, scope) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}
    return apply(name, value[name], scope)


def apply(name: str, argument: Value, scope: Scope) -> Value:
    """One function's result."""
    try:
        function = _FUNCTIONS[name]
    except KeyError:
        supported = ", ".join(sorted(_FUNCTIONS))
        raise Refused(
            f"Template format error: Encountered unsupported function: {name} Supported functions are: [{supported}]"
        ) from None
    try:
        return function(argument, scope)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise Refused(f"Template error: every {name} object must have valid arguments ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _ref(argument: Value, scope: Scope) -> Value:
    return scope.ref(argument)


def _condition(argument: Value, scope: Scope) -> Value:
    return scope.condition(argument)


def _get_att(argument: Value, scope: Scope) -> Value:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.get_att(logical_id, resolve(attribute, scope))


def _sub(argument: Value, scope: Scope) -> str:
    text, variables = (argument, {}) if isinstance(argument, str) else argument
    variables = resolve(variables, scope)

    def replacement(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in variables:
            return as_text(variables[name])
        value = scope.get_att(*name.split(".", 1)) if "." in name else scope.ref(name)
        if value is NO_VALUE:
            return ""
        return ",".join(value) if isinstance(value, list) else as_text(value)

    return SUBSTITUTION.sub(replacement, text)


def _join(argument: Value, scope: Scope) -> str:
    delimiter, items = argument
    items = resolve(items, scope)
    if isinstance(items, str):
        if items == KNOWN_AFTER_APPLY:
            return items
        raise TypeError("the second argument is no list")
    return str(delimiter).join(as_text(item) for item in items)


def _split(argument: Value, scope: Scope) -> list[str]:
    delimiter, text = argument
    return as_text(resolve(text, scope)).split(delimiter)


def _select(argument: Value, scope: Scope) -> Value:
    index, items = int(resolve(argument[0], scope)), resolve(argument[1], scope)
    if items == KNOWN_AFTER_APPLY or (KNOWN_AFTER_APPLY in items and index >= len(items)):
        return KNOWN_AFTER_APPLY
    if isinstance(items, str):
        raise TypeError("the second argument is no list")
    if not 0 <= index < len(items):
        raise Refused(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[index]


def _if(argument: Value, scope: Scope) -> Value:
    name, then, otherwise = argument
    return resolve(then if scope.condition(name) else otherwise, scope)


def _equals(argument: Value, scope: Scope) -> bool:
    left, right = (resolve(item, scope) for item in argument)
    return bool(as_texts(left) == as_texts(right))


def _all(argument: Value, scope: Scope) -> bool:
    return all(boolean(item, scope) for item in _between(argument, 2, 10))


def _any(argument: Value, scope: Scope) -> bool:
    return any(boolean(item, scope) for item in _between(argument, 2, 10))


def _not(argument: Value, scope: Scope) -> bool:
    (item,) = argument
    return not boolean(item, scope)


def _between(items: list[Value], least: int, most: int) -> list[Value]:
    if not least <= len(items) <= most:
        raise ValueError(f"{least} to {most} conditions are allowed, {len(items)} given")
    return items


def boolean(value: Value, scope: Scope) -> bool:
    """A condition's value."""
    resolved = resolve(value, scope)
    if resolved in (True, "true"):
        return True
    if resolved in (False, "false"):
        return False
    raise Refused(f"Template format error: conditions must come to true or false, not {resolved!r}")


def _find_in_map(argument: Value, scope: Scope) -> Value:
    name, top, second = (as_text(resolve(item, scope)) for item in argument)
    try:
        return scope.mappings[name][top][second]
    except KeyError:
        raise Refused(f"Template error: Unable to get mapping for {name}::{top}::{second}") from None


def _base64(argument: Value, scope: Scope) -> str:
    text = as_text(resolve(argument, scope))
    return KNOWN_AFTER_APPLY if KNOWN_AFTER_APPLY in text else base64.b64encode(text.encode()).decode()


def _get_azs(argument: Value, scope: Scope) -> list[str]:
    return scope.availability_zones(resolve(argument, scope) or scope.ref("AWS::Region"))


def _cidr(argument: Value, scope: Scope) -> list[str]:
    block, count, *bits = resolve(argument, scope)
    if block == KNOWN_AFTER_APPLY:
        return [KNOWN_AFTER_APPLY] * int(count)
    network = ipaddress.ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 64)
    subnets = [str(subnet) for subnet in itertools.islice(network.subnets(new_prefix=prefix), int(count))]
    if len(subnets) < int(count):
        raise ValueError(f"{block} has no {count} blocks of /{prefix}")
    return subnets


def _import_value(argument: Value, scope: Scope) -> str:
    return scope.import_value(as_text(resolve(argument, scope)))


_FUNCTIONS: dict[str, Callable[[Value, Scope], Value]] = {
    "Condition": _condition,
    "Fn::And": _all,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Not": _not,
    "Fn::Or": _any,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Ref": _ref,
}

#: Every function that templates may use.
FUNCTIONS = frozenset(_FUNCTIONS)
