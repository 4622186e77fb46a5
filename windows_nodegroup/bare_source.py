"""Python source without what only people and type checkers read, so that it travels light and is compiled soon.

Lambda compiles it at every cold start. A third of it is prose, a tenth annotations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Strings, to know what is in them; comments; and brackets. `tokenize` would find them too, in ten times the time, and
# synthesis happens often. Every alternative begins with a fixed character, which lets `re` skip all others.
_TOKEN = re.compile(
    r"""
      \"\"\" [^"\\]* (?: (?: \\[\s\S] | \"(?!\"\") ) [^"\\]* )* \"\"\"
    | ''' [^'\\]* (?: (?: \\[\s\S] | '(?!'') ) [^'\\]* )* '''
    | \" [^"\\\n]* (?: \\[\s\S] [^"\\\n]* )* \"
    | ' [^'\\\n]* (?: \\[\s\S] [^'\\\n]* )* '
    | \# [^\n]*
    | [(\[{]
    | [)\]}]
    """,
    re.VERBOSE,
)

# Where a function begins, and what its annotations are found by.
_DEFINITION = re.compile(r"^[ \t]*(?:async )?def \w+(?=\()", re.MULTILINE)
_SIGN = re.compile(r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'|[(\[{]|[)\]}]|[:,=]""")
_ARROW = re.compile(r"\s*->")

# What a check does not see stands beside it, for the page of all checks.
_FOR_THE_PAGE = re.compile(r"^    unseen = (?:\".*\"|\(\n(?: {8}\".*\"\n)+ {4}\))\n", re.MULTILINE)
_FOR_TYPE_CHECKERS = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+\S.*\n|\n)+", re.MULTILINE)


def without_prose(source: str) -> str:
    """The same program without comments, docstrings, annotations of functions, and what else does not run.

    That is imports for type checkers, and texts for the documentation. Every statement that is left keeps its line.

    Args:
        source: Python, with lines that end in a line feed.
    """
    for block in (_FOR_TYPE_CHECKERS, _FOR_THE_PAGE):
        source = block.sub(lambda match: "\n" * match[0].count("\n"), source)
    kept = []
    position = depth = 0
    for token in _TOKEN.finditer(source):
        text = token[0]
        if text in "([{":
            depth += 1
        elif text in ")]}":
            depth -= 1
        elif text.startswith("#"):
            kept.append(source[position : token.start()].rstrip(" \t"))
            position = token.end()
        elif depth == 0 and _is_statement(source, token):
            kept += [source[position : token.start()], '""', "\n" * text.count("\n")]
            position = token.end()
    return _without_annotations("".join([*kept, source[position:]]))


def _without_annotations(source: str) -> str:
    kept = []
    position = 0
    for definition in _DEFINITION.finditer(source):
        for start, end in _annotations(source, definition.end()):
            kept += [source[position:start], "\n" * source.count("\n", start, end)]
            position = end
    return "".join([*kept, source[position:]])


def _annotations(source: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the annotations of a function begin and end whose parameters begin at `start`."""
    depth = 0
    begin: int | None = None  # of the annotation that is read
    is_name = True  # of a parameter, not its default
    signs = _SIGN.finditer(source, start)
    for sign in signs:
        text = sign[0]
        depth += (text in "([{") - (text in ")]}")
        if begin is not None and (depth == 0 or (depth == 1 and text in ",=")):
            yield begin, sign.start()
            begin = None
        if depth == 0:
            break
        if depth == 1 and text in ":,=":
            begin = sign.start() if text == ":" and is_name else begin
            is_name = text == "," or (is_name and text != "=")
    begin = sign.end()
    if not _ARROW.match(source, begin):
        return
    for sign in signs:
        depth += (sign[0] in "([{") - (sign[0] in ")]}")
        if depth == 0 and sign[0] == ":":
            yield begin, sign.start()
            return


def _is_statement(source: str, string: re.Match[str]) -> bool:
    before = source[source.rfind("\n", 0, string.start()) + 1 : string.start()]
    return not before.strip() and source[string.end() : string.end() + 1] in ("\n", "")
