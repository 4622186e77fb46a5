"""What windows support and readiness meet beside the stage: Auto Scaling, CloudFormation, and EKS's add-on vpc-cni."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.handler.stage import Stage

Reply: TypeAlias = "tuple[int, bytes, dict[str, str]]"

GROUP = "ng-NodeGroup-1A2B3C"
ADD_ON_PATH = "/clusters/my-cluster/addons/vpc-cni"


@dataclass
class Group:
    """An Auto Scaling group.

    Attributes:
        desired: Its desired capacity.
        instances: Lifecycle states by id.
        weights: Weights by id.
        activities: Status and message of its activities, the latest first.
    """

    desired: int = 0
    instances: dict[str, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    activities: list[tuple[str, str]] = field(default_factory=list)


class Surroundings:
    """The services; they are put before those of the stage.

    Attributes:
        stack_status: What DescribeStacks answers; None: the function may not ask.
        group: The one group; None: there is none.
        add_on: The add-on as DescribeAddon has it; None: vpc-cni is not managed; `denied`: the function may not ask.
        update: Called with the body of an UpdateAddon; returns the error's code, or None if it is accepted.
        begins: How often DescribeAddon answers ACTIVE after the call before the update begins.
        ends: Called at the end of an update.
        updates: The bodies of all UpdateAddon that were accepted.
        actions: What was asked, as IAM calls it.
        denied: Actions that the function may not use.
    """

    def __init__(self, stage: Stage) -> None:
        """Stand before the stage's own services."""
        self.stack_status: str | None = "UPDATE_IN_PROGRESS"
        self.group: Group | None = Group()
        self.add_on: dict[str, Any] | None = None
        self.update: Callable[[Mapping[str, Any]], str | None] = lambda _: None
        self.begins = 0
        self.ends: Callable[[], None] = lambda: None
        self.updates: list[dict[str, Any]] = []
        self.actions: list[str] = []
        self.denied: set[str] = set()
        self._polls = 0
        self._stages_own = stage.aws._answer
        stage.aws._answer = self._answer  # type: ignore[method-assign]  # a double may be extended like this

    def _answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
        scope = headers.get("Authorization", "").partition("/aws4_request")[0].rpartition("/")[2]
        if path.startswith(ADD_ON_PATH):
            action = "eks:UpdateAddon" if method == "POST" else "eks:DescribeAddon"
            return self._unless_denied(action) or self._eks(action, body)
        if scope in {"autoscaling", "cloudformation"}:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            action = f"{scope}:{form['Action']}"
            return self._unless_denied(action) or (200, self._query(action, form).encode(), {})
        return self._stages_own(method, path, query, headers, body)

    def _unless_denied(self, action: str) -> Reply | None:
        self.actions.append(action)
        if action not in self.denied and (action != "cloudformation:DescribeStacks" or self.stack_status is not None):
            return None
        message = f"not authorized to perform: {action}"
        if action.startswith("eks:"):
            return _json_error(403, "AccessDeniedException", message)
        error = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        return 403, f'<ErrorResponse xmlns="urn:aws">{error}</ErrorResponse>'.encode(), {}

    def _eks(self, action: str, body: bytes) -> Reply:
        if self.add_on is None:
            return _json_error(404, "ResourceNotFoundException", "No addon: vpc-cni found")
        if action == "eks:UpdateAddon":
            asked = json.loads(body)
            if code := self.update(asked):
                return _json_error(400, code, "it is not possible")
            self.updates.append(asked)
            self.add_on["configurationValues"] = asked["configurationValues"]
            self._polls = self.begins + 2
            return 200, b'{"update": {"id": "1", "status": "InProgress"}}', {}
        if self._polls:
            self.add_on["status"] = "ACTIVE" if self._polls > 2 else "UPDATING"
            self._polls -= 1
        elif self.add_on.get("status") == "UPDATING":
            self.add_on["status"] = "ACTIVE"
            self.ends()
        return 200, json.dumps({"addon": self.add_on}).encode(), {}

    def _query(self, action: str, form: Mapping[str, str]) -> str:
        if action == "cloudformation:DescribeStacks":
            stack = (
                f"<member><StackId>{form['StackName']}</StackId><StackStatus>{self.stack_status}</StackStatus></member>"
            )
            result = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
        elif action == "autoscaling:DescribeScalingActivities":
            assert form["AutoScalingGroupName"] == GROUP
            members = "".join(
                f"<member><StatusCode>{code}</StatusCode><StatusMessage>{message}</StatusMessage></member>"
                for code, message in (self.group.activities if self.group else ())
            )
            result = (
                f"<DescribeScalingActivitiesResult><Activities>{members}</Activities></DescribeScalingActivitiesResult>"
            )
        else:
            assert form["AutoScalingGroupNames.member.1"] == GROUP
            members = _members(self.group) if self.group else ""
            result = (
                "<DescribeAutoScalingGroupsResult>"
                f"<AutoScalingGroups>{members}</AutoScalingGroups></DescribeAutoScalingGroupsResult>"
            )
        return f'<Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">{result}</Response>'


def _members(group: Group) -> str:
    instances = "".join(
        f"<member><InstanceId>{each}</InstanceId><LifecycleState>{state}</LifecycleState>"
        + (f"<WeightedCapacity>{group.weights[each]}</WeightedCapacity>" if each in group.weights else "")
        + "</member>"
        for each, state in group.instances.items()
    )
    about = f"<AutoScalingGroupName>{GROUP}</AutoScalingGroupName><DesiredCapacity>{group.desired}</DesiredCapacity>"
    return f"<member>{about}<Instances>{instances}</Instances></member>"


def _json_error(status: int, code: str, message: str) -> Reply:
    return status, json.dumps({"message": message}).encode(), {"x-amzn-ErrorType": code}
