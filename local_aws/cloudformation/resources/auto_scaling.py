"""AWS::AutoScaling::AutoScalingGroup, with signals and rolling updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.durations import seconds_of
from local_aws.cloudformation.errors import ResourceFailed
from local_aws.cloudformation.resources.kind import Kind, Made
from local_aws.cloudformation.values import is_true

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_aws.cloudformation.resources.kind import Task

#: What goes to the API as it stands.
_PLAIN = frozenset(
    {
        "AvailabilityZones",
        "CapacityRebalance",
        "Cooldown",
        "DefaultInstanceWarmup",
        "DesiredCapacityType",
        "HealthCheckGracePeriod",
        "HealthCheckType",
        "LaunchTemplate",
        "MaxInstanceLifetime",
        "MaxSize",
        "MinSize",
        "MixedInstancesPolicy",
        "NewInstancesProtectedFromScaleIn",
        "PlacementGroup",
        "ServiceLinkedRoleARN",
        "TerminationPolicies",
    }
)
_SIZES = ("DesiredCapacity", "MaxSize", "MinSize")
#: A change of one of these makes the running instances obsolete.
_LAUNCH = frozenset({"LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier"})


class AutoScalingGroup(Kind):
    """AWS::AutoScaling::AutoScalingGroup."""

    type = "AWS::AutoScaling::AutoScalingGroup"
    properties = _PLAIN | {"AutoScalingGroupName", "DesiredCapacity", "MetricsCollection", "Tags", "VPCZoneIdentifier"}
    required = frozenset({"MaxSize", "MinSize"})
    immutable = frozenset({"AutoScalingGroupName"})
    name_property = "AutoScalingGroupName"
    attributes = frozenset({"AutoScalingGroupARN"})
    policies = frozenset(
        {"AutoScalingCreationPolicy", "AutoScalingRollingUpdate", "AutoScalingScheduledAction", "ResourceSignal"}
    )
    takes_stack_tags = True

    def with_stack_tags(self, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """The stack's tags reach the instances, too."""
        tagged = super().with_stack_tags(properties, tags)
        if "Tags" not in tagged:
            return tagged
        return {**tagged, "Tags": [{"PropagateAtLaunch": True, **tag} for tag in tagged["Tags"]]}

    def create(self, task: Task) -> Made:
        """Create the group, let its instances boot, and wait for the signals that the creation policy wants."""
        name = task.properties.get("AutoScalingGroupName") or task.name()
        task.call("autoscaling", "create_auto_scaling_group", Tags=_tags(task, name), **_arguments(task, name))
        task.initiated(name)
        _collect_metrics(task, name)
        policy = task.creation_policy.get("ResourceSignal", {})
        task.launched(
            name,
            _instances(task, name),
            signals=int(policy.get("Count", 1)) if policy else 0,
            seconds=seconds_of(policy.get("Timeout", "PT5M")),
            percent=int(
                task.creation_policy.get("AutoScalingCreationPolicy", {}).get("MinSuccessfulInstancesPercent", 100)
            ),
        )
        return self._made(task, name)

    def update(self, task: Task) -> Made:
        """Change the group in place; obsolete instances are replaced if the update policy says so."""
        name, old, new = str(task.physical_id), task.old_properties, task.properties
        arguments = _arguments(task, name)
        scheduled = task.update_policy.get("AutoScalingScheduledAction", {})
        if is_true(scheduled.get("IgnoreUnmodifiedGroupSizeProperties", False)):
            arguments = {
                key: value for key, value in arguments.items() if key not in _SIZES or old.get(key) != new.get(key)
            }
        before = set(_instances(task, name))
        task.call("autoscaling", "update_auto_scaling_group", **arguments)
        _change_tags(task, name)
        _collect_metrics(task, name)
        grown = [instance for instance in _instances(task, name) if instance not in before]
        if grown:
            task.launched(name, grown, signals=0, seconds=0, percent=100)
        if any(old.get(key) != new.get(key) for key in _LAUNCH):
            _roll(task, name, sorted(before & set(_instances(task, name))))
        return self._made(task, name)

    def _made(self, task: Task, name: str) -> Made:
        return Made(name, {"AutoScalingGroupARN": _group(task, name)["AutoScalingGroupARN"]})

    def delete(self, task: Task) -> None:
        """Terminate the instances and delete the group."""
        task.call("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=task.physical_id, ForceDelete=True)


def _arguments(task: Task, name: str) -> dict[str, Any]:
    properties = task.properties
    arguments = {key: properties[key] for key in _PLAIN if key in properties}
    if "VPCZoneIdentifier" in properties:
        arguments["VPCZoneIdentifier"] = ",".join(properties["VPCZoneIdentifier"])
    if "DesiredCapacity" in properties:
        arguments["DesiredCapacity"] = properties["DesiredCapacity"]
    return {"AutoScalingGroupName": name, **arguments}


def _tags(task: Task, name: str) -> list[dict[str, Any]]:
    about = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    return [{**tag, **about} for tag in task.properties.get("Tags", [])]


def _change_tags(task: Task, name: str) -> None:
    wanted = _tags(task, name)
    gone = {tag["Key"] for tag in task.old_properties.get("Tags", [])} - {tag["Key"] for tag in wanted}
    about = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    if gone:
        task.call("autoscaling", "delete_tags", Tags=[{"Key": key, **about} for key in sorted(gone)])
    if wanted:
        task.call("autoscaling", "create_or_update_tags", Tags=wanted)


def _collect_metrics(task: Task, name: str) -> None:
    old, new = task.old_properties.get("MetricsCollection"), task.properties.get("MetricsCollection")
    # moto has no DisableMetricsCollection; what is enabled there replaces what was.
    for collection in new or ([{"Granularity": "1Minute", "Metrics": []}] if old else []):
        task.call("autoscaling", "enable_metrics_collection", AutoScalingGroupName=name, **collection)


def _group(task: Task, name: str) -> dict[str, Any]:
    groups = task.call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not groups:
        raise ResourceFailed(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    found: dict[str, Any] = groups[0]
    return found


def _instances(task: Task, name: str) -> list[str]:
    return [instance["InstanceId"] for instance in _group(task, name)["Instances"]]


def _roll(task: Task, name: str, obsolete: list[str]) -> None:
    """Replace instances batch by batch. CloudFormation makes the group larger meanwhile if it must; this does not."""
    policy = task.update_policy.get("AutoScalingRollingUpdate")
    if policy is None or not obsolete:
        return
    in_service, most = int(policy.get("MinInstancesInService", 0)), int(task.properties["MaxSize"])
    if in_service >= most:
        raise ResourceFailed("MinInstancesInService must be less than the autoscaling group's MaxSize")
    batch = int(policy.get("MaxBatchSize", 1))
    task.progress(
        f"Rolling update initiated. Terminating {len(obsolete)} obsolete instance(s) in batches of {batch}, "
        f"while keeping at least {in_service} instance(s) in service."
    )
    suspended = {"AutoScalingGroupName": name, "ScalingProcesses": policy.get("SuspendProcesses", [])}
    if suspended["ScalingProcesses"]:
        task.call("autoscaling", "suspend_processes", **suspended)
    for done, chunk in enumerate(_chunks(obsolete, batch), start=1):
        _replace(task, name, chunk, policy)
        share = min(100, 100 * done * batch // len(obsolete))
        task.progress(f"Successfully terminated instance(s) [{','.join(chunk)}] (Progress {share}%).")
    if suspended["ScalingProcesses"]:
        task.call("autoscaling", "resume_processes", **suspended)


def _replace(task: Task, name: str, obsolete: list[str], policy: dict[str, Any]) -> None:
    """Replace one batch, and wait for the signals of the new instances if the policy says so."""
    count = len(obsolete)
    task.progress(f"Terminating instance(s) [{','.join(obsolete)}]; replacing with {count} new instance(s).")
    before = set(_instances(task, name))
    for instance in obsolete:
        task.call(
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            InstanceId=instance,
            ShouldDecrementDesiredCapacity=False,
        )
    fresh = [instance for instance in _instances(task, name) if instance not in before]
    task.launched(
        name,
        fresh,
        signals=len(fresh) if is_true(policy.get("WaitOnResourceSignals", False)) else 0,
        seconds=seconds_of(policy.get("PauseTime", "PT5M")),
        percent=int(policy.get("MinSuccessfulInstancesPercent", 100)),
    )


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


KINDS: tuple[type[Kind], ...] = (AutoScalingGroup,)
