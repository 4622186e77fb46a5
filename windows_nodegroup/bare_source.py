"""Python source without what only people read, so that it travels light: comments and docstrings are a third of it."""

from __future__ import annotations

import re

# `tokenize` would do, in ten times the time, and synthesis happens often. Strings are matched to know what is in them.
_TOKEN = re.compile(
    r"""
    (?P<string> [rRbBfFuU]{0,2} (?:
        \"{3} (?: [^"\\] | \\[\s\S] | \"(?!\"\") )* \"{3}
      | '{3} (?: [^'\\] | \\[\s\S] | '(?!'') )* '{3}
      | \" (?: [^"\\\n] | \\[\s\S] )* \"
      | ' (?: [^'\\\n] | \\[\s\S] )* '
    ))
    | (?P<comment> [ \t]* [#] [^\n]* )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    """,
    re.VERBOSE,
)


def without_prose(source: str) -> str:
    """The same program without comments and with empty docstrings; every statement keeps its line.

    Args:
        source: Python, with lines that end in a line feed.
    """
    kept = []
    position = depth = 0
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "comment":
            kept.append(source[position : token.start()])
            position = token.end()
        elif depth == 0 and _is_statement(source, token):
            kept += [source[position : token.start()], '""', "\n" * token[0].count("\n")]
            position = token.end()
    return "".join([*kept, source[position:]])


def _is_statement(source: str, string: re.Match[str]) -> bool:
    before = source[source.rfind("\n", 0, string.start()) + 1 : string.start()]
    return not before.strip() and source[string.end() : string.end() + 1] in ("\n", "")
