"""What templates and the API hold, and how CloudFormation compares and writes it."""

from __future__ import annotations

from typing import Any

#: A text, a number, a truth value, a list or a mapping of such.
Value = Any


def as_text(value: object) -> str:
    """A scalar as CloudFormation writes it into texts and events: `true`, `5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def as_texts(value: Value) -> Value:
    """Scalars as texts, however deep: so functions receive them."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    return as_text(value)


def same(old: Value, new: Value) -> bool:
    """Whether two values mean the same: `5` and `"5"` do."""
    if old is None or new is None:
        return old is new
    return bool(as_texts(old) == as_texts(new))


def is_true(value: Value) -> bool:
    """Whether a truth value is true: `true` and `"true"` are."""
    return as_text(value).lower() == "true"
