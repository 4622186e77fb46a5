"""How nodes come and are replaced: CloudFormation waits for their reports and keeps enough of them in service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jsii
from aws_cdk import (
    CfnAutoScalingRollingUpdate,
    CfnAutoScalingScheduledAction,
    CfnCondition,
    CfnCreationPolicy,
    CfnResourceSignal,
    CfnUpdatePolicy,
    Fn,
    Token,
)

from . import rules
from .capacity import as_string
from .function_access import is_parameter
from .literals import is_literal, is_whole

if TYPE_CHECKING:
    from aws_cdk import Duration
    from aws_cdk.aws_autoscaling import CfnAutoScalingGroup
    from constructs import Construct

    from .capacity import Capacity
    from .literals import Number
    from .problems import Problems

_AT_ONCE = range(1, 101)
_LONGEST_SECONDS = 3600
_SHORTEST_SECONDS = 60
_DEFAULT_TIMEOUT = "PT30M"
_PAUSE_WITHOUT_SIGNALS = "PT15M"

# While nodes are replaced nobody else may replace, count or alarm about them. Launching and terminating stay on.
_SUSPENDED = ["AZRebalance", "AlarmNotification", "HealthCheck", "ReplaceUnhealthy", "ScheduledActions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdate:
    """How the Auto Scaling group is created and updated.

    Attributes:
        max_unavailable: The nodes that an update replaces at once; 1 by default, as in `aws_eks.Nodegroup`.
        bootstrap_timeout: The time in which a new node has to report. Windows takes 5 to 15 minutes to start, more with
            a Full edition, large commands or a small instance; 30 minutes by default.
        wait_for_signals: Whether nodes report at all: they need to reach CloudFormation's endpoint.
    """

    max_unavailable: Number = 1
    bootstrap_timeout: Duration | None = None
    wait_for_signals: bool = True

    def check(self, problems: Problems) -> None:
        """Check what is literal."""
        number = self.max_unavailable
        if is_literal(number) and not (is_whole(number) and number in _AT_ONCE):
            problems.add(rules.MAX_UNAVAILABLE, f"max_unavailable is {number!r}")
        timeout = self.bootstrap_timeout
        if timeout is None:
            return
        if timeout.is_unresolved():
            problems.add(rules.BOOTSTRAP_TIMEOUT, "bootstrap_timeout is a token")
            return
        # A duration that is no whole number of seconds cannot be asked for its seconds.
        seconds = timeout.to_milliseconds() / 1000
        if not seconds.is_integer():
            problems.add(rules.TIMEOUT_WITH_FRACTION, f"bootstrap_timeout is {timeout.to_iso_string()}")
        if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
            problems.add(rules.BOOTSTRAP_TIMEOUT, f"bootstrap_timeout is {timeout.to_iso_string()}")

    def apply(self, scope: Construct, group: CfnAutoScalingGroup, capacity: Capacity) -> None:
        """Has CloudFormation create and update a group like this.

        Args:
            scope: The node group.
            group: Its Auto Scaling group.
            capacity: Its sizes.
        """
        options = group.cfn_options
        # An assignment would first ask for what was there before: jsii does not know the type of the options.
        jsii.set(options, "creationPolicy", self._creation_policy(capacity))
        jsii.set(options, "updatePolicy", self._update_policy(scope, capacity))

    def _creation_policy(self, capacity: Capacity) -> CfnCreationPolicy | None:
        """Has CloudFormation wait for as many nodes as are launched; None if there is nothing to wait for.

        A token may turn out as 0: CloudFormation then waits for none.
        """
        if not self.wait_for_signals or capacity.desired == 0:
            return None
        return CfnCreationPolicy(resource_signal=CfnResourceSignal(count=capacity.desired, timeout=self._timeout))

    def _update_policy(self, scope: Construct, capacity: Capacity) -> CfnUpdatePolicy:
        """Has CloudFormation replace nodes step by step and leave sizes alone that the template did not change."""
        rolling = CfnAutoScalingRollingUpdate(
            max_batch_size=self.max_unavailable,
            min_instances_in_service=_in_service(scope, capacity),
            pause_time=self._timeout if self.wait_for_signals else _PAUSE_WITHOUT_SIGNALS,
            suspend_processes=_SUSPENDED,
            wait_on_resource_signals=self.wait_for_signals,
        )
        sizes = CfnAutoScalingScheduledAction(ignore_unmodified_group_size_properties=True)
        return CfnUpdatePolicy(auto_scaling_rolling_update=rolling, auto_scaling_scheduled_action=sizes)

    @property
    def _timeout(self) -> str:
        return self.bootstrap_timeout.to_iso_string() if self.bootstrap_timeout else _DEFAULT_TIMEOUT


def _in_service(scope: Construct, capacity: Capacity) -> Number:
    """As many as desired, but fewer than the most: CloudFormation needs room to replace one."""
    desired, largest = capacity.desired, capacity.largest
    if is_literal(desired) and is_literal(largest):
        return max(0, min(desired, largest - 1))
    # A condition reads parameters of its stack alone, so nothing can compare what a resource or another stack says. An
    # update that has to keep as many nodes as there may be at most cannot begin, so it may not have to keep any:
    # `max_unavailable` still limits how many go at once.
    if not all(is_literal(size) or is_parameter(scope, size) for size in (desired, largest)):
        return 0
    # Validators take the defaults of two parameters for their values, unless something stands around one.
    wanted = Fn.sub("${Desired}", {"Desired": as_string(desired)})
    none_to_spare = CfnCondition(scope, "NoNodeToSpare", expression=Fn.condition_equals(wanted, as_string(largest)))
    return Token.as_number(Fn.condition_if(none_to_spare.logical_id, 0, desired))
