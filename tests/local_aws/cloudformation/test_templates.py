"""Tests of templates: what is read, and what is refused before anything is created."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloudformation import template_text
from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.template import parse
from tests.local_aws.cloudformation.stage import custom, role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage

_THING = {"Type": "AWS::CDK::Metadata"}
_TOKEN = "arn:aws:lambda:us-west-2:123456789012:function:f"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "At least one Resources member must be defined"),
        ({"Resources": {}}, "At least one Resources member must be defined"),
        ({"Resources": {"A": _THING}, "Resource": {}}, "Invalid template property or properties [Resource]"),
        ({"Resources": {"A": _THING}, "Transform": "AWS::Serverless-2016-10-31"}, "transforms are not supported here"),
        (
            {"Resources": {"A": _THING}, "AWSTemplateFormatVersion": "2020-01-01"},
            "Unsupported AWSTemplateFormatVersion",
        ),
        ({"Resources": {"A": {**_THING, "Depends": "B"}}}, "Invalid template resource property 'Depends'"),
        ({"Resources": {"A-b": _THING}}, "Resource name A-b is non alphanumeric"),
        ({"Resources": {"A": {}}}, "[/Resources/A] Every Resources object must contain a Type member"),
        ({"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}, "Unrecognized resource types: [AWS::SQS::Queue]"),
        (
            {"Resources": {"A": {"Type": "AWS::CDK::Metadata", "Properties": {"Foo": 1}}}},
            "Properties validation failed for resource A with message: #: extraneous key [Foo] is not permitted",
        ),
        (
            {"Resources": {"A": {**_THING, "CreationPolicy": {"ResourceSignal": {}}}}},
            "the policy ResourceSignal of A is not supported here",
        ),
        (
            {"Resources": {"A": {"Type": "AWS::IAM::Role"}}},
            (
                "Properties validation failed for resource A with message: "
                "#: required key [AssumeRolePolicyDocument] not found"
            ),
        ),
        (
            {"Resources": {"A": {**_THING, "DeletionPolicy": "Snapshot"}}},
            "DeletionPolicy 'Snapshot' is not supported here",
        ),
        (
            {"Resources": {"A": {**_THING, "DependsOn": "B"}}},
            "Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": custom(_TOKEN, X={"Ref": "B"})}},
            "Unresolved resource dependencies [B] in the Resources block",
        ),
        (
            {"Resources": {"A": custom(_TOKEN, X={"Fn::Sub": "${B.C}"})}},
            "Unresolved resource dependencies [B] in the Resources block",
        ),
        (
            {"Resources": {"A": _THING}, "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            "Unresolved resource dependencies [B] in the Outputs block",
        ),
        ({"Resources": {"A": custom(_TOKEN, X={"Fn::Upper": "x"})}}, "Encountered unsupported function: Fn::Upper"),
        (
            {"Resources": {"A": custom(_TOKEN, X={"Fn::Transform": {}})}},
            "Encountered unsupported function: Fn::Transform",
        ),
        (
            {"Resources": {"A": _THING, "B": custom(_TOKEN, X={"Fn::GetAtt": ["A", "Arn"]})}},
            "does not support attribute type Arn in Fn::GetAtt",
        ),
        ({"Resources": {"A": {**_THING, "Condition": "C"}}}, "Unresolved condition dependency C"),
        ({"Resources": {"A": custom(_TOKEN, X={"Fn::If": ["C", 1, 2]})}}, "Unresolved condition dependency C"),
        (
            {"Resources": {"A": _THING}, "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}},
            "Cannot reference resources in the Conditions block of the template",
        ),
        ({"Resources": {"A": custom(_TOKEN, X=None)}}, "Null values are not allowed in templates"),
        (
            {"Resources": {f"A{number}": _THING for number in range(501)}},
            "Number of resources, 501, is greater than maximum allowed, 500",
        ),
    ],
)
def test_a_wrong_template_is_refused(body: dict[str, Any], text: str) -> None:
    """With CloudFormation's text, where that is known; nothing is silently skipped."""
    with pytest.raises(Refused) as raised:
        parse(json.dumps(body))
    assert text in str(raised.value)


def test_a_circle_of_resources_is_refused(stage: Stage) -> None:
    """All of its members are named."""
    circle = template(
        A=custom(_TOKEN, X={"Ref": "B"}), B=custom(_TOKEN, X={"Fn::GetAtt": ["C", "x"]}), C={**_THING, "DependsOn": "A"}
    )
    circle["Resources"]["C"] = {**custom(_TOKEN), "DependsOn": "A"}
    with pytest.raises(ClientError, match=r"Circular dependency between resources: \[A, B, C\]"):
        stage.create(circle)


def test_a_circle_of_conditions_is_refused(stage: Stage) -> None:
    """Instead of asking for ever."""
    conditions = {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::Not": [{"Condition": "A"}]}}
    with pytest.raises(ClientError, match="Circular dependency between conditions"):
        stage.create({**template(Thing={**_THING, "Condition": "A"}), "Conditions": conditions})


@pytest.mark.parametrize(
    "text", ['{"Resources": {', "Resources:\n  - a: [", "Resources: !Nope x", "just text", "a: 1\na: 2"]
)
def test_what_is_no_template_is_refused(text: str) -> None:
    """Neither JSON nor YAML, an unknown tag, or doubled keys."""
    with pytest.raises(Refused, match="Template format error"):
        template_text.load(text)


def test_yaml_with_short_forms_is_the_same_as_json() -> None:
    """Every short form; dates stay texts."""
    text = """
    Version: 2012-10-17
    A: !Ref X
    B: !GetAtt X.Arn.More
    C: !Sub "${X}"
    D: !If [C, !Join ["-", [a, !Select [0, !Split [",", "a,b"]]]], !Ref AWS::NoValue]
    E: !Base64 {"Fn::Sub": [text, {}]}
    F: !Not [!Condition C]
    G: !FindInMap [M, a, b]
    H: !GetAZs ""
    """
    assert template_text.load(text) == {
        "Version": "2012-10-17",
        "A": {"Ref": "X"},
        "B": {"Fn::GetAtt": ["X", "Arn.More"]},
        "C": {"Fn::Sub": "${X}"},
        "D": {
            "Fn::If": [
                "C",
                {"Fn::Join": ["-", ["a", {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}]]},
                {"Ref": "AWS::NoValue"},
            ]
        },
        "E": {"Fn::Base64": {"Fn::Sub": ["text", {}]}},
        "F": {"Fn::Not": [{"Condition": "C"}]},
        "G": {"Fn::FindInMap": ["M", "a", "b"]},
        "H": {"Fn::GetAZs": ""},
    }


@pytest.mark.parametrize("key", ["AWS_MANAGED_KEY", ""])
def test_the_cdk_bootstrap_template_is_deployed(stage_with_policies: Stage, key: str) -> None:
    """The real one, in YAML, with and without a KMS key; it can be updated and deleted."""
    stage = stage_with_policies
    path = (
        Path(__file__).parents[3] / "node_modules" / "aws-cdk" / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"
    )
    text = path.read_text(encoding="utf-8")
    given = {"FileAssetsBucketKmsKeyId": key}
    described = stage.change_set(text, name="CDKToolkit", kind="CREATE", parameters=given)
    names = {change["ResourceChange"]["LogicalResourceId"] for change in described["Changes"]}
    assert ("FileAssetsBucketEncryptionKey" in names) is (key == "")
    stage.api.execute_change_set(ChangeSetName=described["ChangeSetId"])
    stage.cloudformation.wait("CDKToolkit")
    stack = stage.describe("CDKToolkit")
    assert (stack["StackStatus"], stack.get("StackStatusReason")) == ("CREATE_COMPLETE", None)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["BucketName"] == "cdk-hnb659fds-assets-123456789012-us-west-2"
    assert (
        outputs["BootstrapVersion"]
        == stage.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"]
    )
    assert stage.change_set(text, name="CDKToolkit", parameters=given)["Status"] == "FAILED"
    stack = stage.update(
        text,
        name="CDKToolkit",
        parameters={**given, "PublicAccessBlockConfiguration": "false", "DenyExternalId": "false"},
    )
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stage.delete(name="CDKToolkit")["StackStatus"] == "DELETE_COMPLETE"
    assert [bucket["Name"] for bucket in stage.client("s3").list_buckets()["Buckets"]] == [outputs["BucketName"]]
    assert stage.client("iam").list_roles()["Roles"] == []


def test_iam_resources_must_be_acknowledged(stage: Stage) -> None:
    """CAPABILITY_IAM; CAPABILITY_NAMED_IAM if they have names of their own."""
    plain, named = json.dumps(template(Role=role())), json.dumps(template(Role=role(RoleName="mine")))
    for text, acknowledged, needed in (
        (plain, [], "CAPABILITY_IAM"),
        (named, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
    ):
        with pytest.raises(
            stage.api.exceptions.InsufficientCapabilitiesException, match=rf"Requires capabilities : \[{needed}\]"
        ):
            stage.api.create_stack(StackName="one", TemplateBody=text, Capabilities=acknowledged)
    stage.api.create_stack(StackName="one", TemplateBody=plain, Capabilities=["CAPABILITY_IAM"])
    stage.cloudformation.wait("one")


def test_resources_and_outputs_with_a_false_condition_are_left_out(stage: Stage) -> None:
    """And dependencies on them do not count; values that mention them are refused."""
    whole = {
        **template(Kept={**_THING, "DependsOn": "Gone"}, Gone={**_THING, "Condition": "Never"}),
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Outputs": {
            "Gone": {"Condition": "Never", "Value": {"Ref": "Gone"}},
            "Kept": {"Value": {"Fn::If": ["Never", {"Ref": "Gone"}, "x"]}},
        },
    }
    stack = stage.create(whole)
    assert [output["OutputKey"] for output in stack["Outputs"]] == ["Kept"]
    assert [
        one["LogicalResourceId"] for one in stage.api.list_stack_resources(StackName="one")["StackResourceSummaries"]
    ] == ["Kept"]
    whole["Outputs"]["Kept"] = {"Value": {"Ref": "Gone"}}
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Gone\] in the Outputs block"):
        stage.update(whole)
