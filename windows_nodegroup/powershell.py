"""Strings as PowerShell expressions that nothing can break out of.

A literal of a safe alphabet is quoted, so that the script stays readable. Everything else travels as Base64 and is
decoded by the script: PowerShell ends single-quoted strings at U+2018 to U+201B too, `</powershell>` ends the whole
script wherever it stands, user data that is not ASCII depends on the launch agent, and of a token nobody knows what it
will hold.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from .literals import is_literal

if TYPE_CHECKING:
    from .literals import Intrinsic

DECODER = """\
function ConvertFrom-Base64([string] $Text) {
    [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Text))
}
"""
"""What a script that uses `quote` or `quote_code` has to define first."""

_SAFE = re.compile(r"[0-9A-Za-z _.,:/=+@*\\-]*")

# A here-string ends at a line that begins with '@ and holds everything else as it stands (not every highlighter knows
# how a lone quote at the beginning of a line is meant). Without "<" no tag can end the script.
_SAFE_CODE = re.compile(r"(?!')(?:[\t -;=-~]|\n(?!'))*")


# Stands around what only the deployment knows, as JSON. No script has it otherwise, and nor has JSON.
_MARK = "\0"


def quote(text: str | Intrinsic) -> str:
    """An expression that evaluates to exactly `text`, which may hold tokens or be one; `in_base64` completes it."""
    if isinstance(text, str) and is_literal(text) and _SAFE.fullmatch(text):
        return f"'{text}'"
    return _decoded(text)


def quote_code(code: str) -> str:
    """An expression that evaluates to exactly `code`, several lines that may hold tokens; likewise."""
    if is_literal(code) and _SAFE_CODE.fullmatch(code):
        return f"@'\n{code}\n'@"
    return _decoded(code)


def in_base64(script: str) -> Intrinsic:
    """A script in Base64, into which CloudFormation puts what was quoted and only the deployment knows."""
    parts: list[str | Intrinsic] = [*script.split(_MARK)]
    parts[1::2] = [{"Fn::Base64": json.loads(str(value))} for value in parts[1::2]]
    return {"Fn::Base64": {"Fn::Join": ["", parts]} if len(parts) > 1 else script}


def _decoded(text: str | Intrinsic) -> str:
    known = isinstance(text, str) and is_literal(text)
    encoded = base64.b64encode(str(text).encode()).decode() if known else f"{_MARK}{json.dumps(text)}{_MARK}"
    return f"(ConvertFrom-Base64 '{encoded}')"
