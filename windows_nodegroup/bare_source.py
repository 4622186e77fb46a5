"""Python source without what only people and type checkers read, so that it travels light: a third of it is prose."""

from __future__ import annotations

import re

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


# What a check does not see stands beside it, for the page of all checks.
_FOR_THE_PAGE = re.compile(r"^    unseen = (?:\".*\"|\(\n(?: {8}\".*\"\n)+ {4}\))\n", re.MULTILINE)
_FOR_TYPE_CHECKERS = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+\S.*\n|\n)+", re.MULTILINE)


def without_prose(source: str) -> str:
    """The same program without comments, docstrings, imports for type checkers, and texts for the documentation.

    Every statement that is left keeps its line.

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
    return "".join([*kept, source[position:]])


def _is_statement(source: str, string: re.Match[str]) -> bool:
    before = source[source.rfind("\n", 0, string.start()) + 1 : string.start()]
    return not before.strip() and source[string.end() : string.end() + 1] in ("\n", "")
