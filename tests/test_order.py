"""What is made after something else says so in a way that CloudFormation accepts."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from tests.synthesis import make_stack, template_of
from windows_nodegroup.order import Step, make_after


def later(condition: str | None = None) -> dict[str, Any]:
    """A resource that is made after another, which may have a condition."""
    stack = make_stack()
    earlier, resource = (cdk.CfnResource(stack, name, type="AWS::SNS::Topic") for name in ("Earlier", "Later"))
    step = Step(earlier)
    if condition:
        step = Step(earlier, cdk.CfnCondition(stack, condition, expression=cdk.Fn.condition_equals("a", "b")))
    make_after(resource, step)
    return dict(template_of(stack)["Resources"]["Later"])


def test_certain() -> None:
    """What always exists is depended on by name."""
    assert later() == {"Type": "AWS::SNS::Topic", "DependsOn": ["Earlier"]}


def test_conditional() -> None:
    """What may not exist is referred to under the same condition."""
    reference = {"Fn::If": ["Wanted", {"Ref": "Earlier"}, ""]}
    assert later("Wanted") == {"Type": "AWS::SNS::Topic", "Metadata": {"AfterEarlier": reference}}


def test_nothing() -> None:
    """Where there is nothing to wait for, nothing is added."""
    stack = make_stack()
    resource = cdk.CfnResource(stack, "Later", type="AWS::SNS::Topic")
    make_after(resource, None)
    assert template_of(stack)["Resources"]["Later"] == {"Type": "AWS::SNS::Topic"}
