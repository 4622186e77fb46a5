"""Problems are collected, said all at once, and warnings can be acknowledged."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from constructs import Construct

from windows_nodegroup.problems import InvalidNodeGroup, Problem, Problems, Rule

SIZE = Rule(
    code="WNG104",
    severity="error",
    meaning="The smallest size is above the largest",
    cure="raise max_size or lower min_size",
    documentation="https://example.com/sizes",
    good="min_size=1",
    bad="min_size=5",
)
NAME = Rule(
    code="WNG102",
    severity="error",
    meaning="The name is not well-formed",
    cure="use letters",
    documentation="https://example.com/names",
    good='nodegroup_name="a"',
    bad='nodegroup_name="-"',
)
PINNED = Rule(
    code="WNG201",
    severity="warning",
    meaning="The image is pinned",
    cure="renew it in time",
    documentation="https://example.com/images",
    good="",
    bad='ami="ami-1"',
)


def warnings_of(app: cdk.App) -> list[str]:
    """The warnings that the CDK CLI would show."""
    return [
        str(message.entry.data)
        for stack in app.synth().stacks
        for message in stack.messages
        if message.level == cdk.cx_api.SynthesisMessageLevel.WARNING
    ]


def with_warning(acknowledge: object = None) -> list[str]:
    """The warnings of an app with one problem, after `acknowledge` was called with the construct."""
    app = cdk.App(analytics_reporting=False)
    construct = Construct(cdk.Stack(app, "Stack"), "Windows")
    problems = Problems()
    problems.add(PINNED, "the image ami-1 is pinned")
    problems.annotate(construct)
    if callable(acknowledge):
        acknowledge(construct)
    return warnings_of(app)


def test_text() -> None:
    """A problem says what is wrong, the value, the cure and the code, in lower case and without a full stop."""
    problem = Problem(SIZE, "min_size 5 is greater than max_size 3")
    assert str(problem) == "min_size 5 is greater than max_size 3: raise max_size or lower min_size [WNG104]"
    assert problem.code == "WNG104"


def test_all_at_once() -> None:
    """One error holds all problems, in the order of their codes, each with its documentation."""
    problems = Problems("Stack/Windows")
    problems.add(SIZE, "min_size 5 is greater than max_size 3")
    problems.add(NAME, "nodegroup_name '-' is not well-formed")
    problems.add(PINNED, "the image is pinned")
    with pytest.raises(InvalidNodeGroup) as caught:
        problems.raise_errors()
    assert str(caught.value) == (
        "Stack/Windows has 2 problems:\n"
        "  nodegroup_name '-' is not well-formed: use letters [WNG102] https://example.com/names\n"
        "  min_size 5 is greater than max_size 3: raise max_size or lower min_size [WNG104] https://example.com/sizes"
    )
    assert [problem.code for problem in caught.value.problems] == ["WNG102", "WNG104"]
    assert isinstance(caught.value, ValueError)


def test_one() -> None:
    """One problem is one problem."""
    problems = Problems()
    problems.add(NAME, "nodegroup_name '-' is not well-formed")
    with pytest.raises(InvalidNodeGroup, match="the node group has 1 problem:"):
        problems.raise_errors()


def test_said_once() -> None:
    """What is found twice is said once."""
    problems = Problems()
    problems.add(NAME, "nodegroup_name '-' is not well-formed")
    problems.add(NAME, "nodegroup_name '-' is not well-formed")
    assert len(problems.errors) == 1


def test_warnings_do_not_raise() -> None:
    """A warning alone stops nothing."""
    problems = Problems()
    problems.add(PINNED, "the image is pinned")
    problems.raise_errors()
    assert [problem.code for problem in problems.warnings] == ["WNG201"]
    assert problems.errors == ()


def test_warning_is_shown() -> None:
    """A warning is shown with the id by which it is acknowledged."""
    (warning,) = with_warning()
    assert warning.startswith("the image ami-1 is pinned: renew it in time [WNG201]")
    assert warning.endswith("[ack: windows-nodegroup:WNG201]")


def test_warning_is_acknowledged() -> None:
    """Both of CDK's ways to acknowledge a warning silence it."""
    rule = "windows-nodegroup:WNG201"
    assert with_warning(lambda scope: cdk.Annotations.of(scope).acknowledge_warning(rule, "renewed")) == []
    accepted = cdk.Acknowledgment(id=rule, reason="renewed")
    assert with_warning(lambda scope: cdk.Validations.of(scope).acknowledge(accepted)) == []


def test_other_warnings_stay() -> None:
    """Who acknowledges one warning still sees the others."""
    other = "windows-nodegroup:WNG405"
    assert len(with_warning(lambda scope: cdk.Annotations.of(scope).acknowledge_warning(other, "x"))) == 1
