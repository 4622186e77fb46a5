"""What a YAML scalar means to go-yaml v2: YAML 1.1, as that library understands it.

Source: https://github.com/yaml/go-yaml/blob/v2.4.2/resolve.go
"""

from __future__ import annotations

import binascii
import math
import re
from datetime import date
from typing import TypeAlias

#: A value as JSON would carry it.
Value: TypeAlias = str | int | float | bool | None

TAG_PREFIX = "tag:yaml.org,2002:"

_WORDS: dict[str, tuple[str, Value]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), ("bool", True)),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), ("bool", False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("float", math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("float", math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("float", -math.inf)),
}
_MEANINGFUL_START = frozenset("yYnNtTfFoO~.+-0123456789")

# Maps seldom have these: they are compiled when one does.
_INTEGER = "([-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
_SIGNED_BINARY = "0b([-+])([01]+)"
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_TIMESTAMP = (
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2}))"
    r"|(?: ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?))?"
)

# Python's own idea of base64 is looser than Go's, and differs from version to version.
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def resolve(value: str, tag: str | None, *, plain: bool) -> Value:
    """Return what the scalar means.

    Args:
        value: The scalar's text.
        tag: Its tag in full, if it has one.
        plain: It is written without quotes.

    Raises:
        ValueError: Its text does not fit its tag; go-yaml then reads nothing at all.
    """
    if tag is None:
        if not plain or (value and value[0] not in _MEANINGFUL_START):
            return value
        return _plain(value)[1]
    name = tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else ""
    if name == "binary":
        return _binary(value)
    if name == "timestamp" and _is_timestamp(value):
        return value
    if name not in ("bool", "int", "float", "null", "timestamp"):
        return value
    kind, meaning = _plain(value)
    if kind == name or (kind == "int" and name == "float" and isinstance(meaning, int) and meaning < 1 << 63):
        return meaning
    raise ValueError(f"it is tagged !!{name} but is none")


def _plain(value: str) -> tuple[str, Value]:
    if value and value[0] not in _MEANINGFUL_START:
        return "str", value
    if value in _WORDS:
        return _WORDS[value]
    if value[0] == ".":
        return _float(value) or ("str", value)
    if value[0] in "+-0123456789":
        digits = value.replace("_", "")
        return _integer(digits) or _float(digits) or _signed_binary(digits) or ("str", value)
    return "str", value


def _integer(digits: str) -> tuple[str, Value] | None:
    match = re.fullmatch(_INTEGER, digits)
    if match is None or match.lastgroup is None:
        return None
    return _in_range(match[1], int(match[match.lastgroup], _BASES[match.lastgroup]))


def _signed_binary(digits: str) -> tuple[str, Value] | None:
    match = re.fullmatch(_SIGNED_BINARY, digits)
    return None if match is None else _in_range(match[1], int(match[2], 2))


def _in_range(sign: str, size: int) -> tuple[str, Value] | None:
    limit = {"": (1 << 64) - 1, "+": (1 << 63) - 1, "-": 1 << 63}[sign]
    return ("int", -size if sign == "-" else size) if size <= limit else None


def _float(digits: str) -> tuple[str, Value] | None:
    if re.fullmatch(_FLOAT, digits) is None or math.isinf(float(digits)):
        return None
    return "float", float(digits)


def _is_timestamp(value: str) -> bool:
    match = re.fullmatch(_TIMESTAMP, value)
    if match is None:
        return False
    year, month, day, *clock = (int(part) for part in match.groups() if part is not None)
    try:
        date(year, month, day)
    except ValueError:
        return False
    return all(part < limit for part, limit in zip(clock, (24, 60, 60), strict=False))


def _binary(value: str) -> str:
    digits = re.sub("[\r\n]", "", value)
    if not re.fullmatch(_BASE64, digits):
        raise ValueError("it is tagged !!binary but is no base64")
    octets = binascii.a2b_base64(digits)
    # Go's JSON has one replacement character for every byte that is not UTF-8.
    return re.sub("[\udc80-\udcff]", "\ufffd", octets.decode("utf-8", "surrogateescape"))
