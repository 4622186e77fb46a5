"""Every rule is complete, its examples are true, and the page of all rules is up to date."""

from __future__ import annotations

import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2, aws_eks, aws_lambda

import windows_nodegroup
from development.rules_page import PATH, page
from tests.synthesis import make_node_group, make_stack
from windows_nodegroup.problems import InvalidNodeGroup, Rule
from windows_nodegroup.rules import RULES

NAMES: dict[str, Any] = {name: getattr(windows_nodegroup, name) for name in windows_nodegroup.__all__}

_MORE_NAMES: dict[str, Any] = {
    "aws_ec2": aws_ec2,
    "aws_eks": aws_eks,
    "aws_lambda": aws_lambda,
    "cdk": cdk,
    "Duration": cdk.Duration,
}


def codes_of(props: str) -> set[str]:
    """The codes of all problems of a node group with these props beside another of the same cluster."""
    stack = make_stack()
    make_node_group(stack, "Other")
    try:
        # The examples are ours, and written as a user of the package writes them.
        values = eval(f"dict({props})", NAMES | _MORE_NAMES | {"stack": stack})  # noqa: S307
        node_group = make_node_group(stack, **values)
    except InvalidNodeGroup as invalid:
        return {problem.code for problem in invalid.problems}
    texts = [str(entry.data) for entry in node_group.node.metadata if entry.type == "aws:cdk:warning"]
    return {code for text in texts for code in re.findall(r"\[(WNG[0-9]{3})\]", text)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_bad_example(rule: Rule) -> None:
    """The bad example breaks the rule."""
    assert rule.code in codes_of(rule.bad)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_good_example(rule: Rule) -> None:
    """The good example keeps it."""
    assert rule.code not in codes_of(rule.good)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_texts(rule: Rule) -> None:
    """Meaning and cure are one line each and end without a full stop; the documentation is AWS's or Kubernetes'."""
    assert re.fullmatch(r"WNG[1-8][0-9]{2}", rule.code)
    assert re.fullmatch(r"[A-Z].*[^.\n]", rule.meaning)
    assert re.fullmatch(r"[a-z].*[^.\n]", rule.cure)
    assert re.match(r"https://(docs\.aws\.amazon\.com|kubernetes\.io|github\.com)/", rule.documentation)
    assert rule.severity in ("error", "warning")


def test_codes() -> None:
    """No two rules have the same code."""
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))


def test_page() -> None:
    """docs/rules.md holds every rule as it is; `python -m development.rules_page` writes it."""
    assert PATH.read_text(encoding="utf-8") == page()
    assert all(f"[{rule.code}]({rule.documentation})" in page() for rule in RULES)
