"""Tokens are told from literals, as CDK itself tells them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_eks as eks

from windows_nodegroup.literals import is_literal, is_token_list, is_whole, literals, word
from windows_nodegroup.purchase import CapacityType

REFERENCE = {"Ref": "Parameter"}
TOKENS: list[Any] = [
    cdk.Token.as_string(REFERENCE),
    f"prefix-{cdk.Token.as_string(REFERENCE)}",
    cdk.Token.as_number(REFERENCE),
    cdk.Token.as_list(REFERENCE),
    cdk.Token.as_list(REFERENCE)[0],
    [cdk.Token.as_string(REFERENCE), "a"],
    {"key": cdk.Token.as_string(REFERENCE)},
    {cdk.Token.as_string(REFERENCE): "value"},
    cdk.Fn.get_att("Resource", "Attribute"),
    cdk.Aws.REGION,
]
LITERALS: list[Any] = [
    "",
    "text",
    "${Region}",
    "{Token[",
    "${Token[mine",
    0,
    -1,
    2**40,
    -1.5,
    True,
    [],
    ["a"],
    {"a": "b"},
]


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))  # a token's own text differs from process to process
def test_token(token: object) -> None:
    """Whatever holds a token is no literal."""
    assert not is_literal(token)


@pytest.mark.parametrize("value", LITERALS)
def test_literal(value: object) -> None:
    """What holds none is one, also where it looks a little like a token."""
    assert is_literal(value)


def test_nothing() -> None:
    """What is not given cannot be judged."""
    assert not is_literal(None)


def test_literals() -> None:
    """Of a list the literals are left, in order."""
    assert literals(["b", cdk.Aws.REGION, "a"]) == ("b", "a")
    assert literals(None) == ()


def test_word() -> None:
    """A member of an enumeration is known by its value, whoever made the enumeration."""
    assert word(CapacityType.SPOT) == word(eks.CapacityType.SPOT) == word("SPOT") == "SPOT"
    assert type(word(CapacityType.SPOT)) is str
    assert word(cdk.Aws.REGION) == cdk.Aws.REGION


def test_whole() -> None:
    """Sizes and counts are whole numbers; neither text nor truth is a number."""
    assert [number for number in (0, 7, -1, 1.0, 1.5, "1", True, None) if is_whole(number)] == [0, 7]


def test_token_list() -> None:
    """A token for a whole list is not a list of tokens."""
    assert is_token_list(cdk.Token.as_list(REFERENCE))
    assert not is_token_list([cdk.Aws.REGION])
    assert not is_token_list(["a"])
    assert not is_token_list([])
    assert not is_token_list(None)
