"""Tests of custom resources: the contract between CloudFormation and a function."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.local_aws.cloudformation.stage import answer, custom, put, role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Event, Stage


def _reason(stage: Stage, logical_id: str, status: str) -> str:
    return next(str(reason) for _, one, reason in stage.events(of=logical_id) if one == status)


def test_a_request_has_everything_that_the_contract_names(stage: Stage) -> None:
    """Create: who asks, for what, and where the answer goes; scalars are strings, however deep."""
    token = stage.functions.add("f")
    stage.create(
        template(Thing=custom(token, Number=5, Yes=True, Deep={"List": [1, {"No": False}]}, ServiceTimeout=60))
    )
    (event,) = stage.functions.events
    assert event == {
        "RequestType": "Create",
        "RequestId": event["RequestId"],
        "ResponseURL": event["ResponseURL"],
        "StackId": stage.describe()["StackId"],
        "LogicalResourceId": "Thing",
        "ResourceType": "Custom::Thing",
        "ServiceToken": token,
        "ResourceProperties": {
            "ServiceToken": token,
            "Number": "5",
            "Yes": "true",
            "Deep": {"List": ["1", {"No": "false"}]},
            "ServiceTimeout": "60",
        },
    }
    assert event["ResponseURL"].startswith(f"{stage.url}/cloudformation-response/")


def test_updates_and_deletes_carry_the_physical_id_and_the_old_properties(stage: Stage) -> None:
    """What changed can be told from the event alone."""
    token = stage.functions.add("f")
    stage.create(template(Thing=custom(token, Value=1)))
    stage.update(template(Thing=custom(token, Value=2)))
    stage.delete()
    update, delete = stage.functions.events[1:]
    assert (update["RequestType"], update["PhysicalResourceId"]) == ("Update", "made-Thing")
    assert (update["ResourceProperties"]["Value"], update["OldResourceProperties"]["Value"]) == ("2", "1")
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "made-Thing")
    assert delete["ResourceProperties"]["Value"] == "2"


def test_data_becomes_attributes(stage: Stage) -> None:
    """Fn::GetAtt reads what the function answered, dots in names included; Ref is the physical id."""
    token = stage.functions.add("f", lambda event: answer(event, Data={"Color": "red", "Size.Max": 5, "On": True}))
    outputs = {
        "Id": {"Value": {"Ref": "Thing"}},
        "Color": {"Value": {"Fn::GetAtt": ["Thing", "Color"]}},
        "Size": {"Value": {"Fn::GetAtt": "Thing.Size.Max"}},
        "On": {"Value": {"Fn::Sub": "${Thing.On}"}},
    }
    stack = stage.create({**template(Thing=custom(token)), "Outputs": outputs})
    shown = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert shown == {"Id": "made-Thing", "Color": "red", "Size": "5", "On": "true"}


def test_an_attribute_that_was_not_answered_is_an_error(stage: Stage) -> None:
    """The dependant fails, with CloudFormation's text."""
    token = stage.functions.add("f")
    stack = stage.create(template(Thing=custom(token), Other=custom(token, X={"Fn::GetAtt": ["Thing", "Color"]})))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Vendor response doesn't contain Color" in _reason(stage, "Other", "CREATE_FAILED")


def test_a_failed_create_is_followed_by_a_delete_with_its_id(stage: Stage) -> None:
    """The reason stands in the event, and the function may clean up."""

    def refuse(event: Event) -> None:
        answer(
            event,
            "FAILED" if event["RequestType"] == "Create" else "SUCCESS",
            Reason="no luck",
            PhysicalResourceId="half-made",
        )

    token = stage.functions.add("f", refuse)
    assert stage.create(template(Thing=custom(token)))["StackStatus"] == "ROLLBACK_COMPLETE"
    create, delete = stage.functions.events
    assert _reason(stage, "Thing", "CREATE_FAILED") == (
        "Received response status [FAILED] from custom resource. Message returned: no luck "
        f"(RequestId: {create['RequestId']})"
    )
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "half-made")


def test_a_failed_create_without_an_id_is_deleted_by_a_made_up_one(stage: Stage) -> None:
    """CloudFormation needs an id for the Delete and makes one up."""

    def refuse(event: Event) -> None:
        if event["RequestType"] == "Delete":
            answer(event)
            return
        echoed = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
        put(event["ResponseURL"], json.dumps({"Status": "FAILED", "Reason": "no", **echoed}).encode())

    token = stage.functions.add("f", refuse)
    stage.create(template(Thing=custom(token)))
    assert stage.functions.events[1]["PhysicalResourceId"].startswith("one-Thing-")


def test_another_id_after_an_update_means_a_delete_of_the_old_one(stage: Stage) -> None:
    """In the clean-up, with the old properties."""
    token = stage.functions.add(
        "f", lambda event: answer(event, PhysicalResourceId=event["ResourceProperties"]["Name"])
    )
    stage.create(template(Thing=custom(token, Name="a")))
    stage.update(template(Thing=custom(token, Name="b")))
    delete = stage.functions.events[-1]
    assert (delete["RequestType"], delete["PhysicalResourceId"], delete["ResourceProperties"]["Name"]) == (
        "Delete",
        "a",
        "a",
    )
    assert stage.physical_id("Thing") == "b"
    assert (
        "Thing",
        "UPDATE_IN_PROGRESS",
        "Requested update required the provider to create a new physical resource",
    ) in stage.events()


def test_a_rollback_asks_for_the_old_properties_and_deletes_the_new_id(stage: Stage) -> None:
    """The old resource was not deleted yet; the function changes back, then the new one goes."""
    token = stage.functions.add(
        "f", lambda event: answer(event, PhysicalResourceId=event["ResourceProperties"]["Name"])
    )
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Thing"}
    stage.create(template(Thing=custom(token, Name="a")))
    stack = stage.update(template(Thing=custom(token, Name="b"), Bad=bad))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    seen = [
        (event["RequestType"], event.get("PhysicalResourceId"), event["ResourceProperties"]["Name"])
        for event in stage.functions.events
    ]
    assert seen == [("Create", None, "a"), ("Update", "a", "b"), ("Update", "b", "a"), ("Delete", "b", "b")]
    assert stage.physical_id("Thing") == "a"


def test_a_failed_update_is_rolled_back_by_an_update(stage: Stage) -> None:
    """The function that failed is asked for the old properties, too."""

    def picky(event: Event) -> None:
        wrong = event["ResourceProperties"]["Value"] == "wrong"
        answer(event, "FAILED" if wrong else "SUCCESS", Reason="wrong value")

    token = stage.functions.add("f", picky)
    stage.create(template(Thing=custom(token, Value="right")))
    assert stage.update(template(Thing=custom(token, Value="wrong")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    last = stage.functions.events[-1]
    assert (last["ResourceProperties"]["Value"], last["OldResourceProperties"]["Value"]) == ("right", "wrong")


def test_a_create_under_way_meets_a_delete_when_another_resource_fails(stage: Stage) -> None:
    """The stack does not wait for the first answer; a late one counts for nothing."""
    released, deleting = threading.Event(), threading.Event()
    late: list[int] = []

    def slow(event: Event) -> None:
        if event["RequestType"] == "Delete":
            deleting.set()
            answer(event)
            return
        released.wait(20)
        late.append(answer(event))

    def failing(event: Event) -> None:
        if event["RequestType"] == "Create":
            while len(stage.functions.events) < 2:
                time.sleep(0.01)
        answer(event, "FAILED" if event["RequestType"] == "Create" else "SUCCESS", Reason="no")

    slow_token, failing_token = stage.functions.add("slow", slow), stage.functions.add("failing", failing)
    stage.create(template(Slow=custom(slow_token), Failing=custom(failing_token)), wait=False)
    assert deleting.wait(10), "the Delete waited for the Create's answer"
    released.set()
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert _reason(stage, "Slow", "CREATE_FAILED") == "Resource creation cancelled"
    delete = next(
        event
        for event in stage.functions.events
        if (event["LogicalResourceId"], event["RequestType"]) == ("Slow", "Delete")
    )
    assert delete["PhysicalResourceId"].startswith("one-Slow-")
    deadline = time.monotonic() + 5
    while not late and time.monotonic() < deadline:
        time.sleep(0.01)
    invocation = next(
        one for one in stage.cloudformation.stacks["one"].invocations if one.request["LogicalResourceId"] == "Slow"
    )
    assert [(late_answer.counted, late_answer.http_status) for late_answer in invocation.answers] == [(False, 200)]


def test_the_stack_shows_that_it_rolls_back_while_functions_run(stage: Stage) -> None:
    """A function may ask for the stack's status during its Delete."""
    seen: list[str] = []

    def asking(event: Event) -> None:
        seen.append(stage.describe(event["StackId"])["StackStatus"])
        answer(event)

    token = stage.functions.add("f", asking)
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Thing"}
    stage.create(template(Thing=custom(token), Bad=bad))
    assert seen == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]


def test_no_answer_in_time_fails_the_resource(stage: Stage) -> None:
    """ServiceTimeout bounds the wait; the text names the request."""
    stage.cloudformation.custom_resources.patience = 0.005
    token = stage.functions.add("f", lambda event: answer(event) if event["RequestType"] == "Delete" else None)
    stage.create(template(Thing=custom(token, ServiceTimeout=60)))
    reason = _reason(stage, "Thing", "CREATE_FAILED")
    assert reason.startswith(
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId ["
    )
    assert stage.functions.events[0]["RequestId"] in reason


def test_the_first_answer_counts(stage: Stage) -> None:
    """Later ones are stored like any upload, and recorded here."""

    def twice(event: Event) -> None:
        answer(event, PhysicalResourceId="first")
        answer(event, "FAILED", Reason="second thoughts")

    token = stage.functions.add("f", twice)
    assert stage.create(template(Thing=custom(token)))["StackStatus"] == "CREATE_COMPLETE"
    assert stage.physical_id("Thing") == "first"
    (invocation,) = stage.cloudformation.stacks["one"].invocations
    deadline = time.monotonic() + 5
    while len(invocation.answers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [given.counted for given in invocation.answers] == [True, False]
    assert invocation.answer is not None
    assert invocation.answer["PhysicalResourceId"] == "first"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"Padding": "x" * 5000}, "Response object is too long."),
        ({"RequestId": "another"}, "Invalid response object: Value of property RequestId must be"),
        ({"StackId": "another"}, "Invalid response object: Value of property StackId must be"),
        ({"LogicalResourceId": "another"}, "Invalid response object: Value of property LogicalResourceId must be"),
        ({"Status": "FAILED"}, "Invalid response object: Value of property Reason must be"),
        ({"Status": "OK"}, "Invalid response object: Value of property Status must be"),
        ({"PhysicalResourceId": ""}, "Invalid PhysicalResourceId"),
        ({"PhysicalResourceId": "x" * 1025}, "Invalid PhysicalResourceId"),
    ],
)
def test_a_malformed_answer_fails_the_resource(stage: Stage, changes: dict[str, Any], text: str) -> None:
    """Each rule of the contract is checked."""

    def malformed(event: Event) -> None:
        if event["RequestType"] == "Delete":
            answer(event)
            return
        right = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
        put(
            event["ResponseURL"],
            json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "x", **right, **changes}).encode(),
        )

    stage.create(template(Thing=custom(stage.functions.add("f", malformed))))
    assert text in _reason(stage, "Thing", "CREATE_FAILED")


def test_an_answer_that_is_no_json_fails_the_resource(stage: Stage) -> None:
    """An empty body, for example."""
    token = stage.functions.add(
        "f", lambda event: answer(event) if event["RequestType"] == "Delete" else put(event["ResponseURL"], b"{")
    )
    stage.create(template(Thing=custom(token)))
    assert "Invalid Json" in _reason(stage, "Thing", "CREATE_FAILED")


def test_the_response_url_admits_only_what_it_is_signed_for(stage: Stage) -> None:
    """Another content type, signature or address is forbidden, as by S3; the right answer is then still taken."""
    statuses: list[int] = []

    def clumsy(event: Event) -> None:
        url = event["ResponseURL"]
        statuses.append(put(url, b"{}", **{"Content-Type": "application/json"}))
        statuses.append(put(url.split("?")[0], b"{}"))
        statuses.append(put(url[:-1], b"{}"))
        statuses.append(put(url.replace("cloudformation-response/", "cloudformation-response/x"), b"{}"))
        statuses.append(answer(event))

    assert stage.create(template(Thing=custom(stage.functions.add("f", clumsy))))["StackStatus"] == "CREATE_COMPLETE"
    assert statuses == [403, 403, 403, 403, 200]


def test_answers_can_be_turned_away_for_a_while(stage: Stage) -> None:
    """To see whether a function tries again."""
    stage.cloudformation.custom_resources.refuse_next.extend([500, 503])
    statuses: list[int] = []

    def patient(event: Event) -> None:
        while answer(event) != 200:
            statuses.append(1)

    assert stage.create(template(Thing=custom(stage.functions.add("f", patient))))["StackStatus"] == "CREATE_COMPLETE"
    assert len(statuses) == 2


def test_a_service_token_cannot_change(stage: Stage) -> None:
    """CloudFormation refuses it, and the update rolls back."""
    one, two = stage.functions.add("one"), stage.functions.add("two")
    stage.create(template(Thing=custom(one)))
    assert stage.update(template(Thing=custom(two)))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert _reason(stage, "Thing", "UPDATE_FAILED") == "Modifying service token is not allowed."


def test_a_failed_delete_fails_the_stacks_deletion(stage: Stage) -> None:
    """And what the resource needs stays."""
    token = stage.functions.add(
        "f", lambda event: answer(event, "FAILED" if event["RequestType"] == "Delete" else "SUCCESS", Reason="held")
    )
    stage.create(template(Role=role(), Thing=custom(token, Role={"Ref": "Role"})))
    stack = stage.delete()
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [Thing].",
    )
    assert len(stage.client("iam").list_roles()["Roles"]) == 1
    assert stage.delete(RetainResources=["Thing"])["StackStatus"] == "DELETE_COMPLETE"


def test_the_function_goes_after_its_custom_resource(stage: Stage) -> None:
    """However the template's resources are ordered."""
    order: list[str] = []

    def noting(event: Event) -> None:
        order.append(event["RequestType"])
        order.append(f"{len(stage.client('iam').list_roles()['Roles'])} roles")
        answer(event)

    token = stage.functions.add("f", noting)
    stage.create(template(Thing={**custom(token), "DependsOn": "Z"}, Z=role()))
    stage.delete()
    assert order == ["Create", "1 roles", "Delete", "1 roles"]


def test_a_function_that_does_not_exist_fails_the_resource(stage: Stage) -> None:
    """Lambda's own refusal is the reason, and there is nothing to delete."""
    del stage.client("lambda").invoke
    token = "arn:aws:lambda:us-west-2:123456789012:function:nobody"
    assert stage.create(template(Thing=custom(token)))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "nobody" in _reason(stage, "Thing", "CREATE_FAILED")
