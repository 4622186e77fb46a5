"""PyYAML's scanner, reading characters and scalars as go-yaml v2 does.

Source: https://github.com/yaml/go-yaml/tree/v2.4.2 (`readerc.go` and the second half of `scannerc.go`).
"""

from __future__ import annotations

import re

import yaml.error
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken

#: What ends a line.
BREAKS = "\r\n\x85\u2028\u2029"
#: What ends a word; the buffer ends with NUL, and nothing else in it is NUL.
BLANK_BREAK_OR_END = f" \t\0{BREAKS}"

_BYTE_ORDER_MARK = "\ufeff"
# Two patterns: one of both ranges, or of what may be read, takes Python ten times as long to compile.
_UNREADABLE = (re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"), re.compile("[\ud800-\udfff\ufffe\uffff]"))
_LINE_BREAK = re.compile(f"\r\n|[{BREAKS}]")

_BLANKS = re.compile("[ \t]*")
_LINE = re.compile(f"[^\0{BREAKS}]*")
_DOCUMENT_INDICATOR = re.compile(rf"(?:---|\.\.\.)(?=[{BLANK_BREAK_OR_END}])")
_PLAIN = re.compile(f"(?:[^{BLANK_BREAK_OR_END}:]+|:(?![{BLANK_BREAK_OR_END}]))*")
_PLAIN_IN_FLOW = re.compile(rf"(?:[^{BLANK_BREAK_OR_END}:,?\[\]{{}}]+|:(?![{BLANK_BREAK_OR_END}]))*")
_QUOTED_LINE = {
    "'": re.compile(f"'([^'\0{BREAKS}]*)'(?!')"),
    '"': re.compile(rf'"([^"\\\0{BREAKS}]*)"'),
}
_QUOTED_WORD = {
    "'": re.compile(f"[^'{BLANK_BREAK_OR_END}]*"),
    '"': re.compile(rf'[^"\\{BLANK_BREAK_OR_END}]*'),
}
# Maps seldom have block scalars: it is compiled when one does.
_BLOCK_HEADER = f"[|>](?:([+-])([1-9])?|([1-9])([+-])?)?[ \t]*(?:#[^\0{BREAKS}]*)?(?=[\0{BREAKS}])"

# PyYAML knows `\/` and not `\'`, go-yaml the other way round.
_ESCAPES = {
    "0": "\0",
    "a": "\x07",
    "b": "\x08",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\x0b",
    "f": "\x0c",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_CODE_LENGTHS = {"x": 2, "u": 4, "U": 8}
_SURROGATES = range(0xD800, 0xE000)
_LAST_CHARACTER = 0x10FFFF


class Mark(yaml.error.Mark):
    """A place in the text, without the text."""

    def __init__(self, index: int, line: int, column: int) -> None:
        """Take the place, everything counted from 0."""
        self.index = index
        self.line = line
        self.column = column


class GoYamlScalars(Scanner):
    """The part of the scanner that reads characters and scalars."""

    encoding = None

    def __init__(self, text: str) -> None:
        """Start at the beginning of the text, after a byte order mark.

        Raises:
            ScannerError: The text has two byte order marks.
        """
        #: The first character that go-yaml refuses if it comes that far; the text ends there.
        self.unreadable: ScannerError | None = None
        self.index = 1 if text.startswith(_BYTE_ORDER_MARK) else 0
        self.line = 0
        self.column = 0
        super().__init__()
        if unreadable := [match.start() for pattern in _UNREADABLE if (match := pattern.search(text))]:
            line = len(_LINE_BREAK.findall(text, 0, min(unreadable)))
            self.unreadable = ScannerError(None, None, "found a control character", Mark(min(unreadable), line, 0))
            text = text[: min(unreadable)]
        self.buffer = text + "\0\0\0\0"
        if text.startswith(_BYTE_ORDER_MARK * 2):  # go-yaml then drops the first character of every line
            if text[2:].strip(" \r\n"):
                raise self.error("found a second byte order mark")
            self.index = 2

    def error(self, problem: str) -> ScannerError:
        """Make an error that points to where we are."""
        return ScannerError(None, None, problem, self.get_mark())

    def peek(self, index: int = 0) -> str:
        """Return the character that many places ahead."""
        return self.buffer[self.index + index]

    def prefix(self, length: int = 1) -> str:
        """Return that many characters from here."""
        return self.buffer[self.index : self.index + length]

    def forward(self, length: int = 1) -> None:
        """Step over characters of one line."""
        self.index += length
        self.column += length

    def get_mark(self) -> Mark:
        """Return where we are."""
        return Mark(self.index, self.line, self.column)

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what matches here, within a line."""
        match = pattern.match(self.buffer, self.index)
        if match is not None:
            self.forward(match.end() - self.index)
        return match

    def scan_line_break(self) -> str:
        """Step over a line break, if one is here, and return it as YAML counts it."""
        character = self.buffer[self.index]
        if character not in BREAKS:
            return ""
        self.index += 2 if self.buffer.startswith("\r\n", self.index) else 1
        self.line += 1
        self.column = 0
        return character if character in "\u2028\u2029" else "\n"

    def scan_plain(self) -> ScalarToken:
        """Take a scalar without quotes. Tabs may stand in it, but not indent it."""
        start = end = self.get_mark()
        words = _PLAIN_IN_FLOW if self.flow_level else _PLAIN
        chunks: list[str] = []
        spaces = ""
        lines = self.line
        while not (self._at_document_indicator() or self.buffer[self.index] == "#"):
            match = words.match(self.buffer, self.index)
            if match is not None and match[0]:
                chunks += spaces, match[0]
                self.forward(len(match[0]))
                end = self.get_mark()
                lines = self.line
            if self.buffer[self.index] not in " \t" + BREAKS:
                break
            spaces = self._spaces(self.indent + 1)
            if not self.flow_level and self.column <= self.indent:
                break
        if self.line > lines:
            self.allow_simple_key = True
        return ScalarToken("".join(chunks), True, start, end)

    def scan_flow_scalar(self, style: str) -> ScalarToken:
        """Take a scalar in quotes."""
        start = self.get_mark()
        if (line := self.skip(_QUOTED_LINE[style])) is not None:
            return ScalarToken(line[1], False, start, self.get_mark(), style)
        self.forward()
        chunks: list[str] = []
        while True:
            if self._at_document_indicator():
                raise self.error("found unexpected document indicator")
            if self.buffer[self.index] == "\0":
                raise self.error("found unexpected end of stream")
            joined = self._quoted_words(style, chunks)
            if self.buffer[self.index] == style:
                break
            chunks.append(self._spaces(0, joined=joined))
        self.forward()
        return ScalarToken("".join(chunks), False, start, self.get_mark(), style)

    def _at_document_indicator(self) -> bool:
        return self.column == 0 and _DOCUMENT_INDICATOR.match(self.buffer, self.index) is not None

    def _spaces(self, indent: int, *, joined: bool = False) -> str:
        """Take blanks and line breaks inside a scalar, and return what they fold to.

        Args:
            indent: Tabs before this column are an error.
            joined: An escaped line break has just been taken.
        """
        if joined:
            first = ""
        else:
            blanks = self.skip(_BLANKS)
            first = self.scan_line_break()
            if not first:
                return blanks[0] if blanks is not None else ""
        self._line_start(indent)
        more = ""
        while line_break := self.scan_line_break():
            more += line_break
            self._line_start(indent)
        if first == "\n":
            return more or " "
        return first + more

    def _line_start(self, indent: int) -> None:
        blanks = self.skip(_BLANKS)
        if blanks is not None and "\t" in blanks[0] and blanks[0].index("\t") < indent:
            raise self.error("found a tab character that violates indentation")

    def _quoted_words(self, style: str, chunks: list[str]) -> bool:
        """Take characters up to a blank, a line break or the quote; return whether an escaped line break came last."""
        while True:
            word = self.skip(_QUOTED_WORD[style])
            chunks.append(word[0] if word is not None else "")
            if self.prefix(2) == "''" and style == "'":
                chunks.append("'")
                self.forward(2)
            elif self.peek() == "\\" and style == '"':
                self.forward()
                if self.scan_line_break():
                    return True
                chunks.append(self._escape())
            else:
                return False

    def _escape(self) -> str:
        character = self.peek()
        self.forward()
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character not in _CODE_LENGTHS:
            raise self.error("found unknown escape character")
        digits = self.prefix(_CODE_LENGTHS[character])
        if not re.fullmatch("[0-9A-Fa-f]+", digits) or len(digits) < _CODE_LENGTHS[character]:
            raise self.error("did not find expected hexdecimal number")
        code = int(digits, 16)
        if code in _SURROGATES or code > _LAST_CHARACTER:
            raise self.error("found invalid Unicode character escape code")
        self.forward(len(digits))
        return chr(code)

    def scan_block_scalar(self, style: str) -> ScalarToken:
        """Take a literal (`|`) or folded (`>`) scalar."""
        start = self.get_mark()
        header = self.skip(re.compile(_BLOCK_HEADER))
        if header is None:
            raise self.error("did not find expected comment or line break")
        chomping = header[1] or header[4]
        increment = int(header[2] or header[3] or 0)
        self.scan_line_break()
        breaks, indent, end = self._block_breaks(max(self.indent, 0) + increment if increment else 0)
        chunks: list[str] = []
        line_break = ""
        after_blank = False
        while self.column == indent and self.buffer[self.index] != "\0":
            blank = self.buffer[self.index] in " \t"
            if style == ">" and line_break == "\n" and not after_blank and not blank:
                chunks.append(breaks or " ")
            else:
                chunks.append(line_break + breaks)
            line = self.skip(_LINE)
            chunks.append(line[0] if line is not None else "")
            line_break = self.scan_line_break()
            after_blank = blank
            breaks, indent, end = self._block_breaks(indent)
        if chomping != "-":
            chunks.append(line_break)
        if chomping == "+":
            chunks.append(breaks)
        return ScalarToken("".join(chunks), False, start, end, style)

    def _block_breaks(self, indent: int) -> tuple[str, int, Mark]:
        """Take empty lines and indentation; an indent of 0 is not known yet and found here."""
        breaks = ""
        deepest = 0
        end = self.get_mark()
        while True:
            while self.buffer[self.index] == " " and (not indent or self.column < indent):
                self.forward()
            deepest = max(deepest, self.column)
            if self.buffer[self.index] == "\t" and (not indent or self.column < indent):
                raise self.error("found a tab character where an indentation space is expected")
            line_break = self.scan_line_break()
            if not line_break:
                return breaks, indent or max(deepest, self.indent + 1, 1), end
            breaks += line_break
            end = self.get_mark()
