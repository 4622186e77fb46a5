"""Tests of whole stacks: create, update, delete, and the ways back."""

from __future__ import annotations

from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.cloudformation.stage import answer, custom, role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Event, Stage


def test_a_stack_is_created_updated_and_deleted(stage: Stage) -> None:
    """The life of a stack, with the statuses and events that CloudFormation has."""
    created = stage.create(template(Role=role(Description="one")))
    assert created["StackStatus"] == "CREATE_COMPLETE"
    name = stage.physical_id("Role")
    assert name.startswith("one-Role-")
    assert stage.update(template(Role=role(Description="two")))["StackStatus"] == "UPDATE_COMPLETE"
    assert stage.client("iam").get_role(RoleName=name)["Role"]["Description"] == "two"
    assert stage.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert stage.events(created["StackId"]) == [
        ("one", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Role", "CREATE_IN_PROGRESS", None),
        ("Role", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Role", "CREATE_COMPLETE", None),
        ("one", "CREATE_COMPLETE", None),
        ("one", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("Role", "UPDATE_IN_PROGRESS", None),
        ("Role", "UPDATE_COMPLETE", None),
        ("one", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("one", "UPDATE_COMPLETE", None),
        ("one", "DELETE_IN_PROGRESS", "User Initiated"),
        ("Role", "DELETE_IN_PROGRESS", None),
        ("Role", "DELETE_COMPLETE", None),
        ("one", "DELETE_COMPLETE", None),
    ]
    with pytest.raises(ClientError, match="Stack with id one does not exist"):
        stage.describe()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        stage.client("iam").get_role(RoleName=name)


def test_a_failed_creation_is_rolled_back(stage: Stage) -> None:
    """Everything is deleted, and the stack can then only be deleted."""
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    stack = stage.create(template(Role=role(), Profile=profile))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stage.statuses("one") == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert (
        "one",
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [Profile]. Rollback requested by user.",
    ) in stage.events()
    reason = next(reason for _, status, reason in stage.events(of="Profile") if status == "CREATE_FAILED")
    assert "HandlerErrorCode: NotFound" in str(reason)
    assert stage.client("iam").list_roles()["Roles"] == []
    assert stage.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stage.update(template(Role=role()))


def test_a_failed_update_is_rolled_back(stage: Stage) -> None:
    """Changed resources get their old properties again, new ones go."""
    stage.create(template(Role=role(Description="old")))
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": ["Role", "Other"]}
    stack = stage.update(template(Role=role(Description="new"), Other=role(), Profile=profile))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (left,) = stage.client("iam").list_roles()["Roles"]
    assert left["Description"] == "old"
    assert stage.statuses("one")[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_a_replacement_is_used_before_the_old_one_goes(stage: Stage) -> None:
    """Dependants are pointed to the new resource; the old one is deleted in the clean-up."""
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}}
    stage.create(template(Role=role(Path="/a/"), Profile=profile))
    old = stage.physical_id("Role")
    stage.update(template(Role=role(Path="/b/"), Profile=profile))
    new = stage.physical_id("Role")
    assert new != old
    (found,) = stage.client("iam").list_instance_profiles()["InstanceProfiles"]
    assert [one["RoleName"] for one in found["Roles"]] == [new]
    assert [one["RoleName"] for one in stage.client("iam").list_roles()["Roles"]] == [new]
    events = stage.events()
    replaced = (
        "Role",
        "UPDATE_IN_PROGRESS",
        "Requested update requires the creation of a new physical resource; hence creating one.",
    )
    cleaned = ("one", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None)
    assert events.index(replaced) < events.index(("Profile", "UPDATE_COMPLETE", None)) < events.index(cleaned)
    assert events.index(cleaned) < events.index(("Role", "DELETE_COMPLETE", None))


def test_a_replaced_resource_is_used_again_after_a_rollback(stage: Stage) -> None:
    """The old resource was never deleted, so the way back is to it."""
    stage.create(template(Role=role(Path="/a/")))
    old = stage.physical_id("Role")
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    stage.update(template(Role=role(Path="/b/"), Bad=bad))
    assert stage.physical_id("Role") == old
    assert [one["RoleName"] for one in stage.client("iam").list_roles()["Roles"]] == [old]


def test_a_resource_with_a_name_of_its_own_cannot_be_replaced(stage: Stage) -> None:
    """The new one could not have the old one's name."""
    stage.create(template(Role=role(RoleName="mine", Path="/a/")))
    assert stage.update(template(Role=role(RoleName="mine", Path="/b/")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for _, status, reason in stage.events(of="Role") if status == "UPDATE_FAILED"]
    assert reasons == [
        (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            "Rename mine and update the stack again."
        )
    ]


def test_removed_resources_go_in_the_clean_up_dependants_first(stage: Stage) -> None:
    """What a removed resource needs is removed after it."""
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}}
    stage.create(template(Keep=role(), Role=role(), Profile=profile))
    stage.update(template(Keep=role()))
    deleted = [name for name, status, _ in stage.events() if status == "DELETE_COMPLETE"]
    assert deleted == ["Profile", "Role"]


@pytest.mark.parametrize(("policy", "left"), [("Retain", 1), ("RetainExceptOnCreate", 1), ("Delete", 0)])
def test_deletion_policies_are_honoured(stage: Stage, policy: str, left: int) -> None:
    """A retained resource survives its stack."""
    stage.create(template(Role={**role(), "DeletionPolicy": policy}))
    stage.delete()
    assert len(stage.client("iam").list_roles()["Roles"]) == left


@pytest.mark.parametrize(("policy", "left"), [("Retain", 1), ("RetainExceptOnCreate", 0)])
def test_retained_resources_and_a_failed_creation(stage: Stage, policy: str, left: int) -> None:
    """What was made only now is retained by Retain alone."""
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    stage.create(template(Role={**role(), "DeletionPolicy": policy}, Bad=bad))
    assert len(stage.client("iam").list_roles()["Roles"]) == left


def test_a_replaced_resource_can_be_retained(stage: Stage) -> None:
    """UpdateReplacePolicy decides, not DeletionPolicy."""
    stage.create(template(Role={**role(Path="/a/"), "UpdateReplacePolicy": "Retain"}))
    stage.update(template(Role={**role(Path="/b/"), "UpdateReplacePolicy": "Retain"}))
    assert len(stage.client("iam").list_roles()["Roles"]) == 2
    assert "DELETE_SKIPPED" in stage.statuses("Role")


def test_a_failed_deletion_leaves_what_the_resource_needs(stage: Stage) -> None:
    """The stack is DELETE_FAILED, names the resource, and can be deleted again."""
    stage.create(
        template(Role=role(), Profile={"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}})
    )
    name = stage.physical_id("Role")
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    policy = stage.client("iam").create_policy(PolicyName="foreign", PolicyDocument=document)["Policy"]["Arn"]
    stage.client("iam").attach_role_policy(RoleName=name, PolicyArn=policy)
    stack = stage.delete()
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [Role].",
    )
    stage.client("iam").detach_role_policy(RoleName=name, PolicyArn=policy)
    assert stage.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_creation_can_be_left_as_it_is_and_rolled_back_later(stage: Stage) -> None:
    """DisableRollback, then RollbackStack."""
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    assert stage.create(template(Role=role(), Bad=bad), DisableRollback=True)["StackStatus"] == "CREATE_FAILED"
    assert len(stage.client("iam").list_roles()["Roles"]) == 1
    stage.api.rollback_stack(StackName="one")
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_failed_creation_can_be_mended_by_an_update(stage: Stage) -> None:
    """What was made stays, what failed is made anew."""
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    stage.create(template(Role=role(), Bad=bad), DisableRollback=True)
    name = stage.physical_id("Role")
    good = {**bad, "Properties": {"Roles": [{"Ref": "Role"}]}}
    assert stage.update(template(Role=role(), Bad=good))["StackStatus"] == "UPDATE_COMPLETE"
    assert stage.physical_id("Role") == name
    assert len(stage.client("iam").list_instance_profiles()["InstanceProfiles"]) == 1


def test_a_failed_update_can_be_left_as_it_is_and_rolled_back_later(stage: Stage) -> None:
    """DisableRollback, then RollbackStack brings back what was."""
    stage.create(template(Role=role(Description="old")))
    bad = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}, "DependsOn": "Role"}
    stack = stage.update(template(Role=role(Description="new"), Bad=bad), DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    stage.api.rollback_stack(StackName="one")
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (left,) = stage.client("iam").list_roles()["Roles"]
    assert left["Description"] == "old"


def test_a_failed_rollback_can_be_continued(stage: Stage) -> None:
    """UPDATE_ROLLBACK_FAILED, and ContinueUpdateRollback with the culprit skipped."""

    def stubborn(event: Event) -> None:
        answer(event, "FAILED" if event["RequestType"] == "Update" else "SUCCESS", Reason="no")

    token = stage.functions.add("stubborn", stubborn)
    stage.create(template(Thing=custom(token, Value="1")))
    stack = stage.update(template(Thing=custom(token, Value="2")))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to update: [Thing]."
    stage.api.continue_update_rollback(StackName="one", ResourcesToSkip=["Thing"])
    stage.cloudformation.wait("one")
    assert stage.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Thing", "UPDATE_COMPLETE", "Resource skipped during UpdateRollback") in stage.events()


def test_independent_resources_are_made_at_the_same_time(stage: Stage) -> None:
    """Each function answers only when both have been asked."""
    both = Barrier(2, timeout=10)

    def together(event: Event) -> None:
        both.wait()
        answer(event)

    token = stage.functions.add("together", together)
    assert stage.create(template(One=custom(token), Two=custom(token)))["StackStatus"] == "CREATE_COMPLETE"
    assert stage.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_dependants_wait_and_go_first(stage: Stage) -> None:
    """Ref, GetAtt, Sub and DependsOn make the order; deletion is its reverse."""
    token = stage.functions.add("plain")
    stage.create(
        template(
            D={**custom(token), "DependsOn": ["C"]},
            C=custom(token, X={"Fn::Sub": "${B}-x"}),
            B=custom(token, X={"Fn::Join": ["", ["a", {"Ref": "A"}]]}),
            A=custom(token),
        )
    )
    stage.delete()
    assert stage.functions.seen("RequestType", "LogicalResourceId") == [
        *[("Create", name) for name in "ABCD"],
        *[("Delete", name) for name in "DCBA"],
    ]


def test_reading_makes_nothing(stage: Stage) -> None:
    """Descriptions of a stack leave AWS as it is."""
    stage.create(template(Role=role()))
    stage.client("iam").delete_role(RoleName=stage.physical_id("Role"))
    stage.api.describe_stack_resources(StackName="one")
    stage.api.list_stack_resources(StackName="one")
    stage.api.get_template(StackName="one")
    assert stage.client("iam").list_roles()["Roles"] == []


def test_termination_protection_refuses_a_deletion(stage: Stage) -> None:
    """Until it is taken away."""
    stage.create(template(Role=role()))
    stage.api.update_termination_protection(StackName="one", EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        stage.api.delete_stack(StackName="one")
    stage.api.update_termination_protection(StackName="one", EnableTerminationProtection=False)
    assert stage.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_an_export_in_use_cannot_go(stage: Stage) -> None:
    """Another stack's import holds it."""
    exporting = {
        **template(Role=role()),
        "Outputs": {"Name": {"Value": {"Ref": "Role"}, "Export": {"Name": "the-role"}}},
    }
    stage.create(exporting, name="giver")
    stage.create(
        template(
            Profile={"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Fn::ImportValue": "the-role"}]}}
        ),
        name="taker",
    )
    assert stage.delete(name="giver")["StackStatus"] == "DELETE_FAILED"
    assert stage.describe("giver")["StackStatusReason"] == "Export the-role cannot be deleted as it is in use by taker"
    stage.delete(name="taker")
    assert stage.delete(name="giver")["StackStatus"] == "DELETE_COMPLETE"


def test_an_update_without_changes_is_refused(stage: Stage) -> None:
    """With CloudFormation's own text."""
    stage.create(template(Role=role()))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stage.update(template(Role=role()))
