"""Reads the PowerShell of our user data as Windows PowerShell 5.1 would, and as nothing in the product does.

Only the language of the user data is known: assignments of strings and calls of the script's own functions, and a hash
table of them. What the reader does not know is an error, so that nothing can slip past it. Quotes are what PowerShell
takes for quotes, Unicode's included.
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES = '"\u201c\u201d\u201e'

# A backtick outside of strings only continues a line.
_PLAIN = [
    ("nothing", re.compile(r"[ \t]+|#[^\r\n]*|`\n")),
    ("newline", re.compile(r"[\r\n]")),
    ("bracket", re.compile(r"[(){}\[\]]")),
    ("variable", re.compile(r"\$(?:env:)?\w+|\$\?")),
    ("word", re.compile(r"[A-Za-z][\w-]*|-[A-Za-z]\w*")),
    ("sign", re.compile(r"[=@&|>,.+:;0-9-]")),
]


class Token(NamedTuple):
    """A piece of a script: `string` tokens carry what they evaluate to, all others what is written."""

    kind: str
    text: str


class NotOneWordError(Exception):
    """What the script itself throws when a token turns out to be more than one word."""


class NotOneItemError(Exception):
    """What the script itself throws when a token turns out to be more than one label or taint."""


def script_of(user_data: str) -> str:
    """What EC2's launch agent runs: from the first opening tag to the first closing one, and there must be no more."""
    user_data.encode("ascii")
    opened = re.search(r"<powershell>", user_data, re.IGNORECASE)
    assert opened
    closed = re.search(r"</powershell>", user_data[opened.end() :], re.IGNORECASE)
    assert closed
    around = user_data[: opened.start()] + user_data[opened.end() + closed.end() :]
    assert around.strip() == ""
    assert not re.search(r"<(script|persist|powershellArguments|version|runAsLocalSystem)", user_data, re.IGNORECASE)
    return user_data[opened.end() : opened.end() + closed.start()]


def tokens_of(script: str) -> list[Token]:
    """All tokens of a script. Brackets have to match, strings have to end."""
    tokens: list[Token] = []
    position = 0
    while position < len(script):
        token, position = _next(script, position)
        if token:
            tokens.append(token)
    _match_brackets(tokens)
    return tokens


def assignments_of(script: str) -> dict[str, str]:
    """The values of the variables that are set to strings before anything runs."""
    tokens = tokens_of(script)
    values: dict[str, str] = {}
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text in "({" and token.kind == "bracket") - (token.text in ")}" and token.kind == "bracket")
        at_start = index == 0 or tokens[index - 1].kind == "newline"
        is_set = depth == 0 and at_start and token.kind == "variable" and tokens[index + 1].text == "="
        if is_set and tokens[index + 2].kind in ("string", "bracket"):
            value, _ = _evaluate(tokens, index + 2)
            assert isinstance(value, str)
            values[token.text] = value
    return values


def arguments_of(script: str) -> dict[str, str | list[str]]:
    """The values of the hash table `$arguments`, with which the bootstrap script is called."""
    tokens = tokens_of(script)
    start = next(index for index, token in enumerate(tokens) if token == Token("variable", "$arguments"))
    assert [token.text for token in tokens[start + 1 : start + 5]] == ["=", "@", "{", "\n"]
    position = start + 5
    arguments: dict[str, str | list[str]] = {}
    while tokens[position].text != "}":
        name = tokens[position]
        assert name.kind == "word"
        assert name.text not in arguments
        assert tokens[position + 1].text == "="
        arguments[name.text], position = _evaluate(tokens, position + 2)
        assert tokens[position].kind == "newline"
        position += 1
    return arguments


def signal_of(script: str) -> dict[str, str]:
    """The options of `cfn-signal` that are put together from a name and a value."""
    tokens = tokens_of(script)
    options: dict[str, str] = {}
    program = next(
        index for index, (kind, text) in enumerate(tokens) if kind == "expandable" and text.endswith("cfn-signal.exe")
    )
    for index, token in enumerate(tokens[program:], program):
        if token.kind == "string" and token.text.startswith("--") and tokens[index + 1].text == "+":
            value, _ = _evaluate(tokens, index + 2)
            assert isinstance(value, str)
            options[token.text] = value
    return options


def _next(script: str, start: int) -> tuple[Token | None, int]:
    character, after = script[start], script[start + 1 : start + 2]
    if character == "@" and after and after in SINGLE_QUOTES + DOUBLE_QUOTES:
        return _here_string(script, start)
    if character in SINGLE_QUOTES:
        return _single_quoted(script, start + 1)
    if character in DOUBLE_QUOTES:
        return _double_quoted(script, start + 1)
    for kind, pattern in _PLAIN:
        if found := pattern.match(script, start):
            token = Token(kind, "\n" if kind == "newline" else found[0])
            return (None if kind == "nothing" else token), found.end()
    raise AssertionError(f"unexpected {character!r}")


def _single_quoted(script: str, start: int) -> tuple[Token, int]:
    value = ""
    position = start
    while True:
        assert position < len(script), "a string does not end"
        character = script[position]
        if character in SINGLE_QUOTES:
            if script[position + 1 : position + 2] and script[position + 1] in SINGLE_QUOTES:
                position += 1
            else:
                return Token("string", value), position + 1
        value += script[position]
        position += 1


def _double_quoted(script: str, start: int) -> tuple[Token, int]:
    position = start
    while script[position] not in DOUBLE_QUOTES:
        assert script[position : position + 2] != "$(", "no string of ours holds code"
        position += 2 if script[position] == "`" else 1
    return Token("expandable", script[start:position]), position + 1


def _here_string(script: str, start: int) -> tuple[Token, int]:
    assert script[start + 1] in SINGLE_QUOTES, "no string of ours is an expandable here-string"
    header = re.compile(r"[ \t]*\r?\n").match(script, start + 2)
    assert header
    footer = re.compile(rf"\r?\n[{SINGLE_QUOTES}]@").search(script, header.end() - 1)
    assert footer, "a here-string does not end"
    return Token("string", script[header.end() : max(footer.start(), header.end())]), footer.end()


def _match_brackets(tokens: list[Token]) -> None:
    opened: list[str] = []
    for token in tokens:
        if token.kind != "bracket":
            continue
        if token.text in "({[":
            opened.append(token.text)
        else:
            assert opened
            assert opened.pop() + token.text in ("()", "{}", "[]")
    assert opened == []


def _evaluate(tokens: list[Token], position: int) -> tuple[str | list[str], int]:
    """The value of an expression and where it ends."""
    value: str | list[str]
    if tokens[position].kind == "string":
        return tokens[position].text, position + 1
    if tokens[position].text == "@":
        return _array(tokens, position + 1)
    assert tokens[position].text == "(", tokens[position]
    function = tokens[position + 1]
    if function == Token("word", "ConvertFrom-Base64"):
        encoded = tokens[position + 2]
        assert encoded.kind == "string"
        value, position = base64.b64decode(encoded.text, validate=True).decode(), position + 3
    elif function == Token("word", "Assert-Word"):
        value, position = _evaluate(tokens, position + 2)
        assert isinstance(value, str)
        _assert_word(value)
    elif function == Token("word", "Assert-Item"):
        value, position = _evaluate(tokens, position + 2)
        assert isinstance(value, str)
        if "," in value:
            raise NotOneItemError(value)
        _assert_word(value)
    elif function == Token("word", "Join-Word"):
        value, position = _evaluate(tokens, position + 2)
        assert isinstance(value, str)
        words = value.split("\n") if value else []
        for word in words:
            _assert_word(word)
        value = " ".join(words)
    else:
        value, position = _operation(tokens, position + 1)
    assert tokens[position].text == ")"
    if [token.text for token in tokens[position + 1 : position + 5]] == [".", "Split", "(", ","]:
        assert isinstance(value, str)
        assert tokens[position + 5].text == ")"
        return value.split(","), position + 6
    return value, position + 1


def _operation(tokens: list[Token], position: int) -> tuple[str, int]:
    """What `-join` makes of an array, or `+` of two strings."""
    left, position = _evaluate(tokens, position)
    operator = tokens[position]
    right, position = _evaluate(tokens, position + 1)
    assert isinstance(right, str)
    if operator == Token("word", "-join"):
        assert isinstance(left, list)
        return right.join(left), position
    assert operator == Token("sign", "+")
    assert isinstance(left, str)
    return left + right, position


def _assert_word(text: str) -> None:
    if not re.fullmatch(r"[!#$&(-~]+", text):
        raise NotOneWordError(text)


def _array(tokens: list[Token], position: int) -> tuple[list[str], int]:
    assert tokens[position].text == "("
    values: list[str] = []
    while tokens[position].text != ")":
        value, position = _evaluate(tokens, position + 1)
        assert isinstance(value, str)
        values.append(value)
        assert tokens[position].text in (",", ")")
    return values, position + 1
