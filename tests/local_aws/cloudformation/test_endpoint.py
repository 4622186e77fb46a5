"""Tests of the endpoint: the query protocol, errors, lists, and what clients rely on."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloudformation import protocol
from tests.local_aws.cloudformation.stage import answer, custom, put, role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Event, Stage

_THING = {"Type": "AWS::CDK::Metadata"}


def test_requests_are_read_along_the_model() -> None:
    """Lists, structures, numbers and truth values; empty lists are lists."""
    form = (
        "Action=CreateStack&Version=2010-05-15&StackName=a%20b&TimeoutInMinutes=5&DisableRollback=true"
        "&Parameters.member.1.ParameterKey=K&Parameters.member.1.UsePreviousValue=false"
        "&Parameters.member.2.ParameterKey=L&Parameters.member.2.ParameterValue=&Tags="
    )
    assert protocol.parse(form) == (
        "CreateStack",
        {
            "StackName": "a b",
            "TimeoutInMinutes": 5,
            "DisableRollback": True,
            "Parameters": [
                {"ParameterKey": "K", "UsePreviousValue": False},
                {"ParameterKey": "L", "ParameterValue": ""},
            ],
            "Tags": [],
        },
    )


def test_answers_hold_only_what_the_api_has() -> None:
    """A wrong name is our own mistake, and shows."""
    with pytest.raises(TypeError, match="has no members"):
        protocol.render("CreateStack", {"StackIdentity": "x"})


def test_unknown_operations_are_errors(stage: Stage) -> None:
    """Those that CloudFormation has, and those that it has not."""
    with pytest.raises(ClientError, match="the local AWS has no operation cloudformation:DetectStackDrift"):
        stage.api.detect_stack_drift(StackName="one")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(stage.url, data=b"Action=Dance")  # noqa: S310 - loopback
    assert raised.value.code == 400
    assert b"<Code>InvalidAction</Code>" in raised.value.read()


def test_a_mistake_of_ours_is_no_server_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK in the CDK CLI would repeat the call for most of a minute."""
    monkeypatch.setattr(type(stage.cloudformation.stacks), "get", lambda *_: 1 / 0)
    with pytest.raises(ClientError) as raised:
        stage.api.describe_stacks(StackName="one")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert raised.value.response["Error"]["Code"] == "InternalFailure"


def test_a_stack_that_does_not_exist_has_the_text_that_the_cdk_cli_knows(stage: Stage) -> None:
    """It compares it literally."""
    with pytest.raises(ClientError) as raised:
        stage.api.describe_stacks(StackName="nobody")
    assert raised.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": "Stack with id nobody does not exist",
    }
    with pytest.raises(ClientError, match=r"Stack \[nobody\] does not exist"):
        stage.api.describe_stack_events(StackName="nobody")
    stage.api.delete_stack(StackName="nobody")


def test_long_lists_come_in_pages(stage: Stage) -> None:
    """Events of sixty resources; none doubled, none lost, each at a time of its own."""
    stage.create(template(**{f"T{number}": _THING for number in range(60)}))
    pages = list(stage.api.get_paginator("describe_stack_events").paginate(StackName="one"))
    assert len(pages) > 1
    events = [event for page in pages for event in page["StackEvents"]]
    assert len(events) == len({event["EventId"] for event in events}) == 60 * 3 + 2
    times = [event["Timestamp"] for event in events]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)


def test_deleted_stacks_are_found_by_their_id_alone(stage: Stage) -> None:
    """And listed; their name is free again."""
    first = stage.create(template(Thing=_THING))["StackId"]
    stage.delete()
    second = stage.create(template(Thing=_THING))["StackId"]
    assert stage.describe(first)["StackStatus"] == "DELETE_COMPLETE"
    assert stage.describe()["StackId"] == second
    assert [stack["StackId"] for stack in stage.api.describe_stacks()["Stacks"]] == [second]
    assert [stack["StackId"] for stack in stage.api.list_stacks()["StackSummaries"]] == [second, first]
    assert stage.api.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"][0]["StackId"] == first


def test_resources_are_described_in_every_way(stage: Stage) -> None:
    """By stack, by logical id, by physical id."""
    stage.create(template(Role={**role(), "Metadata": {"note": "x"}}, Thing=_THING))
    name = stage.physical_id("Role")
    found = stage.api.describe_stack_resources(PhysicalResourceId=name)["StackResources"]
    assert [(one["LogicalResourceId"], one["ResourceStatus"]) for one in found] == [
        ("Role", "CREATE_COMPLETE"),
        ("Thing", "CREATE_COMPLETE"),
    ]
    (found,) = stage.api.describe_stack_resources(StackName="one", LogicalResourceId="Role")["StackResources"]
    assert (found["PhysicalResourceId"], found["ResourceType"]) == (name, "AWS::IAM::Role")
    detail = stage.api.describe_stack_resource(StackName="one", LogicalResourceId="Role")["StackResourceDetail"]
    assert json.loads(detail["Metadata"]) == {"note": "x"}
    assert len(stage.api.list_stack_resources(StackName="one")["StackResourceSummaries"]) == 2
    with pytest.raises(ClientError, match="Resource Nobody does not exist for stack one"):
        stage.api.describe_stack_resource(StackName="one", LogicalResourceId="Nobody")


def test_what_the_cdk_cli_asks_of_failed_change_sets_is_answered(stage: Stage) -> None:
    """Events, hooks and the list of change sets."""
    stage.create(template(Thing=_THING))
    failed = stage.change_set(template(Thing=_THING))
    events = stage.api.describe_events(
        StackName="one", ChangeSetName=failed["ChangeSetId"], Filters={"FailedEvents": True}
    )
    assert events["OperationEvents"] == []
    assert stage.api.list_hook_results(TargetType="CHANGE_SET", TargetId=failed["ChangeSetId"])["HookResults"] == []
    (listed,) = stage.api.list_change_sets(StackName="one")["Summaries"]
    assert (listed["ChangeSetName"], listed["Status"]) == ("changes", "FAILED")


def test_exports_are_listed(stage: Stage) -> None:
    """And cannot be doubled."""
    whole = {**template(Thing=_THING), "Outputs": {"O": {"Value": "v", "Export": {"Name": "e"}, "Description": "d"}}}
    stack = stage.create(whole)
    assert stack["Outputs"] == [{"OutputKey": "O", "OutputValue": "v", "Description": "d", "ExportName": "e"}]
    (export,) = stage.api.list_exports()["Exports"]
    assert (export["Name"], export["Value"], export["ExportingStackId"]) == ("e", "v", stack["StackId"])
    second = stage.create(whole, name="two")
    assert second["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [reason for _, status, reason in stage.events("two") if status == "ROLLBACK_IN_PROGRESS"] == [
        "Export with name e is already exported by another stack. Rollback requested by user."
    ]


def test_a_template_is_validated(stage: Stage) -> None:
    """ValidateTemplate."""
    whole = {**template(Role=role()), "Parameters": {"P": {"Type": "String", "Default": "x"}}, "Description": "what"}
    found = stage.api.validate_template(TemplateBody=json.dumps(whole))
    assert (found["Description"], found["Capabilities"]) == ("what", ["CAPABILITY_NAMED_IAM"])
    assert found["Parameters"] == [{"ParameterKey": "P", "DefaultValue": "x", "NoEcho": False}]


@pytest.mark.parametrize("name", ["1st", "with space", "under_score"])
def test_a_stack_must_have_a_proper_name(stage: Stage, name: str) -> None:
    """CloudFormation's pattern."""
    with pytest.raises(ClientError, match="at 'stackName' failed to satisfy constraint"):
        stage.api.create_stack(StackName=name, TemplateBody=json.dumps(template(Thing=_THING)))


def test_a_stack_cannot_be_made_twice(stage: Stage) -> None:
    """Neither by CreateStack nor by a change set."""
    stage.create(template(Thing=_THING))
    with pytest.raises(stage.api.exceptions.AlreadyExistsException, match=r"Stack \[one\] already exists"):
        stage.create(template(Thing=_THING))
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        stage.change_set(template(Thing=_THING), kind="CREATE")


def test_a_large_body_must_come_from_s3(stage: Stage) -> None:
    """CloudFormation's quota."""
    whole = {**template(Thing=_THING), "Description": "x" * 52_000}
    with pytest.raises(ClientError, match="Member must have length less than or equal to 51200"):
        stage.create(whole)
    with pytest.raises(ClientError, match="Either Template URL or Template Body must be specified"):
        stage.api.create_stack(StackName="one")
    with pytest.raises(ClientError, match="S3 error"):
        stage.api.create_stack(StackName="one", TemplateURL="http://localhost/nobody/nothing.json")


@pytest.mark.parametrize(
    "option",
    [
        {"TimeoutInMinutes": 5},
        {"OnFailure": "DELETE"},
        {"RollbackConfiguration": {"MonitoringTimeInMinutes": 5}},
        {"StackPolicyBody": "{}"},
    ],
)
def test_an_option_that_is_not_honoured_is_refused(stage: Stage, option: dict[str, Any]) -> None:
    """Never silently left out."""
    with pytest.raises(ClientError, match="is not supported here"):
        stage.create(template(Thing=_THING), **option)


def test_an_update_under_way_can_be_cancelled(stage: Stage) -> None:
    """CancelUpdateStack rolls back; a second operation is refused meanwhile."""
    stage.cloudformation.join_seconds = 0.05
    started = threading.Event()

    def slow(event: Event) -> None:
        if event["RequestType"] == "Update" and event["ResourceProperties"]["V"] == "2":
            started.set()
        else:
            answer(event)

    token = stage.functions.add("f", slow)
    stage.create(template(Thing=custom(token, V="1")))
    stage.update(template(Thing=custom(token, V="2")), wait=False)
    assert started.wait(10)
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        stage.update(template(Thing=custom(token, V="3")))
    stage.api.cancel_update_stack(StackName="one")
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Thing", "UPDATE_FAILED", "Resource update cancelled") in stage.events()
    with pytest.raises(ClientError, match="CancelUpdateStack cannot be called from current stack status"):
        stage.api.cancel_update_stack(StackName="one")


def test_a_stack_being_created_can_be_deleted(stage: Stage) -> None:
    """The creation is broken off first."""
    stage.cloudformation.join_seconds = 0.05
    token = stage.functions.add("f", lambda event: answer(event) if event["RequestType"] == "Delete" else None)
    stack_id = stage.create(template(Thing=custom(token)), wait=False)["StackId"]
    stage.api.delete_stack(StackName="one")
    stage.cloudformation.wait(stack_id)
    assert stage.describe(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_a_rollback_can_retain_nothing_that_is_new(stage: Stage) -> None:
    """RetainExceptOnCreate, as the CDK CLI asks for it."""
    bad: dict[str, Any] = {
        "Type": "AWS::IAM::InstanceProfile",
        "Properties": {"Roles": ["nobody"]},
        "DependsOn": "Role",
    }
    stage.create(template(Role={**role(), "DeletionPolicy": "Retain"}, Bad=bad), DisableRollback=True)
    stage.api.rollback_stack(StackName="one", RetainExceptOnCreate=True)
    stage.cloudformation.wait("one")
    assert stage.client("iam").list_roles()["Roles"] == []


def test_responses_need_a_length_and_a_put(stage: Stage) -> None:
    """As S3 wants it."""
    assert put(f"{stage.url}/cloudformation-response/x?X-Amz-Signature=y", b"{}") == 403
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{stage.url}/cloudformation-response/x")  # noqa: S310 - loopback
    assert raised.value.code == 405
