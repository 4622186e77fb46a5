"""Tests of change sets: what they say of an update, and what becomes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.cloudformation.stage import answer, custom, role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage

_LAUNCH_TEMPLATE = {
    "Type": "AWS::EC2::LaunchTemplate",
    "Properties": {"LaunchTemplateData": {"InstanceType": "t3.large"}},
}


def _group(subnet: str) -> dict[str, Any]:
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    return {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "MinSize": "0",
            "MaxSize": 1,
            "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
            "VPCZoneIdentifier": [subnet],
        },
    }


def _changes(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"] for change in described["Changes"]}


def test_a_new_stack_waits_in_review_until_its_change_set_is_executed(stage: Stage) -> None:
    """REVIEW_IN_PROGRESS, nothing made; then CREATE_COMPLETE."""
    described = stage.change_set(template(Role=role()), kind="CREATE")
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert _changes(described)["Role"]["Action"] == "Add"
    assert stage.describe()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stage.client("iam").list_roles()["Roles"] == []
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes", ClientRequestToken="token-1")
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "CREATE_COMPLETE"
    events = stage.api.describe_stack_events(StackName="one")["StackEvents"]
    assert {event.get("ClientRequestToken") for event in events[:-1]} == {"token-1"}
    assert events[-1]["ResourceStatus"] == "REVIEW_IN_PROGRESS"


def test_the_first_status_after_a_short_run_is_final(stage: Stage) -> None:
    """ExecuteChangeSet waits for a short run: the CDK CLI looks again only after five seconds."""
    stage.change_set(template(Role=role()), kind="CREATE")
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    assert stage.describe()["StackStatus"] == "CREATE_COMPLETE"


def test_a_long_run_is_not_waited_for(stage: Stage) -> None:
    """The call answers, and the stack is in progress."""
    stage.cloudformation.join_seconds = 0.1
    going: list[Any] = []
    token = stage.functions.add("slow", going.append)
    stage.change_set(template(Thing=custom(token)), kind="CREATE")
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    assert stage.describe()["StackStatus"] == "CREATE_IN_PROGRESS"
    answer(going[0])


def test_no_changes_is_a_failed_change_set_with_cloudformations_text(stage: Stage) -> None:
    """The CDK CLI recognises it by this text."""
    stage.create(template(Role=role()))
    described = stage.change_set(template(Role=role()))
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with pytest.raises(ClientError, match="cannot be executed in its current status"):
        stage.api.execute_change_set(StackName="one", ChangeSetName="changes")


def test_defaults_of_lists_and_numbers_do_not_make_changes(stage: Stage) -> None:
    """A default is compared as the text that it stands for."""
    declared = {"Numbers": {"Type": "List<Number>", "Default": "1, 2"}, "Size": {"Type": "Number", "Default": 50}}
    token = stage.functions.add("f")
    whole = {**template(Thing=custom(token, N={"Ref": "Numbers"}, S={"Ref": "Size"})), "Parameters": declared}
    stage.create(whole)
    assert stage.functions.events[0]["ResourceProperties"]["N"] == ["1", "2"]
    assert stage.functions.events[0]["ResourceProperties"]["S"] == "50"
    assert stage.change_set(whole)["Status"] == "FAILED"
    explicit = stage.api.create_change_set
    made = explicit(
        StackName="one",
        ChangeSetName="again",
        TemplateBody=json.dumps(whole),
        Parameters=[
            {"ParameterKey": "Numbers", "ParameterValue": "1,2"},
            {"ParameterKey": "Size", "UsePreviousValue": True},
        ],
    )
    assert stage.api.describe_change_set(ChangeSetName=made["Id"])["Status"] == "FAILED"


def test_property_values_are_shown_on_demand(stage: Stage) -> None:
    """Before and after, with where the change comes from."""
    declared = {"Text": {"Type": "String", "Default": "one"}}
    whole = {**template(Role=role(Description={"Ref": "Text"})), "Parameters": declared}
    stage.create(whole)
    described = stage.change_set(whole, parameters={"Text": "two"})
    change = _changes(described)["Role"]
    (detail,) = change["Details"]
    assert detail["Target"] == {
        "Attribute": "Properties",
        "Name": "Description",
        "RequiresRecreation": "Never",
        "Path": "/Properties/Description",
        "BeforeValue": "one",
        "AfterValue": "two",
        "AttributeChangeType": "Modify",
    }
    assert (detail["ChangeSource"], detail["CausingEntity"], detail["Evaluation"]) == (
        "ParameterReference",
        "Text",
        "Static",
    )
    assert (change["Action"], change["Replacement"], change["Scope"]) == ("Modify", "False", ["Properties"])
    assert json.loads(change["AfterContext"])["Properties"]["Description"] == "two"
    plain = stage.api.describe_change_set(StackName="one", ChangeSetName="changes")["Changes"][0]["ResourceChange"]
    assert "BeforeValue" not in plain["Details"][0]["Target"]
    assert "BeforeContext" not in plain


def test_a_replacement_reaches_its_dependants(stage: Stage) -> None:
    """What depends on a replaced resource changes, too, with a value that only the execution knows."""
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}}
    stage.create(template(Role=role(Path="/a/"), Profile=profile))
    changes = _changes(stage.change_set(template(Role=role(Path="/b/"), Profile=profile)))
    assert (changes["Role"]["Replacement"], changes["Role"]["PolicyAction"]) == ("True", "ReplaceAndDelete")
    (detail,) = changes["Profile"]["Details"]
    assert detail["Evaluation"] == "Dynamic"
    assert "KNOWN_AFTER_APPLY" in detail["Target"]["AfterValue"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "Role")


def test_a_new_launch_template_version_reaches_the_auto_scaling_group(stage: Stage) -> None:
    """In the change set, and in the deployment."""
    subnet = stage.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    stage.create(template(Template=_LAUNCH_TEMPLATE, Group=_group(subnet)))
    bigger = {**_LAUNCH_TEMPLATE, "Properties": {"LaunchTemplateData": {"InstanceType": "t3.xlarge"}}}
    changes = _changes(stage.change_set(template(Template=bigger, Group=_group(subnet))))
    assert [*changes] == ["Template", "Group"]
    assert changes["Group"]["Details"][0]["CausingEntity"] == "Template.LatestVersionNumber"
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    stage.cloudformation.wait("one")
    (group,) = stage.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["LaunchTemplate"]["Version"] == "2"


def test_additions_removals_and_metadata_are_changes(stage: Stage) -> None:
    """Metadata alone updates the stack without touching the resource."""
    stage.create(template(Old=role(), Kept=role()))
    described = stage.change_set(template(New=role(), Kept={**role(), "Metadata": {"note": "x"}}))
    changes = _changes(described)
    assert [(name, change["Action"]) for name, change in changes.items()] == [
        ("New", "Add"),
        ("Kept", "Modify"),
        ("Old", "Remove"),
    ]
    assert changes["Kept"]["Scope"] == ["Metadata"]
    assert changes["Old"]["PolicyAction"] == "Delete"
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    stage.cloudformation.wait("one")
    assert stage.statuses("Kept") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stage.cloudformation.stacks["one"].resources["Kept"].metadata == {"note": "x"}


def test_a_change_of_outputs_alone_is_a_change(stage: Stage) -> None:
    """Without any resource in the list."""
    stage.create(template(Role=role()))
    whole = {**template(Role=role()), "Outputs": {"Name": {"Value": {"Ref": "Role"}}}}
    described = stage.change_set(whole)
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    stage.cloudformation.wait("one")
    assert stage.describe()["Outputs"][0]["OutputValue"] == stage.physical_id("Role")


def test_a_resource_cannot_become_another_type(stage: Stage) -> None:
    """CloudFormation refuses the change set."""
    stage.create(template(Thing=role()))
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*\[Thing\]"):
        stage.change_set(template(Thing=_LAUNCH_TEMPLATE))


def test_deleting_a_change_set_that_is_not_there_is_fine(stage: Stage) -> None:
    """The CDK CLI deletes before it creates."""
    stage.create(template(Role=role()))
    stage.api.delete_change_set(StackName="one", ChangeSetName="nothing")
    with pytest.raises(stage.api.exceptions.ChangeSetNotFoundException):
        stage.api.describe_change_set(StackName="one", ChangeSetName="nothing")


def test_the_stacks_tags_go_onto_its_resources(stage: Stage) -> None:
    """A change of them is a change of every resource that takes tags; its own tags win."""
    tags = [{"Key": "team", "Value": "windows"}, {"Key": "own", "Value": "no"}]
    own = [{"Key": "own", "Value": "yes"}]
    stage.create(template(Role=role(Tags=own)), Tags=tags)
    found = stage.client("iam").list_role_tags(RoleName=stage.physical_id("Role"))["Tags"]
    assert sorted((tag["Key"], tag["Value"]) for tag in found) == [("own", "yes"), ("team", "windows")]
    described = stage.change_set(template(Role=role(Tags=own)), Tags=[])
    assert _changes(described)["Role"]["Scope"] == ["Tags"]
    stage.api.execute_change_set(StackName="one", ChangeSetName="changes")
    stage.cloudformation.wait("one")
    found = stage.client("iam").list_role_tags(RoleName=stage.physical_id("Role"))["Tags"]
    assert [tag["Key"] for tag in found] == ["own"]


def test_a_template_is_returned_byte_for_byte(stage: Stage) -> None:
    """In both stages, however it is written, from a body or from S3."""
    text = '{"Resources" :\n {"Thing": {"Type": "AWS::CDK::Metadata"} } }\n'
    stage.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    stage.client("s3").put_object(Bucket="templates", Key="a/b c.json", Body=text.encode())
    stage.api.create_stack(StackName="one", TemplateURL="http://localhost:1234/templates/a/b%20c.json")
    stage.cloudformation.wait("one")
    stage.api.create_stack(StackName="two", TemplateURL="https://templates.s3.us-west-2.amazonaws.com/a/b%20c.json")
    stage.cloudformation.wait("two")
    endpoint = stage.api
    # botocore parses JSON templates; what is on the wire counts.
    for name in ("one", "two"):
        for stages in ("Original", "Processed"):
            raw: list[bytes] = []
            endpoint.meta.events.register(
                "after-call", lambda http_response, raw=raw, **_: raw.append(http_response.content)
            )
            endpoint.get_template(StackName=name, TemplateStage=stages)
            assert text.replace("<", "&lt;").encode() in raw[0]


def test_a_failed_update_leaves_the_old_template(stage: Stage) -> None:
    """What is described is what is deployed."""
    stage.create(template(Role=role()))
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}}
    stage.update(template(Role=role(), Bad=bad))
    assert stage.api.get_template(StackName="one")["TemplateBody"]["Resources"].keys() == {"Role"}
    described = stage.change_set(template(Role=role()))
    assert described["Status"] == "FAILED"
