"""PyYAML's scanner and parser, made to accept what go-yaml v2 accepts and to refuse what it refuses.

The authenticator reads `aws-auth` with go-yaml v2.4 (through sigs.k8s.io/yaml). Both libraries descend from one
design and differ in details: tabs, escapes, directives, tags, colons in flow collections, limits. A map that one
reads and the other does not could lock out every node, so each place that differs is written anew after go-yaml's
rules; what is equal is inherited. Of PyYAML's `scan_` methods none is, so the function travels without them.

Source: https://github.com/yaml/go-yaml/tree/v2.4.2 (`scannerc.go`, `parserc.go`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.events import ScalarEvent
from yaml.parser import Parser, ParserError
from yaml.tokens import (
    AliasToken,
    AnchorToken,
    DirectiveToken,
    FlowEntryToken,
    FlowSequenceEndToken,
    TagToken,
    ValueToken,
)

from .goyaml_scalars import BLANK_BREAK_OR_END, BREAKS, GoYamlScalars

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml.events import Event
    from yaml.tokens import Token

#: go-yaml refuses more levels than this, counted apart for flow and for block collections.
MAX_DEPTH = 10_000

#: A key without `?` ends within this many characters of its start.
_MAX_SIMPLE_KEY = 1024

_SPACES = re.compile(" *")
_BLANKS = re.compile("[ \t]*")
_COMMENT = re.compile(f"#[^\0{BREAKS}]*")
_REST_OF_LINE = re.compile(f"[ \t]*(?:#[^\0{BREAKS}]*)?(?=[\0{BREAKS}])")

_URI = r"[\w;/?:@&=+$,.!~*'()\[\]%-]"
_END = f"(?=[{BLANK_BREAK_OR_END}])"
# Maps seldom have these: they are compiled when one does.
_YAML_DIRECTIVE = r"%YAML[ \t]+([0-9]{1,2})\.([0-9]{1,2})(?![0-9])"
_TAG_DIRECTIVE = rf"(?a)%TAG[ \t]+(!(?:[\w-]*!)?)[ \t]+({_URI}+){_END}"
_VERBATIM_TAG = rf"(?a)!<({_URI}+)>{_END}"
_TAG = rf"(?a)(![\w-]*!|!)({_URI}*){_END}"
_ANCHOR = rf"[&*]([0-9A-Za-z_-]+)(?=[{BLANK_BREAK_OR_END}?:,\]}}%@`])"
_OCTETS = "(?:%[0-9A-Fa-f]{2})+"


class GoYamlParser(GoYamlScalars, Parser):
    """Text to events, as go-yaml v2 finds them.

    Raises:
        ScannerError: The text is no YAML for go-yaml. So does every method that fetches an event.
        ParserError: Likewise.
    """

    def __init__(self, text: str) -> None:
        """Start at the beginning of the text, after a byte order mark."""
        #: Where the `-` of every block entry stands, in the order of the text.
        self.dashes: list[int] = []
        # The level of each possible key by the number of its first token, and the number last saved on each level.
        self._levels: dict[int, int] = {}
        self._saved: list[int] = [0]
        super().__init__(text)
        Parser.__init__(self)

    # Keys without `?`. go-yaml looks whether one is still possible only where it matters, not at every token.

    def need_more_tokens(self) -> bool:
        """Return whether the next token may still turn out to begin a key."""
        if self.done:
            return False
        if not self.tokens:
            return True
        level = self._levels.get(self.tokens_taken)
        return level is not None and self._still_possible(level)

    def stale_possible_simple_keys(self) -> None:
        """Leave old keys alone: `_still_possible` sees to them."""

    def save_possible_simple_key(self) -> None:
        """Remember that a key may start here."""
        super().save_possible_simple_key()
        if self.allow_simple_key:
            number = self.possible_simple_keys[self.flow_level].token_number
            self._levels[number] = self.flow_level
            self._saved[-1] = number

    def remove_possible_simple_key(self) -> None:
        """Forget the key that may have started on this level."""
        key = self.possible_simple_keys.get(self.flow_level)
        super().remove_possible_simple_key()
        if key is not None:
            self._levels.pop(key.token_number, None)

    def _still_possible(self, level: int) -> bool:
        key = self.possible_simple_keys[level]
        if key.line == self.line and self.index - key.index <= _MAX_SIMPLE_KEY:
            return True
        if key.required:
            raise self.error("could not find expected ':'")
        del self.possible_simple_keys[level]
        self._levels.pop(key.token_number, None)
        return False

    def fetch_value(self) -> None:
        """Take `:`, after the key before it if that is one."""
        key = self.possible_simple_keys.get(self.flow_level)
        if key is not None and self._still_possible(self.flow_level):
            self._levels.pop(key.token_number, None)
        super().fetch_value()

    def fetch_block_entry(self) -> None:
        """Take `-`."""
        self.dashes.append(self.index)
        super().fetch_block_entry()

    # Limits.

    def add_indent(self, column: int) -> bool:
        """Begin a block collection."""
        added = super().add_indent(column)
        if len(self.indents) > MAX_DEPTH:
            raise self.error(f"exceeded max depth of {MAX_DEPTH}")
        return added

    def fetch_flow_collection_start(self, TokenClass: type[Token]) -> None:  # noqa: N803 - its name in PyYAML
        """Begin a flow collection."""
        number = self.tokens_taken + len(self.tokens)
        super().fetch_flow_collection_start(TokenClass)
        self._saved.append(number)
        if self.flow_level > MAX_DEPTH:
            raise self.error(f"exceeded max depth of {MAX_DEPTH}")

    def fetch_flow_collection_end(self, TokenClass: type[Token]) -> None:  # noqa: N803 - its name in PyYAML
        """End a flow collection. go-yaml then forgets that one without a possible key inside may itself be a key."""
        super().fetch_flow_collection_end(TokenClass)
        if len(self._saved) > 1:
            self._levels.pop(self._saved.pop(), None)

    # Tokens.

    def scan_to_next_token(self) -> None:
        """Step over blanks, comments and line breaks. A tab is a blank where no key can start."""
        while True:
            self.skip(_BLANKS if self.flow_level or not self.allow_simple_key else _SPACES)
            self.skip(_COMMENT)
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_directive(self) -> DirectiveToken:
        """Take a `%YAML` or `%TAG` line; there are no others."""
        start = self.get_mark()
        if (version := self.skip(re.compile(_YAML_DIRECTIVE))) is not None:
            token = DirectiveToken("YAML", (int(version[1]), int(version[2])), start, self.get_mark())
        elif (tag := self.skip(re.compile(_TAG_DIRECTIVE))) is not None:
            token = DirectiveToken("TAG", (tag[1], self._unescaped(tag[2])), start, self.get_mark())
        else:
            raise self.error("found a directive that is neither a proper %YAML nor a proper %TAG")
        if self.skip(_REST_OF_LINE) is None:
            raise self.error("did not find expected comment or line break")
        self.scan_line_break()
        return token

    def scan_anchor(self, TokenClass: type[AnchorToken | AliasToken]) -> AnchorToken | AliasToken:  # noqa: N803
        """Take `&name` or `*name`."""
        start = self.get_mark()
        name = self.skip(re.compile(_ANCHOR))
        if name is None:
            raise self.error("did not find expected alphabetic or numeric character")
        return TokenClass(name[1], start, self.get_mark())

    def scan_tag(self) -> TagToken:
        """Take a tag: `!`, `!suffix`, `!handle!suffix` or `!<uri>`."""
        start = self.get_mark()
        if (verbatim := self.skip(re.compile(_VERBATIM_TAG))) is not None:
            return TagToken((None, self._unescaped(verbatim[1])), start, self.get_mark())
        tag = self.skip(re.compile(_TAG))
        if tag is None or (tag[1] != "!" and not tag[2]):
            raise self.error("found a malformed tag")
        handle, suffix = (tag[1], self._unescaped(tag[2])) if tag[2] else (None, "!")
        return TagToken((handle, suffix), start, self.get_mark())

    def _unescaped(self, uri: str) -> str:
        if "%" in re.sub(_OCTETS, "", uri):
            raise self.error("did not find URI escaped octet")
        try:
            return re.sub(_OCTETS, lambda octets: bytes.fromhex(octets[0].replace("%", "")).decode(), uri)
        except UnicodeDecodeError:
            raise self.error("found an incorrect UTF-8 octet in a tag") from None

    # The parser.

    def process_directives(self) -> object:
        """Take the directives of a document, whose version must be 1.1."""
        peek: Callable[[], Token] = self.peek_token
        start = peek().start_mark
        process: Callable[[], object] = super().process_directives
        directives = process()
        if self.yaml_version not in (None, (1, 1)):
            raise ParserError(None, None, "found incompatible YAML document, its %YAML is not 1.1", start)
        return directives

    def parse_flow_sequence_entry_mapping_key(self) -> Event:
        """Parse the key of `[key: value]`; after an empty one, go-yaml loses a token."""
        next_token: Callable[[], Token] = self.get_token
        next_token()
        if not self.check_token(ValueToken, FlowEntryToken, FlowSequenceEndToken):
            self.states.append(self.parse_flow_sequence_entry_mapping_value)
            parse: Callable[[], Event] = self.parse_flow_node
            return parse()
        lost = next_token()
        self.state = self.parse_flow_sequence_entry_mapping_value
        return ScalarEvent(None, None, (True, False), "", lost.end_mark, lost.end_mark)
