"""Telling values that are known now from tokens, which only the deployment knows.

A check looks at literals alone: a token is never misjudged, because it is never judged.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from aws_cdk import Token

if TYPE_CHECKING:
    from collections.abc import Iterable

Value = TypeVar("Value")

Number = int | float
"""A whole number. It is a float only if it is a token: that is how CDK writes tokens where it wants numbers."""

Intrinsic = dict[str, Any]
"""A function of CloudFormation as a template has it, with tokens in it: a token that takes no round trip to Node."""

# As CDK looks for them. In a list that stands for one token, the only item begins with another sign; the last form is a
# number token that was made into text.
_TOKEN_IN_TEXT = re.compile(r"[$#]\{Token\[[a-zA-Z0-9:._-]+\]\}|-1\.\d{10,16}e\+289")

# Encoded number tokens lie at the far negative end of a double's range; no size, price or count comes near.
_NUMBER_TOKENS_BELOW = -1e280


def is_literal(value: Value | None) -> TypeGuard[Value]:
    """Whether `value` is given and holds no token, itself or (lists, tuples and mappings) inside.

    CDK itself is asked only about what it does not write as text: each question is a round trip to Node.
    """
    if value is None:
        return False
    if isinstance(value, str):
        return not _TOKEN_IN_TEXT.search(value)
    if isinstance(value, int | float):
        return not (value < _NUMBER_TOKENS_BELOW and Token.is_unresolved(value))
    if isinstance(value, dict):
        return all(is_literal(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return all(is_literal(part) for part in value)
    return not Token.is_unresolved(value)


def word(value: str | Enum) -> str:
    """What a member of an enumeration stands for, of one of ours or of CDK's; text stays as it is."""
    return str(value.value) if isinstance(value, Enum) else value


def is_whole(number: object) -> bool:
    """Whether a literal is a whole number, 0 or more."""
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def literals(values: Iterable[Value] | None) -> tuple[Value, ...]:
    """Those of `values` that are literals, in order."""
    return tuple(value for value in values or () if is_literal(value))


def is_token_list(values: object) -> bool:
    """Whether `values` is one token that stands for a whole list: nothing can loop over it before the deployment."""
    if values is None:
        return False
    if isinstance(values, list | tuple):
        return len(values) == 1 and isinstance(values[0], str) and values[0].startswith("#{Token[")
    return not isinstance(values, str | dict) and Token.is_unresolved(values)
