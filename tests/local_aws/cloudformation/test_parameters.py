"""Tests of parameters: types, constraints with CloudFormation's texts, Parameter Store, existence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.cloudformation.stage import custom, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage


def _template(stage: Stage, declaration: dict[str, Any]) -> dict[str, Any]:
    token = stage.functions.add("f")
    return {**template(Thing=custom(token, Value={"Ref": "P"})), "Parameters": {"P": declaration}}


def _refusal(stage: Stage, declaration: dict[str, Any], value: str | None) -> str:
    given = {} if value is None else {"P": value}
    with pytest.raises(ClientError) as raised:
        stage.change_set(_template(stage, declaration), kind="CREATE", parameters=given)
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    return str(raised.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("declaration", "value", "text"),
    [
        ({"Type": "String"}, None, "Parameters: [P] must have values"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedValues": [True, False]}, "yes", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "a1", "Parameter 'P' must match pattern [a-z]+"),
        ({"Type": "String", "MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"Type": "String", "MaxLength": "1"}, "ab", "Parameter 'P' must contain at most 1 characters"),
        ({"Type": "Number", "MinValue": 2}, "1", "Parameter 'P' must be a number not less than 2"),
        ({"Type": "Number", "MaxValue": 2}, "3", "Parameter 'P' must be a number not greater than 2"),
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number"),
        ({"Type": "List<Number>"}, "1,x", "Parameter 'P' must be a number"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, "a,b", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}, "a,1", "Parameter 'P' must match pattern [a-z]+"),
        (
            {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "only small letters"},
            "A",
            "Parameter P failed to satisfy constraint: only small letters",
        ),
        ({"Type": "String", "Default": "x", "MinLength": 2}, None, "Parameter 'P' must contain at least 2 characters"),
        ({"Type": "Text"}, "x", "Template format error: Unrecognized parameter type: Text"),
        ({"Type": "List<String>"}, "x", "Template format error: Unrecognized parameter type: List<String>"),
        ({"Type": "String", "Pattern": "x"}, "x", "Invalid template parameter property 'Pattern'"),
        (
            {"Type": "AWS::SSM::Parameter::Value<String>"},
            "/nothing/here",
            "Unable to fetch parameters [/nothing/here] from parameter store for this account.",
        ),
    ],
)
def test_a_wrong_value_is_refused(stage: Stage, declaration: dict[str, Any], value: str | None, text: str) -> None:
    """At once, with CloudFormation's text, and without a stack."""
    assert _refusal(stage, declaration, value) == text
    assert stage.api.list_stacks()["StackSummaries"] == []


def test_an_unknown_parameter_is_refused(stage: Stage) -> None:
    """It would otherwise be a typing error that nobody notices."""
    with pytest.raises(ClientError, match=r"Parameters: \[Q\] do not exist in the template"):
        stage.change_set(_template(stage, {"Type": "String"}), kind="CREATE", parameters={"P": "x", "Q": "y"})


@pytest.mark.parametrize(
    ("declaration", "value", "seen"),
    [
        ({"Type": "String"}, "x", "x"),
        ({"Type": "String", "Default": True}, None, "true"),
        ({"Type": "Number", "Default": 50}, None, "50"),
        ({"Type": "Number"}, "1.5", "1.5"),
        ({"Type": "CommaDelimitedList"}, "a, b ,c", ["a", "b", "c"]),
        ({"Type": "CommaDelimitedList", "Default": ""}, None, [""]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
    ],
)
def test_a_value_is_seen_by_resources(
    stage: Stage, declaration: dict[str, Any], value: str | None, seen: object
) -> None:
    """As text, or a list of texts."""
    stage.create(_template(stage, declaration), parameters={} if value is None else {"P": value})
    assert stage.functions.events[0]["ResourceProperties"]["Value"] == seen


def test_parameter_store_is_read_at_every_operation(stage: Stage) -> None:
    """The previous value that is used again is the entry's name, not what it held."""
    ssm = stage.client("ssm")
    ssm.put_parameter(Name="/image", Value="ami-1", Type="String")
    whole = _template(stage, {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/nothing"})
    stage.create(whole, parameters={"P": "/image"})
    (shown,) = stage.describe()["Parameters"]
    assert shown == {"ParameterKey": "P", "ParameterValue": "/image", "ResolvedValue": "ami-1"}
    previous = [{"ParameterKey": "P", "UsePreviousValue": True}]
    assert stage.change_set(whole, Parameters=previous)["Status"] == "FAILED"
    stage.api.delete_change_set(StackName="one", ChangeSetName="changes")
    ssm.put_parameter(Name="/image", Value="ami-2", Type="String", Overwrite=True)
    described = stage.change_set(whole, Parameters=previous)
    assert described["Parameters"][0]["ResolvedValue"] == "ami-2"
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    stage.cloudformation.wait("one")
    assert stage.functions.events[-1]["ResourceProperties"]["Value"] == "ami-2"


def test_a_list_from_parameter_store_is_a_list(stage: Stage) -> None:
    """Whatever the entry holds is split at its commas."""
    stage.client("ssm").put_parameter(Name="/list", Value="a,b", Type="StringList")
    stage.create(_template(stage, {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/list"}))
    assert stage.functions.events[0]["ResourceProperties"]["Value"] == ["a", "b"]


def test_secret_values_are_not_shown(stage: Stage) -> None:
    """NoEcho."""
    stage.create(_template(stage, {"Type": "String", "NoEcho": True}), parameters={"P": "secret"})
    assert stage.describe()["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "****"}]
    assert stage.functions.events[0]["ResourceProperties"]["Value"] == "secret"


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("AWS::EC2::VPC::Id", "vpc-0123"),
        ("AWS::EC2::Subnet::Id", "subnet-0123"),
        ("AWS::EC2::SecurityGroup::Id", "sg-0123"),
        ("AWS::EC2::KeyPair::KeyName", "nobody"),
        ("AWS::EC2::Image::Id", "ami-0123"),
        ("List<AWS::EC2::Subnet::Id>", "subnet-0123"),
        ("List<AWS::EC2::SecurityGroup::Id>", ""),
    ],
)
def test_a_resource_that_does_not_exist_fails_the_change_set(stage: Stage, type_name: str, value: str) -> None:
    """With the value and the parameter's name."""
    described = stage.change_set(_template(stage, {"Type": type_name}), kind="CREATE", parameters={"P": value})
    assert (described["Status"], described["StatusReason"]) == (
        "FAILED",
        f"Parameter validation failed: parameter value {value} for parameter name P does not exist",
    )


def test_resources_that_exist_are_accepted(stage: Stage) -> None:
    """Each AWS-specific type, single and as a list."""
    ec2 = stage.client("ec2")
    ec2.create_key_pair(KeyName="mine")
    values = {
        "Vpc": ("AWS::EC2::VPC::Id", ec2.describe_vpcs()["Vpcs"][0]["VpcId"]),
        "Subnets": (
            "List<AWS::EC2::Subnet::Id>",
            ",".join(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]),
        ),
        "Group": ("AWS::EC2::SecurityGroup::Id", ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]),
        "Key": ("AWS::EC2::KeyPair::KeyName", "mine"),
        "Zone": ("AWS::EC2::AvailabilityZone::Name", "us-west-2a"),
    }
    declared = {name: {"Type": type_name} for name, (type_name, _) in values.items()}
    whole = {**template(Thing=custom(stage.functions.add("f"))), "Parameters": declared}
    given = {name: value for name, (_, value) in values.items()}
    assert stage.change_set(whole, kind="CREATE", parameters=given)["Status"] == "CREATE_COMPLETE"


def test_a_previous_value_needs_a_previous_stack(stage: Stage) -> None:
    """There is none when a stack is created."""
    with pytest.raises(ClientError, match="Cannot specify usePreviousValue as true"):
        stage.api.create_stack(
            StackName="one",
            TemplateBody=json.dumps(_template(stage, {"Type": "String"})),
            Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}],
        )


def test_a_summary_lists_the_declarations(stage: Stage) -> None:
    """GetTemplateSummary, which asks for no values."""
    declaration = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/x",
        "Description": "what",
        "AllowedValues": ["/x"],
    }
    summary = stage.api.get_template_summary(TemplateBody=json.dumps(_template(stage, declaration)))
    assert summary["Parameters"] == [
        {
            "ParameterKey": "P",
            "DefaultValue": "/x",
            "ParameterType": "AWS::SSM::Parameter::Value<String>",
            "NoEcho": False,
            "Description": "what",
            "ParameterConstraints": {"AllowedValues": ["/x"]},
        }
    ]
    assert summary["ResourceTypes"] == ["Custom::Thing"]
