"""Tests of the Rules section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.cloudformation.stage import custom, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage


def _verdict(stage: Stage, rule: dict[str, Any], declared: dict[str, Any], **values: str) -> str | None:
    """The refusal's text, or None if the rule holds."""
    whole = {**template(Thing=custom(stage.functions.add("f"))), "Parameters": declared, "Rules": {"Rule": rule}}
    try:
        stage.change_set(whole, kind="CREATE", parameters=values)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return None


_MODE = {"Mode": {"Type": "String"}, "Role": {"Type": "String", "Default": ""}}
_NEEDS_ROLE = {
    "RuleCondition": {"Fn::Equals": [{"Ref": "Mode"}, "CONFIG_MAP"]},
    "Assertions": [
        {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Role"}, ""]}]}, "AssertDescription": "CONFIG_MAP needs a role"}
    ],
}


def test_an_assertion_that_does_not_hold_refuses_the_change_set(stage: Stage) -> None:
    """With the template's own text, before anything exists."""
    assert _verdict(stage, _NEEDS_ROLE, _MODE, Mode="CONFIG_MAP") == "CONFIG_MAP needs a role"
    assert stage.api.list_stacks()["StackSummaries"] == []


def test_a_rule_whose_condition_is_false_does_not_count(stage: Stage) -> None:
    """Nor does one that holds."""
    assert _verdict(stage, _NEEDS_ROLE, _MODE, Mode="API") is None
    stage.api.delete_stack(StackName="one")
    assert _verdict(stage, _NEEDS_ROLE, _MODE, Mode="CONFIG_MAP", Role="arn") is None


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::Contains": [["a", "b"], {"Ref": "Mode"}]}, True),
        ({"Fn::Contains": [["b"], {"Ref": "Mode"}]}, False),
        ({"Fn::And": [{"Fn::Equals": [{"Ref": "Mode"}, "a"]}, {"Fn::Contains": [["a"], "a"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": [{"Ref": "Mode"}, "b"]}, {"Fn::Contains": [["a"], "b"]}]}, False),
        ({"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "Mode"}]}]}, True),
        ({"Fn::EachMemberEquals": [["a", "a"], {"Ref": "Mode"}]}, True),
        ({"Fn::EachMemberEquals": [["a", "b"], {"Ref": "Mode"}]}, False),
        ({"Fn::EachMemberIn": [["a"], ["a", "b"]]}, True),
        ({"Fn::EachMemberIn": [["a", "c"], ["a", "b"]]}, False),
    ],
)
def test_rule_functions(stage: Stage, assertion: dict[str, Any], *, holds: bool) -> None:
    """Each function, both ways."""
    rule = {"Assertions": [{"Assert": assertion, "AssertDescription": "does not hold"}]}
    assert _verdict(stage, rule, {"Mode": {"Type": "String"}}, Mode="a") == (None if holds else "does not hold")


_NETWORK = {"Vpc": {"Type": "AWS::EC2::VPC::Id"}, "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"}}
_IN_VPC = {
    "Assertions": [
        {
            "Assert": {
                "Fn::EachMemberIn": [
                    {"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]},
                    {"Fn::RefAll": "AWS::EC2::VPC::Id"},
                ]
            },
            "AssertDescription": "subnets of another VPC",
        }
    ]
}


def _subnets(stage: Stage, vpc: str) -> str:
    found = stage.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return ",".join(subnet["SubnetId"] for subnet in found)


def test_subnets_must_be_in_the_vpc(stage: Stage) -> None:
    """Fn::ValueOfAll and Fn::RefAll look at what the parameters' values are in EC2."""
    vpc = stage.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    other = stage.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert _verdict(stage, _IN_VPC, _NETWORK, Vpc=other, Subnets=_subnets(stage, vpc)) == "subnets of another VPC"
    assert _verdict(stage, _IN_VPC, _NETWORK, Vpc=vpc, Subnets=_subnets(stage, vpc)) is None


def test_an_attribute_of_one_parameter(stage: Stage) -> None:
    """Fn::ValueOf, of a list: for each member."""
    vpc = stage.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    rule = {
        "Assertions": [
            {
                "Assert": {"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Subnets", "VpcId"]}, {"Ref": "Vpc"}]},
                "AssertDescription": "subnets of another VPC",
            }
        ]
    }
    other = stage.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert _verdict(stage, rule, _NETWORK, Vpc=other, Subnets=_subnets(stage, vpc)) == "subnets of another VPC"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Assertions": []}, "must have Assertions"),
        ({"Assertions": [{"Assert": {"Fn::If": ["x", "a", "b"]}}]}, "Fn::If is no rule-specific intrinsic function"),
        ({"Assertions": [{"Assert": {"Fn::ValueOf": ["Nobody", "VpcId"]}}]}, "is no parameter"),
        (
            {"Assertions": [{"Assert": {"Fn::ValueOf": ["Mode", "VpcId"]}}]},
            "does not support parameters of type String",
        ),
        ({"Assertions": [{"Assert": "maybe"}]}, "must come to true or false"),
        ({"Assertions": [{"Assert": False}]}, "Rule Rule is not satisfied"),
    ],
)
def test_a_malformed_rule_is_refused(stage: Stage, rule: dict[str, Any], text: str) -> None:
    """Never skipped."""
    assert text in str(_verdict(stage, rule, {"Mode": {"Type": "String"}}, Mode="a"))


def test_all_assertions_that_do_not_hold_are_named(stage: Stage) -> None:
    """At once."""
    rule = {
        "Assertions": [{"Assert": False, "AssertDescription": "one."}, {"Assert": False, "AssertDescription": "two."}]
    }
    assert _verdict(stage, rule, {}) == "one. two."
