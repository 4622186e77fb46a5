"""What kind of thing each input takes, as its annotation says: else Python takes a text for a list of letters.

The annotations are read as text, because what they name of CDK need not be loaded.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import TYPE_CHECKING

from . import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .problems import Problems

_DATA = (str, int, float, bytes, Mapping, Sequence, set, frozenset)
# Of CDK, which hands out objects that have none of its classes.
_INTERFACES = ("CdkCluster", "Construct")
_LONGEST_VALUE = 80


def check_input_types(takes: Callable[..., object], given: Mapping[str, object], problems: Problems) -> None:
    """Check inputs, and what is in lists, mappings and values of this library, against the annotations.

    Args:
        takes: The function that has the annotations.
        given: The inputs by name; defaults need no check.
        problems: Collects what is wrong.
    """
    defaults = getattr(takes, "__kwdefaults__", None) or {}
    for name, wanted in _annotations(takes).items():
        if name not in given or (name in defaults and given[name] is defaults[name]):
            continue
        for finding in _findings(name, given[name], wanted):
            problems.add(rules.INPUT_TYPE, finding)


@cache
def _annotations(takes: Callable[..., object]) -> Mapping[str, ast.expr]:
    return {
        name: ast.parse(annotation, mode="eval").body
        for name, annotation in takes.__annotations__.items()
        if name != "return"
    }


def _findings(name: str, value: object, wanted: ast.expr) -> Iterator[str]:
    kind = next((each for each in _alternatives(wanted) if _is(value, each)), None)
    if kind is None:
        yield f"{name} is {_shown(value)}, not {ast.unparse(wanted)}"
    elif isinstance(value, Mapping) and isinstance(kind, ast.Subscript) and isinstance(kind.slice, ast.Tuple):
        of_key, of_value = kind.slice.elts
        for key, each in value.items():
            yield from _findings(f"a key of {name}", key, of_key)
            yield from _findings(f"{name}[{key!r}]", each, of_value)
    elif isinstance(value, Sequence) and isinstance(kind, ast.Subscript):
        for index, each in enumerate(value):
            yield from _findings(f"{name}[{index}]", each, kind.slice)
    elif is_dataclass(value) and not isinstance(value, type):
        for ours in (base for base in type(value).__mro__ if base.__module__.partition(".")[0] == __package__):
            for field, of_field in _annotations(ours).items():
                yield from _findings(f"{name}.{field}", getattr(value, field), of_field)


def _alternatives(wanted: ast.expr) -> Iterator[ast.expr]:
    if isinstance(wanted, ast.BinOp):
        yield from _alternatives(wanted.left)
        yield from _alternatives(wanted.right)
    else:
        yield wanted


def _is(value: object, kind: ast.expr) -> bool:
    """Whether a value is of a kind, whatever is in it."""
    match kind:
        case ast.Constant():
            return value is None
        case ast.Subscript(value=ast.Name("Mapping")):
            return isinstance(value, Mapping)
        case ast.Subscript():
            return isinstance(value, Sequence) and not isinstance(value, str | bytes)
        case ast.Name("Number"):
            return value is not None  # the rules of each number say more
        case ast.Name(name) if name not in _INTERFACES:
            return any(base.__name__ == name for base in type(value).__mro__)
        case _:  # of CDK, which looks for itself whether it is the right one
            return value is not None and not isinstance(value, _DATA)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
