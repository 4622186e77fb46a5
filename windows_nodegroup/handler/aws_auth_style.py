"""How a map is written, so that what is put into it looks like the rest: indentation, line ends, quotes and spacing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from .aws_auth_document import Mapping, Sequence
from .goyaml_scalars import BREAKS
from .role_arn import folded

if TYPE_CHECKING:
    from collections.abc import Sequence as Strings

    from .aws_auth_document import Document, Node, Signature

_LINE_BREAK = re.compile(f"\r\n|[{BREAKS}]")


class NewEntry(NamedTuple):
    """An entry to be written. Everything in it is of a safe alphabet, so that quotes around it suffice."""

    role_arn: str
    username: str
    groups: Strings[str]


class Style(NamedTuple):
    """How the entries of a map are written. The defaults are those of the map in the AWS guide."""

    newline: str = "\n"
    #: Columns from an entry's `-` to its keys, in block style.
    key_offset: int = 2
    #: Columns from the key `groups` to its items' `-`, in block style.
    group_offset: int = 2
    #: Keys stand in double quotes.
    quoted_keys: bool = False
    #: In flow style: no blanks after commas and colons.
    compact: bool = False
    #: In flow style: columns by which each level of a spread entry is indented; 0: an entry is written on one line.
    step: int = 0

    @property
    def comma(self) -> str:
        """What separates the items of a flow collection on one line."""
        return "," if self.compact else ", "

    def key(self, name: str) -> str:
        """Return a key as it is written here."""
        return f'"{name}"' if self.quoted_keys else name

    def block_entry(self, entry: NewEntry, column: int) -> str:
        """Return the lines of an entry whose `-` stands in that column, without the last line's end."""
        keys = column + self.key_offset
        lines = [
            f"{' ' * column}-{' ' * (self.key_offset - 1)}{self.key('rolearn')}: {quoted(entry.role_arn)}",
            f"{' ' * keys}{self.key('username')}: {quoted(entry.username)}",
            self.block_groups(entry.groups, keys),
        ]
        return self.newline.join(lines)

    def block_groups(self, groups: Strings[str], column: int) -> str:
        """Return the lines of the key `groups` in that column, without the last line's end."""
        items = [block_item(group, column + self.group_offset) for group in groups]
        return self.newline.join([f"{' ' * column}{self.key('groups')}:", *items])

    def flow_entry(self, entry: NewEntry, column: int) -> str:
        """Return an entry in braces, the first of which stands in that column."""
        colon = ":" if self.compact else ": "
        fields = [
            f"{self.key('rolearn')}{colon}{quoted(entry.role_arn)}",
            f"{self.key('username')}{colon}{quoted(entry.username)}",
            f"{self.key('groups')}{colon}{self.flow_list(entry.groups, column + self.step)}",
        ]
        return self._flow("{}", fields, column)

    def flow_list(self, groups: Strings[str], column: int) -> str:
        """Return a list in brackets, on a line that is indented to that column."""
        return self._flow("[]", [quoted(group) for group in groups], column)

    def _flow(self, brackets: str, parts: list[str], column: int) -> str:
        if not self.step:
            return brackets[0] + self.comma.join(parts) + brackets[1]
        inner = self.newline + " " * (column + self.step)
        return brackets[0] + inner + f",{inner}".join(parts) + self.newline + " " * column + brackets[1]


_GUIDE = Style()


def quoted(text: str) -> str:
    """Return a scalar that every YAML and JSON reader reads as this text."""
    return json.dumps(text)


def block_item(group: str, column: int) -> str:
    """Return the line of a group whose `-` stands in that column."""
    return f"{' ' * column}- {quoted(group)}"


def style_of(document: Document) -> Style:
    """Return the style of the last entry, with the text's first line end."""
    text = document.text
    newline = _LINE_BREAK.search(text)
    items = document.root.items if isinstance(document.root, Sequence) else []
    entry = next((item for item in reversed(items) if isinstance(item, Mapping) and item.pairs), None)
    if entry is None:
        return Style(newline=newline[0] if newline else "\n", quoted_keys=bool(items) or text.lstrip()[:1] == "[")
    key, value = entry.pairs[0]
    return Style(
        newline=newline[0] if newline else "\n",
        key_offset=_key_offset(document, entry),
        group_offset=_group_offset(text, entry),
        quoted_keys=text.startswith('"', key.start),
        compact=text.startswith('"', key.start) and text[key.end : value.start] == ":",
        step=max(key.column - indentation(text, entry.start), 0) if entry.flow and key.line > entry.line else 0,
    )


def line_start(text: str, index: int) -> int:
    """Return where the line of that place begins, behind a byte order mark."""
    start = 1 + max(text.rfind(character, 0, index) for character in BREAKS)
    return start + 1 if start == 0 and text.startswith("\ufeff") else start


def column(text: str, index: int) -> int:
    """Return the column of that place."""
    return index - line_start(text, index)


def indentation(text: str, index: int) -> int:
    """Return by how many columns the line of that place is indented."""
    start = line_start(text, index)
    return len(text[start:index]) - len(text[start:index].lstrip(" "))


def groups_of(entry: Mapping) -> tuple[Node, Node] | None:
    """Return the pair that the entry's groups come from, if it is the only one and written in the entry itself."""
    names = [key for key in entry.fields if folded(key or "") == "groups"]
    if len(names) != 1 or entry.fields[names[0]].merged:
        return None
    found = entry.fields[names[0]]
    return found.key, found.value


def _key_offset(document: Document, entry: Mapping) -> int:
    root = document.root
    if not isinstance(root, Sequence) or root.flow or entry.flow:
        return _GUIDE.key_offset
    dash = root.dashes[next(index for index, item in enumerate(root.items) if item is entry)]
    return max(min(entry.column, entry.pairs[0][0].column) - column(document.text, dash), _GUIDE.key_offset)


def _group_offset(text: str, entry: Mapping) -> int:
    pair = groups_of(entry)
    if pair is None or entry.flow or not isinstance(pair[1], Sequence) or not pair[1].dashes:
        return _GUIDE.group_offset
    return max(column(text, pair[1].dashes[0]) - pair[0].column, 0)


def entry_signature(entry: NewEntry, style: Style) -> list[Signature]:
    """Return what go-yaml must find in the text of the entry."""
    plain = not style.quoted_keys
    return [
        ("{", None, None),
        ("rolearn", None, None, plain),
        _text(entry.role_arn),
        ("username", None, None, plain),
        _text(entry.username),
        ("groups", None, None, plain),
        *list_signature(entry.groups),
        ("]",),
    ]


def list_signature(groups: Strings[str]) -> list[Signature]:
    """Return what go-yaml must find in the text of a list."""
    return [("[", None, None), *map(_text, groups), ("]",)]


def _text(text: str) -> Signature:
    return (text, None, None, False)
