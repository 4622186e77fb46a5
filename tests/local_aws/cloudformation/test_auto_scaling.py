"""Tests of Auto Scaling groups: instances, signals, rolling updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloudformation.endpoint import boot_at_once
from tests.local_aws.cloudformation.stage import template

if TYPE_CHECKING:
    from local_aws.cloudformation import Launch
    from tests.local_aws.cloudformation.stage import Stage

_WAITING: dict[str, Any] = {"CreationPolicy": {"ResourceSignal": {"Count": 2, "Timeout": "PT5M"}}}


def _resources(stage: Stage, instance_type: str = "t3.large", **attributes: Any) -> dict[str, Any]:
    """A launch template and a group of two; what belongs to the group itself is given by its properties' names."""
    subnet = stage.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    policies: dict[str, Any] = {}
    for key in ("CreationPolicy", "UpdatePolicy"):
        if key in attributes:
            policies[key] = attributes.pop(key)
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    group = {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "MinSize": "1",
            "MaxSize": 4,
            "DesiredCapacity": 2,
            "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
            "VPCZoneIdentifier": [subnet],
            "Tags": [{"Key": "a", "Value": "1", "PropagateAtLaunch": True}],
            **attributes,
        },
        **policies,
    }
    data = {"InstanceType": instance_type, "ImageId": "ami-12c6146b"}
    launch_template = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}}
    return template(Template=launch_template, Group=group)


def _group(stage: Stage) -> dict[str, Any]:
    (found,) = stage.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return dict(found)


def _instances(stage: Stage) -> set[str]:
    return {instance["InstanceId"] for instance in _group(stage)["Instances"]}


def _reasons(stage: Stage) -> list[str]:
    return [str(reason) for _, _, reason in stage.events(of="Group") if reason]


def test_a_group_is_made_changed_in_place_and_removed_with_its_instances(stage: Stage) -> None:
    """Sizes, tags and metrics change in place."""
    stage.create(_resources(stage, MetricsCollection=[{"Granularity": "1Minute", "Metrics": ["GroupMinSize"]}]))
    name = stage.physical_id("Group")
    before = _group(stage)
    assert (before["DesiredCapacity"], len(before["Instances"])) == (2, 2)
    tag = {"Key": "b", "Value": "2", "PropagateAtLaunch": "false"}
    assert stage.update(_resources(stage, DesiredCapacity=3, Tags=[tag]))["StackStatus"] == "UPDATE_COMPLETE", _reasons(
        stage
    )
    after = _group(stage)
    assert (after["AutoScalingGroupName"], after["DesiredCapacity"]) == (name, 3)
    assert [one["Metric"] for one in before["EnabledMetrics"]] == ["GroupMinSize"]
    assert not after.get("EnabledMetrics")
    assert [(one["Key"], one["PropagateAtLaunch"]) for one in after["Tags"]] == [("b", False)]
    assert {one["InstanceId"] for one in before["Instances"]} < _instances(stage)
    stage.delete()
    states = [
        instance["State"]["Name"]
        for reservation in stage.client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    ]
    assert set(states) == {"terminated"}


def test_the_stacks_tags_reach_the_instances(stage: Stage) -> None:
    """They are propagated, too."""
    stage.create(_resources(stage), Tags=[{"Key": "team", "Value": "windows"}])
    tags = {tag["Key"]: tag["PropagateAtLaunch"] for tag in _group(stage)["Tags"]}
    assert tags == {"a": True, "team": True}


def test_creation_waits_for_the_signals(stage: Stage) -> None:
    """Instances that boot at once signal success, and the events say so."""
    assert stage.create(_resources(stage, **_WAITING))["StackStatus"] == "CREATE_COMPLETE"
    received = {reason for reason in _reasons(stage) if reason.startswith("Received")}
    assert received == {f"Received SUCCESS signal with UniqueId {instance}" for instance in _instances(stage)}


def test_dead_instances_fail_the_creation(stage: Stage) -> None:
    """Nobody signals: after the time-out the group has failed, with CloudFormation's texts."""
    stage.cloudformation.means.on_launch = None
    stage.cloudformation.means.patience = 0.0005
    assert stage.create(_resources(stage, **_WAITING))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert _reasons(stage)[-2:] == [
        (
            "Failed to receive 2 resource signal(s) for the current batch.  "
            "Each resource signal timeout is counted as a FAILURE."
        ),
        "Received 0 SUCCESS signal(s) out of 2.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement",
    ]


def test_a_failure_signal_fails_the_creation_at_once(stage: Stage) -> None:
    """The bootstrap's failure need not wait for the time-out."""

    def broken(launch: Launch) -> None:
        launch.signal(launch.instance_ids[0], False)

    stage.cloudformation.means.on_launch = broken
    assert stage.create(_resources(stage, **_WAITING))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (
        _reasons(stage)[-1]
        == "Received 1 FAILURE signal(s) out of 2.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    )


def test_a_share_of_the_instances_can_be_enough(stage: Stage) -> None:
    """MinSuccessfulInstancesPercent."""

    def half(launch: Launch) -> None:
        launch.signal(launch.instance_ids[0], True)
        launch.signal(launch.instance_ids[1], False)

    stage.cloudformation.means.on_launch = half
    policy = {**_WAITING["CreationPolicy"], "AutoScalingCreationPolicy": {"MinSuccessfulInstancesPercent": "50"}}
    assert stage.create(_resources(stage, CreationPolicy=policy))["StackStatus"] == "CREATE_COMPLETE"


def test_no_signals_are_awaited_for_an_empty_group(stage: Stage) -> None:
    """A count of zero, from a parameter for example."""
    stage.cloudformation.means.on_launch = None
    policy = {"ResourceSignal": {"Count": {"Ref": "Count"}, "Timeout": "PT15M"}}
    whole = {
        **_resources(stage, MinSize=0, DesiredCapacity=0, CreationPolicy=policy),
        "Parameters": {"Count": {"Type": "Number"}},
    }
    assert stage.create(whole, parameters={"Count": "0"})["StackStatus"] == "CREATE_COMPLETE"


def test_signals_come_through_the_api(stage: Stage) -> None:
    """SignalResource, as cfn-signal calls it; a doubled and a late one do no harm."""

    def through_the_api(launch: Launch) -> None:
        for instance in [launch.instance_ids[0], *launch.instance_ids]:
            about = {"StackName": launch.stack_name, "LogicalResourceId": launch.logical_id, "UniqueId": instance}
            stage.api.signal_resource(**about, Status="SUCCESS")

    stage.cloudformation.means.on_launch = through_the_api
    assert stage.create(_resources(stage, **_WAITING))["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="is in CREATE_COMPLETE state and can not be signaled"):
        stage.api.signal_resource(StackName="one", LogicalResourceId="Group", UniqueId="late", Status="SUCCESS")


_ROLLING = {
    "AutoScalingRollingUpdate": {
        "MaxBatchSize": 1,
        "MinInstancesInService": 1,
        "WaitOnResourceSignals": True,
        "PauseTime": "PT5M",
    }
}


def test_a_rolling_update_replaces_every_instance(stage: Stage) -> None:
    """Batch by batch, each waiting for its signals."""
    stage.create(_resources(stage))
    before = _instances(stage)
    suspended = {**_ROLLING["AutoScalingRollingUpdate"], "SuspendProcesses": ["AZRebalance"]}
    stack = stage.update(_resources(stage, "t3.xlarge", UpdatePolicy={"AutoScalingRollingUpdate": suspended}))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert len(_instances(stage)) == 2
    assert not _instances(stage) & before
    assert sum(reason.startswith("Received SUCCESS") for reason in _reasons(stage)) == 2
    assert _group(stage)["SuspendedProcesses"] == []


def test_without_a_rolling_update_the_instances_stay(stage: Stage) -> None:
    """Only new ones get the new launch template."""
    stage.create(_resources(stage))
    before = _instances(stage)
    stage.update(_resources(stage, "t3.xlarge"))
    assert _instances(stage) == before


def test_dead_replacements_roll_the_update_back(stage: Stage) -> None:
    """The group gets its old launch template again, and living instances."""
    stage.create(_resources(stage, UpdatePolicy=_ROLLING))
    launches: list[Launch] = []

    def first_one_dead(launch: Launch) -> None:
        launches.append(launch)
        if len(launches) > 1:
            boot_at_once(launch)

    stage.cloudformation.means.on_launch = first_one_dead
    stage.cloudformation.means.patience = 0.005
    stack = stage.update(_resources(stage, "t3.xlarge", UpdatePolicy=_ROLLING))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "UPDATE_FAILED" in stage.statuses("Group")
    version = _group(stage)["LaunchTemplate"]["Version"]
    (found,) = stage.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=stage.physical_id("Template"), Versions=[version]
    )["LaunchTemplateVersions"]
    assert found["LaunchTemplateData"]["InstanceType"] == "t3.large"


def test_a_rolling_update_must_be_able_to_begin(stage: Stage) -> None:
    """With everything kept in service nothing can be replaced."""
    stage.create(_resources(stage, MaxSize=2))
    policy = {"AutoScalingRollingUpdate": {**_ROLLING["AutoScalingRollingUpdate"], "MinInstancesInService": 2}}
    stack = stage.update(_resources(stage, "t3.xlarge", MaxSize=2, UpdatePolicy=policy))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "MinInstancesInService must be less than the autoscaling group's MaxSize" in _reasons(stage)


def test_sizes_that_the_template_did_not_change_stay_as_they_are(stage: Stage) -> None:
    """IgnoreUnmodifiedGroupSizeProperties: a deployment does not undo autoscaling."""
    policy = {"AutoScalingScheduledAction": {"IgnoreUnmodifiedGroupSizeProperties": True}}
    stage.create(_resources(stage, UpdatePolicy=policy))
    stage.client("autoscaling").set_desired_capacity(AutoScalingGroupName=stage.physical_id("Group"), DesiredCapacity=4)
    stage.update(_resources(stage, MinSize=0, UpdatePolicy=policy))
    assert (_group(stage)["MinSize"], _group(stage)["DesiredCapacity"]) == (0, 4)


def test_mixed_instances(stage: Stage) -> None:
    """The launch template within a policy."""
    subnet = stage.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    whole = _resources(stage)
    specification = whole["Resources"]["Group"]["Properties"].pop("LaunchTemplate")
    whole["Resources"]["Group"]["Properties"] |= {
        "VPCZoneIdentifier": [subnet],
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": specification,
                "Overrides": [{"InstanceType": "t3.large"}],
            },
            "InstancesDistribution": {
                "OnDemandPercentageAboveBaseCapacity": "0",
                "SpotAllocationStrategy": "price-capacity-optimized",
            },
        },
    }
    assert stage.create(whole)["StackStatus"] == "CREATE_COMPLETE"
    policy = _group(stage)["MixedInstancesPolicy"]
    assert policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 0
