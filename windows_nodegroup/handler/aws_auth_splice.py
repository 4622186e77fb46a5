"""Splices: where in a text items are put into a list or cut out of it, in block style and in flow style.

Each edit says what go-yaml must find in the new text: what it found in the old one, plus or minus exactly what the
edit is about. Only an edit that is proven so, by parsing the new text, is ever taken. Where the tidiest edit may not
fit a text (the last line has no end, a comment stands in the way), a plainer one follows it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .aws_auth_composer import compose
from .aws_auth_document import MalformedMap, Sequence
from .aws_auth_style import Style, column, indentation, line_start
from .goyaml_scalars import BREAKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .aws_auth_document import Document, Node, Signature

# An edit needs one or two of these: it compiles what it needs.
_REST_OF_LINE = f"[ \t]*(?:#[^{BREAKS}]*)?(\r\n|[{BREAKS}])?"
_COMMA_AND_COMMENT = f"[ \t]*(,)?[ \t]*(#[^{BREAKS}]*)?"
_BETWEEN = f"(?:[ \t{BREAKS}]+|#[^{BREAKS}]*)*"


class Splice(NamedTuple):
    """A part of a text, and what takes its place."""

    start: int
    end: int
    text: str = ""


class Edit(NamedTuple):
    """Splices, from the beginning of a text to its end, and the signature of the new text."""

    splices: tuple[Splice, ...]
    signature: list[Signature]

    def apply(self, text: str) -> str:
        """Return the new text."""
        parts: list[str] = []
        done = 0
        for splice in self.splices:
            parts += text[done : splice.start], splice.text
            done = splice.end
        return "".join([*parts, text[done:]])


def first_proven(
    document: Document, edits: Iterable[Edit], accept: Callable[[Document], bool] = lambda _: True
) -> Document | None:
    """Return the outcome of the first edit that changes what it says and nothing else.

    Args:
        document: What is edited.
        edits: The best first.
        accept: Whether an outcome serves the purpose.
    """
    for edit in edits:
        try:
            after = compose(edit.apply(document.text))
        except MalformedMap:
            continue
        if after.signature == edit.signature and not after.more and accept(after):
            return after
    return None


def lines_behind(text: str, end: int, lines: str, newline: str) -> Splice:
    """Put lines behind the line of that place."""
    if end == line_start(text, end):  # behind a block scalar, whose last line end is its own
        return Splice(end, end, lines + newline)
    rest = re.compile(_REST_OF_LINE).match(text, end)
    end = rest.end() if rest is not None else end
    if rest is not None and rest[1]:
        return Splice(end, end, lines + newline)
    return Splice(end, end, newline + lines)


def lines_at_end(document: Document, content_end: int, lines: str, newline: str) -> Splice:
    """Put lines behind the content and the comments after it, before blank lines at the end."""
    behind = document.text[content_end : document.end]
    return lines_behind(document.text, content_end + len(behind.rstrip(" \t" + BREAKS)), lines, newline)


def flow_append(text: str, sequence: Sequence, items: list[str], style: Style) -> Splice:
    """Put items at the end of a list in brackets, behind a comment after its last item."""
    if not sequence.items:
        return Splice(sequence.inside, sequence.inside, style.comma.join(items))
    last = sequence.items[-1]
    indent = style.newline + " " * indentation(text, last.start)
    rest = re.compile(_COMMA_AND_COMMENT).match(text, last.end)
    if rest is not None and rest[2]:
        joined = f",{indent}".join(items)
        return Splice(rest.end(), rest.end(), f"{indent}{joined}," if rest[1] else f"{indent}, {joined}")
    own_line = indentation(text, last.start) == column(text, last.start)
    separator = f",{indent}" if own_line else style.comma
    return Splice(last.end, last.end, "".join(separator + item for item in items))


def cuts(document: Document, sequence: Sequence, unwanted: list[int]) -> Iterator[tuple[Splice, ...]]:
    """Cut items out of a list, with their own lines and nothing else; the tidiest way first.

    Args:
        document: The document.
        sequence: A list in it.
        unwanted: The numbers of the items, ascending.
    """
    text = document.text
    if sequence.flow:
        yield _joined(splice for number in unwanted for splice in _flow_cut(text, sequence, number, unwanted))
        yield _joined(splice for number in unwanted for splice in _plain_flow_cut(text, sequence.items[number]))
        return
    yield from _ending(text, _joined(_block_cut(text, sequence, number) for number in unwanted))


def pair_cut(text: str, key: Node, value: Node) -> Iterator[tuple[Splice, ...]]:
    """Cut a key and its value, which have lines of their own and no comments, out of an object in block style."""
    start = line_start(text, key.start)
    cut = Splice(start, _rest_of_line(text, value.end))
    if start + indentation(text, key.start) == key.start and "#" not in text[cut.start : cut.end]:
        yield from _ending(text, (cut,))


def _ending(text: str, lines: tuple[Splice, ...]) -> Iterator[tuple[Splice, ...]]:
    """Cut lines; where the last has no end, first try to leave the one before it without."""
    last = lines[-1]
    if last.end == len(text) and text[-1:] not in BREAKS:
        lead = 2 if text.startswith("\r\n", last.start - 2) else 1
        yield (*lines[:-1], Splice(max(last.start - lead, 0), last.end))
    yield lines


def _rest_of_line(text: str, end: int) -> int:
    """Return where the line of that place ends; behind a block scalar that is there."""
    rest = None if end == line_start(text, end) else re.compile(_REST_OF_LINE).match(text, end)
    return end if rest is None else rest.end()


def _joined(splices: Iterable[Splice]) -> tuple[Splice, ...]:
    found: list[Splice] = []
    for splice in splices:
        if found and splice.start <= found[-1].end:
            found[-1] = Splice(found[-1].start, max(found[-1].end, splice.end))
        else:
            found.append(splice)
    return tuple(found)


def _block_cut(text: str, sequence: Sequence, number: int) -> Splice:
    dash, end = sequence.dashes[number], sequence.items[number].end
    start = dash - indentation(text, dash) if indentation(text, dash) == column(text, dash) else dash
    return Splice(start, _rest_of_line(text, end))


def _flow_cut(text: str, sequence: Sequence, number: int, unwanted: list[int]) -> Iterator[Splice]:
    item = sequence.items[number]
    if any(before not in unwanted for before in range(number)):
        yield _cut_back(text, sequence.items[number - 1], item)
    elif number + 1 < len(sequence.items) and "#" not in text[item.end : sequence.items[number + 1].start]:
        yield Splice(item.start, sequence.items[number + 1].start)
    else:
        yield from _plain_flow_cut(text, item)


def _cut_back(text: str, before: Node, item: Node) -> Splice:
    """Cut an item with the comma before it, unless a comment stands between: that stays, with its line."""
    if "#" not in text[before.end : item.start]:
        return Splice(before.end, item.end)
    start = line_start(text, item.start)
    lead = 2 if text.startswith("\r\n", start - 2) else 1
    comma = None if "," in text[start : item.start] else _comma_behind(text, item)
    return Splice(start - lead, item.end if comma is None else comma + 1)


def _plain_flow_cut(text: str, item: Node) -> Iterator[Splice]:
    yield Splice(item.start, item.end)
    comma = _comma_behind(text, item)
    if comma is not None:
        yield Splice(comma, comma + 1)


def _comma_behind(text: str, item: Node) -> int | None:
    between = re.compile(_BETWEEN).match(text, item.end)
    end = between.end() if between is not None else item.end
    return end if text.startswith(",", end) else None
