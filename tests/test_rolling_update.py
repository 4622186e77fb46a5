"""CloudFormation waits for nodes when it makes a group, and keeps enough of them when it updates one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk.assertions import Template

from tests.found import codes
from windows_nodegroup.capacity import Capacity
from windows_nodegroup.rolling_update import RollingUpdate

if TYPE_CHECKING:
    from collections.abc import Callable


def parameters(stack: cdk.Stack) -> tuple[float, float]:
    """Two parameters of a stack, for the desired size and the largest."""
    desired, most = (cdk.CfnParameter(stack, name, type="Number", default=3) for name in ("Desired", "Most"))
    return desired.value_as_number, most.value_as_number


def resource_of(capacity: Capacity | None = None, stack: cdk.Stack | None = None, **inputs: Any) -> dict[str, Any]:
    """The Auto Scaling group in the template."""
    stack = stack or cdk.Stack()
    group = autoscaling.CfnAutoScalingGroup(stack, "Group", min_size="1", max_size="9")
    update, capacity = RollingUpdate(**inputs), capacity or Capacity(desired_size=3, max_size=4)
    update.apply(stack, group, capacity)
    template = Template.from_stack(stack).to_json()
    return dict(template["Resources"]["Group"] | {"Conditions": template.get("Conditions")})


def found(**inputs: Any) -> list[str]:
    """The codes of what is wrong with the inputs."""
    return codes(RollingUpdate(**inputs).check)


def test_creation() -> None:
    """As many signals are waited for as nodes are launched, for as long as Windows may take."""
    assert resource_of()["CreationPolicy"] == {"ResourceSignal": {"Count": 3, "Timeout": "PT30M"}}
    longer = resource_of(bootstrap_timeout=cdk.Duration.minutes(45))
    assert longer["CreationPolicy"]["ResourceSignal"]["Timeout"] == "PT45M"


def test_creation_of_nothing() -> None:
    """Where no node is launched none is waited for."""
    assert "CreationPolicy" not in resource_of(Capacity(min_size=0, desired_size=0, max_size=3))


def test_creation_of_a_token() -> None:
    """A number that only the deployment knows is the count."""
    stack = cdk.Stack()
    desired, _ = parameters(stack)
    policy = resource_of(Capacity(desired_size=desired, max_size=9), stack)["CreationPolicy"]
    assert policy["ResourceSignal"]["Count"] == {"Ref": "Desired"}


def test_no_signals() -> None:
    """Where nodes cannot reach CloudFormation nobody waits, and an update goes on after a quarter of an hour."""
    resource = resource_of(wait_for_signals=False)
    assert "CreationPolicy" not in resource
    rolling = resource["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling["WaitOnResourceSignals"] is False
    assert rolling["PauseTime"] == "PT15M"


def test_update() -> None:
    """Nodes are replaced one by one, each after the signal of the one before, and nobody else interferes."""
    rolling = resource_of()["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling == {
        "MaxBatchSize": 1,
        "MinInstancesInService": 3,
        "PauseTime": "PT30M",
        "SuspendProcesses": ["AZRebalance", "AlarmNotification", "HealthCheck", "ReplaceUnhealthy", "ScheduledActions"],
        "WaitOnResourceSignals": True,
    }


def test_sizes_are_left_alone() -> None:
    """A deployment that changes no size does not undo what an autoscaler did."""
    policy = resource_of()["UpdatePolicy"]["AutoScalingScheduledAction"]
    assert policy == {"IgnoreUnmodifiedGroupSizeProperties": True}


@pytest.mark.parametrize(
    ("desired", "largest", "in_service"), [(3, 4, 3), (3, 3, 2), (1, 1, 0), (0, 3, 0), (0, 0, 0), (2, 10, 2)]
)
def test_in_service(desired: int, largest: int, in_service: int) -> None:
    """As many nodes stay as are desired, but always fewer than the most."""
    capacity = Capacity(min_size=0, desired_size=desired, max_size=largest)
    rolling = resource_of(capacity)["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling["MinInstancesInService"] == in_service


def test_in_service_of_parameters() -> None:
    """With parameters a condition sees to it."""
    stack = cdk.Stack()
    desired, most = parameters(stack)
    resource = resource_of(Capacity(desired_size=desired, max_size=most), stack)
    rolling = resource["UpdatePolicy"]["AutoScalingRollingUpdate"]
    ((name, condition),) = resource["Conditions"].items()
    assert rolling["MinInstancesInService"] == {"Fn::If": [name, 0, {"Ref": "Desired"}]}
    first, second = condition["Fn::Equals"]
    assert first == {"Fn::Sub": ["${Desired}", {"Desired": {"Ref": "Desired"}}]}
    assert second == {"Ref": "Most"}


@pytest.mark.parametrize("other", ["desired_size", "max_size"])
def test_in_service_of_a_parameter_and_a_literal(other: str) -> None:
    """A condition also compares a parameter with a number that is known."""
    stack = cdk.Stack()
    most, _ = parameters(stack)
    sizes: dict[str, Any] = {"desired_size": most, "max_size": most} | {other: 5}
    resource = resource_of(Capacity(**sizes), stack)
    ((name, condition),) = resource["Conditions"].items()
    desired = 5 if other == "desired_size" else {"Ref": "Desired"}
    rolling = resource["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling["MinInstancesInService"] == {"Fn::If": [name, 0, desired]}
    assert "Fn::Equals" in condition


def of_a_resource() -> float:
    """A number that only a resource will know."""
    return cdk.Token.as_number({"Fn::GetAtt": ["Sizes", "Number"]})


def of_another_stack() -> float:
    """A parameter of another stack."""
    return cdk.CfnParameter(cdk.Stack(), "Number", type="Number").value_as_number


@pytest.mark.parametrize("make", [of_a_resource, of_another_stack])
@pytest.mark.parametrize("unread", ["desired_size", "max_size"])
def test_in_service_of_what_no_condition_reads(unread: str, make: Callable[[], float]) -> None:
    """Conditions read parameters of their stack alone; of other tokens nothing is compared, and none has to stay."""
    stack = cdk.Stack(cdk.App(analytics_reporting=False), "Stack")
    group = autoscaling.CfnAutoScalingGroup(stack, "Group", min_size="1", max_size="9")
    sizes: dict[str, Any] = {"desired_size": 3, "max_size": 4} | {unread: make()}
    RollingUpdate(wait_for_signals=False).apply(stack, group, Capacity(**sizes))
    template = Template.from_stack(stack).to_json()
    rolling = template["Resources"]["Group"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling["MinInstancesInService"] == 0
    assert "Conditions" not in template


def test_batches() -> None:
    """Several nodes can be replaced at once."""
    assert resource_of(max_unavailable=5)["UpdatePolicy"]["AutoScalingRollingUpdate"]["MaxBatchSize"] == 5


@pytest.mark.parametrize("number", [0, -1, 101, 1.5, "1", True])
def test_wng106_max_unavailable(number: Any) -> None:
    """An update replaces from 1 to 100 nodes at once."""
    assert found(max_unavailable=number) == ["WNG106"]
    assert found(max_unavailable=100) == []
    assert found(max_unavailable=cdk.Token.as_number({"Ref": "Number"})) == []


def test_wng107_bootstrap_timeout() -> None:
    """A node has from a minute to an hour, and the time is known at synthesis."""
    assert found(bootstrap_timeout=cdk.Duration.seconds(59)) == ["WNG107"]
    assert found(bootstrap_timeout=cdk.Duration.minutes(61)) == ["WNG107"]
    assert found(bootstrap_timeout=cdk.Duration.minutes(cdk.Token.as_number({"Ref": "Minutes"}))) == ["WNG107"]
    assert found(bootstrap_timeout=cdk.Duration.hours(1)) == []


def test_wng109_timeout_with_fraction() -> None:
    """CloudFormation counts whole seconds, whatever the unit of the time is."""
    for timeout in (cdk.Duration.millis(90_500), cdk.Duration.seconds(90.5), cdk.Duration.minutes(1.505)):
        assert found(bootstrap_timeout=timeout) == ["WNG109"]
    assert found(bootstrap_timeout=cdk.Duration.millis(500)) == ["WNG107", "WNG109"]
    assert found(bootstrap_timeout=cdk.Duration.millis(3_600_001)) == ["WNG107", "WNG109"]
    assert found(bootstrap_timeout=cdk.Duration.millis(90_000)) == []
