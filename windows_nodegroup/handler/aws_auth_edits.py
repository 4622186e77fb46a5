"""The edits that a map may need: an entry put in or cut out, groups put into an entry or cut out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .aws_auth_document import Alias, Node, Scalar, Sequence
from .aws_auth_splice import Edit, Splice, cuts, flow_append, lines_at_end, lines_behind, pair_cut
from .aws_auth_style import (
    NewEntry,
    block_item,
    column,
    entry_signature,
    groups_of,
    indentation,
    line_start,
    list_signature,
    quoted,
    style_of,
)
from .goyaml_scalars import BREAKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as Strings

    from .authenticator import Role
    from .aws_auth_document import Document, Signature

_NULL: Signature = ("", None, None, True)


def put_in_entry(document: Document, entry: NewEntry) -> Iterator[Edit]:
    """Put an entry at the end of the list, where it wins; or else, if the end cannot be continued, at its beginning."""
    root = document.root
    style = style_of(document)
    found = entry_signature(entry, style)
    if not isinstance(root, Sequence):
        yield from _put_in_first(document, entry)
        return
    last = [*document.signature[: root.last - 1], *found, *document.signature[root.last - 1 :]]
    if root.flow:
        indent = indentation(document.text, root.items[-1].start) if root.items else 0
        yield Edit((flow_append(document.text, root, [style.flow_entry(entry, indent)], style),), last)
        return
    lines = style.block_entry(entry, column(document.text, root.dashes[0]))
    yield Edit((lines_at_end(document, root.end, lines, style.newline),), last)
    start = line_start(document.text, root.dashes[0])
    first = [*document.signature[: root.first + 1], *found, *document.signature[root.first + 1 :]]
    yield Edit((Splice(start, start, lines + style.newline),), first)


def _put_in_first(document: Document, entry: NewEntry) -> Iterator[Edit]:
    """Put an entry where there is no list: behind comments, or in place of a null."""
    root = document.root
    style = style_of(document)
    found: list[Signature] = [("[", None, None), *entry_signature(entry, style), ("]",)]
    if root is None or root.end <= root.start:
        yield Edit((lines_at_end(document, 0, style.block_entry(entry, 0), style.newline),), found)
    elif column(document.text, root.start) == 0:
        yield Edit((Splice(root.start, root.end, style.block_entry(entry, 0)),), found)
    else:
        yield Edit((Splice(root.start, root.end, f"[{style.flow_entry(entry, 0)}]"),), found)


def cut_out_entry(document: Document, role: Role) -> Iterator[Edit]:
    """Cut an entry out of the list. What stays is a list again, or only comments."""
    root = document.root
    if not isinstance(root, Sequence):
        return
    item = root.items[role.index]
    for splices in cuts(document, root, [role.index]):
        if root.flow or len(root.items) > 1:
            yield Edit(splices, [*document.signature[: item.first], *document.signature[item.last :]])
        else:
            yield from _cut_out_last(document, splices[0])


def _cut_out_last(document: Document, cut: Splice) -> Iterator[Edit]:
    """Cut out all that a list in block style has: comments alone are fine, but a text without anything gets a list."""
    rest = document.text[: cut.start] + document.text[cut.end :]
    newline = style_of(document).newline if document.text[cut.end - 1] in BREAKS else ""
    empty = Edit((Splice(cut.start, cut.end, f"[]{newline}"),), [("[", None, None), ("]",)])
    if rest.strip("\ufeff \t" + BREAKS):
        yield Edit((cut,), [])
        yield Edit((cut,), [_NULL])
        yield empty
    else:
        whole = Splice(cut.start, len(document.text), empty.splices[0].text)
        yield Edit((whole,), empty.signature)


def put_in_groups(document: Document, role: Role, groups: Strings[str]) -> Iterator[Edit]:
    """Put groups into an entry, unless its groups are written elsewhere or serve other entries, too."""
    if _is_shared(document, role):
        return
    style = style_of(document)
    pair = groups_of(role.node)
    if pair is None:
        yield from _put_in_key(document, role, groups)
        return
    key, value = pair
    before, after = document.signature[: value.last - 1], document.signature[value.last - 1 :]
    if isinstance(value, Sequence):
        found = [*before, *list_signature(groups)[1:-1], *after]
        if value.flow:
            yield Edit((flow_append(document.text, value, [quoted(group) for group in groups], style),), found)
        else:
            dashes = column(document.text, value.dashes[-1])
            lines = style.newline.join(block_item(group, dashes) for group in groups)
            yield Edit((lines_behind(document.text, value.end, lines, style.newline),), found)
    elif isinstance(value, Scalar) and value.value is None:
        blank = " " if document.text[value.start - 1 : value.start] == ":" and not style.compact else ""
        text = blank + style.flow_list(groups, indentation(document.text, key.start))
        found = [*document.signature[: value.first], *list_signature(groups), *document.signature[value.last :]]
        yield Edit((Splice(value.start, value.end, text),), found)


def _put_in_key(document: Document, role: Role, groups: Strings[str]) -> Iterator[Edit]:
    """Put the key `groups` behind the others of an entry that has none."""
    entry = role.node
    if any(key is not None and key.lower() == "groups" for key in entry.fields) or not entry.pairs:
        return
    style = style_of(document)
    key: Signature = ("groups", None, None, not style.quoted_keys)
    found = [*document.signature[: entry.last - 1], key, *list_signature(groups), *document.signature[entry.last - 1 :]]
    if entry.flow:
        indent = indentation(document.text, entry.pairs[-1][0].start)
        text = f"{style.comma}{style.key('groups')}:{'' if style.compact else ' '}{style.flow_list(groups, indent)}"
        yield Edit((Splice(entry.pairs[-1][1].end, entry.pairs[-1][1].end, text),), found)
    else:
        lines = style.block_groups(groups, entry.pairs[0][0].column)
        yield Edit((lines_behind(document.text, entry.end, lines, style.newline),), found)


def cut_out_groups(document: Document, role: Role, groups: Strings[str]) -> Iterator[Edit]:
    """Cut groups out of an entry, unless its groups are written elsewhere or serve other entries, too."""
    pair = groups_of(role.node)
    if _is_shared(document, role) or pair is None or not isinstance(pair[1], Sequence):
        return
    value = pair[1]
    wanted = list(groups)
    unwanted: list[int] = []
    for number in range(len(value.items) - 1, -1, -1):
        item = value.items[number]
        if isinstance(item, Scalar) and item.value in wanted:
            wanted.remove(item.value)
            unwanted.insert(0, number)
    if not unwanted:
        return
    found = document.signature
    for number in reversed(unwanted):
        found = [*found[: value.items[number].first], *found[value.items[number].last :]]
    if not value.flow and len(unwanted) == len(value.items):
        # `put_in_groups` writes such a list only together with its key.
        without = [*document.signature[: pair[0].first], *document.signature[value.last :]]
        for splices in pair_cut(document.text, pair[0], value) if len(role.node.pairs) > 1 else ():
            yield Edit(splices, without)
        found = [*document.signature[: value.first], _NULL, *document.signature[value.last :]]
    for splices in cuts(document, value, unwanted):
        yield Edit(splices, found)


def _is_shared(document: Document, role: Role) -> bool:
    root = document.root
    item = root.items[role.index] if isinstance(root, Sequence) else role.node
    pair = groups_of(role.node)
    nodes: tuple[Node, ...] = (item, *(pair or ()))
    return any(node.anchored or isinstance(node, Alias) for node in nodes)
