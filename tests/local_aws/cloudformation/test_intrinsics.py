"""Tests of intrinsic functions and pseudo parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from local_aws.cloudformation import CloudFormation
from tests.local_aws.cloudformation.stage import ACCOUNT, REGION, answer, custom, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "Text"}, "hello"),
        ({"Ref": "AWS::Region"}, REGION),
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "AWS::StackName"}, "one"),
        ({"Fn::Sub": "${Text}-${AWS::Region}-${!Kept}-${Other}"}, f"hello-{REGION}-${{Kept}}-made-Other"),
        ({"Fn::Sub": ["${a}${Text}", {"a": {"Ref": "Text"}}]}, "hellohello"),
        ({"Fn::Sub": "${Other.Color}"}, "red"),
        ({"Fn::Sub": "a${AWS::NoValue}b"}, "ab"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Text"}, 1, True]]}, "a-hello-1-true"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Split": ["l", {"Ref": "Text"}]}, ["he", "", "o"]),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"Fn::Base64": {"Fn::Sub": "${Text}"}}, "aGVsbG8="),
        ({"Fn::FindInMap": ["Map", {"Ref": "Text"}, "key"]}, "found"),
        ({"Fn::FindInMap": ["Map", "hello", "list"]}, ["x", "y"]),
        ({"Fn::GetAZs": ""}, ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"]),
        ({"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}, "us-west-2a"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::If": ["Yes", "then", "else"]}, "then"),
        ({"Fn::If": ["Neither", "then", {"Ref": "Text"}]}, "hello"),
        (["a", {"Ref": "AWS::NoValue"}, {"Fn::If": ["Yes", "b", "c"]}], ["a", "b"]),
        ({"Key": {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "x"]}, "Other": "kept"}, {"Other": "kept"}),
        (
            {"Condition": {"Bool": {"aws:SecureTransport": False}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ),
        ("{{resolve:ssm:/the/value}}", "stored"),
    ],
)
def test_an_expression_has_its_value(stage: Stage, expression: object, value: object) -> None:
    """As the function of a custom resource sees it."""
    stage.client("ssm").put_parameter(Name="/the/value", Value="stored", Type="String")
    token = stage.functions.add("f", lambda event: answer(event, Data={"Color": "red"}))
    whole = {
        **template(Thing=custom(token, X=expression), Other=custom(token)),
        "Parameters": {
            "Text": {"Type": "String", "Default": "hello"},
            "List": {"Type": "CommaDelimitedList", "Default": "a,b"},
        },
        "Mappings": {"Map": {"hello": {"key": "found", "list": ["x", "y"]}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "Text"}, "hello"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
            "Neither": {"Fn::Or": [{"Condition": "No"}, {"Condition": "Both"}]},
        },
    }
    assert stage.create(whole)["StackStatus"] == "CREATE_COMPLETE"
    event = next(event for event in stage.functions.events if event["LogicalResourceId"] == "Thing")
    assert event["ResourceProperties"]["X"] == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ({"Fn::Select": [5, ["a"]]}, "Fn::Select cannot select nonexistent value at index 5"),
        ({"Fn::FindInMap": ["Nope", "a", "b"]}, "Unable to get mapping for Nope::a::b"),
        ({"Fn::Join": ["-"]}, "every Fn::Join object must have valid arguments"),
        ({"Fn::Cidr": ["10.0.0.0/30", 9, 1]}, "every Fn::Cidr object must have valid arguments"),
        ({"Fn::GetAZs": "eu-west-1"}, "knows no zones of eu-west-1"),
        ({"Fn::ImportValue": "nothing"}, "No export named nothing found."),
        ("{{resolve:secretsmanager:x}}", "dynamic references to secretsmanager are not supported here"),
    ],
)
def test_a_wrong_expression_is_refused(stage: Stage, expression: object, text: str) -> None:
    """Before anything is created."""
    with pytest.raises(ClientError) as raised:
        stage.change_set(template(Thing=custom(stage.functions.add("f"), X=expression)), kind="CREATE")
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert text in str(raised.value)


def test_partitions_have_their_own_suffix(stage: Stage) -> None:
    """China's, for example, in addresses and in ARNs."""
    china = CloudFormation(
        client=stage.client, base_url=lambda: stage.url, region="cn-north-1", account=ACCOUNT, partition="aws-cn"
    )
    assert china.means.aws.url_suffix == "amazonaws.com.cn"
    assert china.stacks.new("x").id.startswith("arn:aws-cn:cloudformation:cn-north-1:")
