"""A text becomes a tree, as go-yaml v2 and the conversion to JSON behind it read it.

Source: https://github.com/yaml/go-yaml/blob/v2.4.2/decode.go,
https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go.
"""

from __future__ import annotations

import gc
import re
from math import isfinite
from typing import TYPE_CHECKING

from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from .aws_auth_document import (
    Alias,
    Document,
    Field,
    MalformedMap,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Signature,
    span,
    target,
)
from .goyaml import MAX_DEPTH, GoYamlParser
from .goyaml_values import TAG_PREFIX, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

_MERGE_TAG = f"{TAG_PREFIX}merge"

#: go-yaml reads 512 bytes at a time, so it never comes to what stands so many bytes behind the first document.
_READ_AHEAD = 1024

#: The largest map of entries, 1 MiB, has less than half as many keys and values; more of them take gigabytes.
_PARTS_AT_MOST = 200_000

#: From here on an integer is one of Go's `uint64`, which cannot be a key.
_UNSIGNED = 1 << 63


def compose(text: str) -> Document:
    """Read the first document of the text.

    Raises:
        MalformedMap: go-yaml reads nothing from it.
    """
    composer = None
    collects = gc.isenabled()
    gc.disable()  # a large map has thousands of nodes, and looking for garbage among them takes a fifth of the time
    try:
        composer = _Composer(text)
        return composer.document()
    except MarkedYAMLError as found:
        error = (composer and composer.unreadable) or found
        raise MalformedMap(f"it is not valid YAML, {_without_content(error.problem)}", _line(error)) from None
    finally:
        if collects:
            gc.enable()


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark
    return mark.line + 1 if mark is not None else 1


def _without_content(problem: str | None) -> str:
    """Cut out of PyYAML's message what it quotes of the text."""
    return re.sub(r",? but (found|got) .*$|(?<=handle) .*$", "", problem or "it cannot be read", flags=re.DOTALL)


# go-yaml's measure against small texts that expand without end: how many of the steps may be repetitions.
_STEPS_FREE = 1000
_REPEATED_FREE = 100
_STEPS_LOW, _RATIO_LOW = 400_000, 0.99
_STEPS_HIGH, _RATIO_HIGH = 4_000_000, 0.10


def _allowed_ratio(steps: int) -> float:
    share = (min(max(steps, _STEPS_LOW), _STEPS_HIGH) - _STEPS_LOW) / (_STEPS_HIGH - _STEPS_LOW)
    return _RATIO_LOW - (_RATIO_LOW - _RATIO_HIGH) * share


class _Composer:
    """Builds the tree from events, without recursion: Python's stack does not limit how deep a text nests."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parser = GoYamlParser(text)
        self._next_event: Callable[[], Event] = self._parser.get_event
        self._signature: list[Signature] = []
        self._anchors: dict[str, Node] = {}
        self._open: list[Sequence | Mapping] = []
        self._dashes = 0
        self._content_end = 0
        self._steps = 1
        self._repeated = 0

    @property
    def unreadable(self) -> MarkedYAMLError | None:
        """A character at which go-yaml stops."""
        return self._parser.unreadable

    def document(self) -> Document:
        next_event = self._next_event
        next_event()
        if isinstance(next_event(), StreamEndEvent):
            self._check_characters()
            return Document(self._text, None, len(self._text), more=False, signature=[])
        root = None
        while not isinstance(event := next_event(), DocumentEndEvent):
            node = self._take(event)
            if not self._open:
                root = node
            if len(self._signature) > _PARTS_AT_MOST:
                raise MalformedMap(f"it has more than {_PARTS_AT_MOST:,} parts, more than this can hold", node.line)
        self._check_characters()
        if root is not None and root.broken:
            reason = "a key is null or a number above 2^63 - 1, or a value is infinite or no number"
            raise MalformedMap(f"{reason}: JSON cannot carry it", root.broken)
        if root is not None and root.depth > MAX_DEPTH:
            raise MalformedMap(f"exceeded max depth of {MAX_DEPTH}", root.line)
        end, _ = span(event)
        return Document(self._text, root, end.index, more=self._has_more(), signature=self._signature)

    def _check_characters(self) -> None:
        """Refuse what go-yaml cannot read, unless it stands so far behind that it is never looked at."""
        parser, error = self._parser, self.unreadable
        if error is not None and error.problem_mark is not None:
            between = self._text[parser.index : error.problem_mark.index]
            if len(between.encode("utf-8", "surrogatepass")) < _READ_AHEAD:
                raise error

    def _has_more(self) -> bool:
        try:
            return self.unreadable is not None or not isinstance(self._next_event(), StreamEndEvent)
        except MarkedYAMLError:
            return True

    def _take(self, event: Event) -> Node:
        if isinstance(event, ScalarEvent):
            node: Node = self._scalar(event)
        elif isinstance(event, AliasEvent):
            node = self._alias(event)
        elif isinstance(event, SequenceStartEvent):
            return self._begin(Sequence(event, len(self._signature)), "[", event)
        elif isinstance(event, MappingStartEvent):
            return self._begin(Mapping(event, len(self._signature)), "{", event)
        else:
            node = self._close(event)
        node.complete = True
        if self._open:
            self._add(self._open[-1], node)
        return node

    def _begin(self, node: Sequence | Mapping, bracket: str, event: SequenceStartEvent | MappingStartEvent) -> Node:
        self._signature.append((bracket, event.anchor, event.tag))
        if isinstance(node, Sequence) and self._is_merged():
            node.size = 0
        self._start(node, event)
        self._open.append(node)
        return node

    def _start(self, node: Node, event: NodeEvent) -> None:
        parent = self._open[-1] if self._open else None
        if isinstance(parent, Sequence) and not parent.flow:
            parent.dashes.append(self._parser.dashes[self._dashes])
            self._dashes += 1
        if event.anchor is not None and not isinstance(node, Alias):
            self._anchors[event.anchor] = node
        self._count(node.size)

    def _is_merged(self) -> bool:
        parent = self._open[-1] if self._open else None
        return isinstance(parent, Mapping) and isinstance(parent.key, Scalar) and parent.key.merges

    def _count(self, steps: int) -> None:
        self._steps += steps
        if (
            self._repeated > _REPEATED_FREE
            and self._steps > _STEPS_FREE
            and self._repeated / self._steps > _allowed_ratio(self._steps)
        ):
            raise MalformedMap("the document contains excessive aliasing")

    def _scalar(self, event: ScalarEvent) -> Scalar:
        node = Scalar(event, len(self._signature))
        plain = event.implicit[0]
        self._signature.append((event.value, event.anchor, event.tag, plain))
        try:
            node.value = resolve(event.value, event.tag, plain=plain)
        except ValueError as error:
            raise MalformedMap(f"a value cannot be read, {error}", node.line) from None
        if isinstance(node.value, float) and not isfinite(node.value):
            node.broken = node.line
        node.merges = event.value == "<<" and (plain or event.tag == _MERGE_TAG)
        if node.merges and self._open and isinstance(parent := self._open[-1], Mapping) and parent.key is None:
            node.size = 0
        self._start(node, event)
        node.end = self._scalar_end(event)
        self._content_end = max(self._content_end, node.end)
        return node

    def _scalar_end(self, event: ScalarEvent) -> int:
        start, end = (mark.index for mark in span(event))
        # An empty value stands right behind its indicator, or else PyYAML puts it before whatever comes next.
        empty = start == end and self._text[end - 1 : end] not in (":", "-", "?")
        return self._content_end if empty else end

    def _alias(self, event: AliasEvent) -> Alias:
        node = Alias(event, len(self._signature))
        self._signature.append(("*", event.anchor))
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            raise MalformedMap("an alias refers to an unknown anchor", node.line)
        if not anchored.complete:
            raise MalformedMap("an anchor's value contains itself", node.line)
        node.target = anchored
        self._start(node, event)
        node.size += anchored.size
        node.depth = anchored.depth
        node.broken = anchored.broken
        self._repeated += anchored.size
        self._count(anchored.size)
        self._content_end = node.end = span(event)[1].index
        return node

    def _close(self, event: Event) -> Node:
        node = self._open.pop()
        self._signature.append(("]",))
        node.last = len(self._signature)
        # The end of `a: b` in a flow sequence, and of everything in block style, has no character of its own.
        start, end = span(event)
        if node.flow and end.index > start.index:
            self._content_end = end.index
        node.end = self._content_end
        inside = [field.value for field in node.fields.values()] if isinstance(node, Mapping) else node.items
        node.depth = 1 + max((child.depth for child in inside), default=0)
        node.broken = next((child.broken for child in inside if child.broken), 0)
        if isinstance(node, Mapping) and None in node.fields:
            node.broken = node.fields[None].key.line
        return node

    def _add(self, parent: Sequence | Mapping, node: Node) -> None:
        parent.size += node.size
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif parent.key is None:
            if not isinstance(target(node), Scalar):
                raise MalformedMap("a key is itself a list or a mapping", node.line)
            parent.key = node
        else:
            key, parent.key = parent.key, None
            parent.pairs.append((key, node))
            if isinstance(key, Scalar) and key.merges:
                _merge(parent, node)
            else:
                parent.fields[_json_key(key)] = Field(key, node, merged=False)


def _json_key(node: Node) -> str | None:
    """Return the key, of which text matters: to go-yaml, 1 and 1.0 and "1" are three. None: JSON has no such key."""
    found = target(node)
    value = found.value if isinstance(found, Scalar) else None
    if value is None or isinstance(value, str):
        return value
    return None if isinstance(value, int) and value >= _UNSIGNED else f"\0{value!r}"


def _merge(mapping: Mapping, node: Node) -> None:
    """Merge as go-yaml v2 does: at once, so that it overrides what stands before it and not what follows."""
    others = node.items[::-1] if isinstance(node, Sequence) else [node]
    for other in map(target, others):
        if not isinstance(other, Mapping):
            raise MalformedMap("a merge needs a mapping or a list of mappings", node.line)
        mapping.fields.update({key: field._replace(merged=True) for key, field in other.fields.items()})
