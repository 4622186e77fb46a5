"""Strings as PowerShell expressions that nothing can break out of.

A literal of a safe alphabet is quoted, so that the script stays readable. Everything else travels as Base64 and is
decoded by the script: PowerShell ends single-quoted strings at U+2018 to U+201B too, `</powershell>` ends the whole
script wherever it stands, user data that is not ASCII depends on the launch agent, and of a token nobody knows what it
will hold.
"""

from __future__ import annotations

import base64
import re
from functools import cache

from aws_cdk import Fn

from .literals import is_literal

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


def quote(text: str) -> str:
    """An expression that evaluates to exactly `text`, which may hold tokens."""
    if is_literal(text) and _SAFE.fullmatch(text):
        return f"'{text}'"
    return _decoded(text)


def quote_code(code: str) -> str:
    """An expression that evaluates to exactly `code`, several lines that may hold tokens."""
    if is_literal(code) and _SAFE_CODE.fullmatch(code):
        return f"@'\n{code}\n'@"
    return _decoded(code)


@cache
def _decoded(text: str) -> str:
    encoded = base64.b64encode(text.encode()).decode() if is_literal(text) else Fn.base64(text)
    return f"(ConvertFrom-Base64 '{encoded}')"
