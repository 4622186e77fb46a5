"""A map as a tree: what go-yaml v2 makes of the text, and where in the text every part of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    from yaml.events import Event, MappingStartEvent, NodeEvent, SequenceStartEvent

    from .goyaml_scalars import Mark
    from .goyaml_values import Value


class MalformedMap(ValueError):  # noqa: N818 - it names the state of the map, as the callers speak of it
    """The authenticator reads nothing from the map, or it cannot be edited without a doubt.

    `str()` is a sentence fragment that names the line and never quotes the map's content.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        """Say what is wrong and on which line, counted from 1."""
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class Node:
    """A part of the tree. Places are indexes into the text."""

    __slots__ = ("anchored", "broken", "column", "complete", "depth", "end", "first", "last", "line", "size", "start")

    def __init__(self, event: NodeEvent, first: int) -> None:
        """Begin a node with its first event, which is the document's event of that number."""
        start, _ = span(event)
        self.start: int = start.index
        self.column: int = start.column
        #: Counted from 1.
        self.line: int = start.line + 1
        #: Behind its last character; blanks and comments after that are not its own.
        self.end: int = start.index
        self.anchored: bool = event.anchor is not None
        #: Its part of the document's signature.
        self.first = first
        self.last = first + 1
        self.complete = False
        #: The steps that go-yaml takes to decode it, with all that aliases in it refer to.
        self.size = 1
        #: How deep its JSON nests.
        self.depth = 0
        #: The line of something in it that JSON cannot carry; 0: nothing.
        self.broken = 0


class Scalar(Node):
    """Text, a number, a boolean or null."""

    __slots__ = ("merges", "value")

    value: Value
    #: It is `<<`, and as a key it merges.
    merges: bool


class Alias(Node):
    """A reference to an anchored node."""

    __slots__ = ("target",)

    target: Node


class Sequence(Node):
    """A list."""

    __slots__ = ("dashes", "flow", "inside", "items")

    def __init__(self, event: SequenceStartEvent, first: int) -> None:
        """Begin a list."""
        super().__init__(event, first)
        self.flow = bool(event.flow_style)
        self.items: list[Node] = []
        #: Where each item's `-` stands; none in flow style.
        self.dashes: list[int] = []
        #: In flow style: behind the opening bracket.
        self.inside: int = span(event)[1].index


class Field(NamedTuple):
    """What a key of a mapping came to."""

    key: Node
    value: Node
    merged: bool


class Mapping(Node):
    """An object."""

    __slots__ = ("fields", "flow", "key", "pairs")

    def __init__(self, event: MappingStartEvent, first: int) -> None:
        """Begin an object."""
        super().__init__(event, first)
        self.flow = bool(event.flow_style)
        #: As written.
        self.pairs: list[tuple[Node, Node]] = []
        #: As decoded: the last of equal keys, merges done. The key None is none that JSON has.
        self.fields: dict[str | None, Field] = {}
        #: While it is incomplete: the key whose value comes next.
        self.key: Node | None = None


#: An event without its place and its style. Two texts of one signature are the same to go-yaml.
Signature: TypeAlias = tuple[str | bool | None, ...]


class Document(NamedTuple):
    """A text and its tree."""

    text: str
    #: None: the text says nothing at all.
    root: Node | None
    #: Where the content ends: at `...` or at the end of the text.
    end: int
    #: Something follows the first document; the authenticator never looks at it.
    more: bool
    signature: list[Signature]


def target(node: Node) -> Node:
    """Return the node that an alias refers to, or else the node itself."""
    return node.target if isinstance(node, Alias) else node


def span(event: Event) -> tuple[Mark, Mark]:
    """Return the marks of an event. PyYAML's types leave open whether it has any; from its parser it has."""
    return cast("tuple[Mark, Mark]", (event.start_mark, event.end_mark))
