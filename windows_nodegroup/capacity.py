"""How many nodes there are, of which instance types, and how they are bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Tokenization

from . import rules
from .instance_types import check_instance_types, pod_limits
from .literals import is_literal, is_token_list, is_whole, literals, word
from .purchase import CapacityType, InstancesDistribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_eks as eks

    from .literals import Number
    from .problems import Problems
    from .purchase import CapacityReservation

DEFAULT_INSTANCE_TYPE = "t3.large"
"""As in the AWS template."""

_DEFAULT_SIZE = 2
_MOST_INSTANCE_TYPES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Sizes, instance types and how instances are bought. Numbers and strings may be tokens; the list of types may not.

    Attributes:
        min_size: The fewest nodes; 1 by default.
        desired_size: The nodes to launch; by default `min_size`, or 2 where that is not given, but never more than
            `max_size`.
        max_size: The most nodes; by default `desired_size`.
        instance_types: One type, or several in the order of preference.
        capacity_type: How all instances are bought; on-demand by default. No token: it decides what the template has.
        instances_distribution: Instead: a mixture.
        capacity_reservation: Capacity that is paid for already.
    """

    min_size: Number | None = None
    desired_size: Number | None = None
    max_size: Number | None = None
    instance_types: Sequence[ec2.InstanceType | str] = (DEFAULT_INSTANCE_TYPE,)
    capacity_type: CapacityType | eks.CapacityType | str | None = None
    instances_distribution: InstancesDistribution | None = None
    capacity_reservation: CapacityReservation | None = None

    @property
    def smallest(self) -> Number:
        """The fewest nodes."""
        return 1 if self.min_size is None else self.min_size

    @property
    def desired(self) -> Number:
        """The nodes to launch."""
        if self.desired_size is not None:
            return self.desired_size
        if self.min_size is not None:
            return self.min_size
        return min(_DEFAULT_SIZE, self.max_size) if is_literal(self.max_size) else _DEFAULT_SIZE

    @property
    def largest(self) -> Number:
        """The most nodes."""
        return self.desired if self.max_size is None else self.max_size

    @property
    def type_names(self) -> tuple[str, ...]:
        """The instance types as strings."""
        return tuple(each if isinstance(each, str) else each.to_string() for each in self.instance_types)

    def check(self, problems: Problems, *, max_pods: Number | None = None, prefix_delegation: bool = False) -> None:
        """Check what is literal: sizes, instance types, purchase, and `max_pods` against the types' addresses.

        Args:
            problems: Collects what is wrong.
            max_pods: The most pods on a node.
            prefix_delegation: Whether nodes get prefixes of 16 addresses, and so hold more pods.
        """
        self._check_sizes(problems)
        self._check_instance_types(problems)
        self._check_purchase(problems)
        self._check_max_pods(max_pods, problems, prefix_delegation=prefix_delegation)

    def group_properties(self, launch_template_id: str, launch_template_version: str) -> dict[str, Any]:
        """What the Auto Scaling group needs: keyword arguments of `CfnAutoScalingGroup`.

        Args:
            launch_template_id: The launch template of the group.
            launch_template_version: Its version.
        """
        sizes = {"min_size": self.smallest, "desired_capacity": self.desired, "max_size": self.largest}
        properties: dict[str, Any] = {name: as_string(size) for name, size in sizes.items()}
        template = {"launchTemplateId": launch_template_id, "version": launch_template_version}
        if not self._is_mixed:
            return properties | {"launch_template": template}
        types = {
            "launchTemplateSpecification": template,
            "overrides": [{"instanceType": name} for name in self.type_names],
        }
        policy = {"launchTemplate": types, "instancesDistribution": self._mixture.properties()}
        return properties | {"mixed_instances_policy": policy}

    def launch_template_properties(self) -> dict[str, Any]:
        """What the launch template needs, in CDK's spelling."""
        properties: dict[str, Any] = {"instanceType": self.type_names[0]}
        if self.capacity_reservation:
            properties["capacityReservationSpecification"] = self.capacity_reservation.specification()
        return properties

    @property
    def _is_mixed(self) -> bool:
        return len(self.instance_types) > 1 or self._mixture.buys_spot or self.instances_distribution is not None

    @property
    def _mixture(self) -> InstancesDistribution:
        return self.instances_distribution or InstancesDistribution.alone(word(self.capacity_type or ""))

    def _check_sizes(self, problems: Problems) -> None:
        sizes = {"min_size": self.min_size, "desired_size": self.desired_size, "max_size": self.max_size}
        wrong = {name: size for name, size in sizes.items() if is_literal(size) and not is_whole(size)}
        for name, size in wrong.items():
            problems.add(rules.SIZE, f"{name} is {size!r}")
        if wrong:
            return
        if is_literal(self.smallest) and is_literal(self.largest) and self.smallest > self.largest:
            problems.add(rules.MIN_ABOVE_MAX, f"min_size {self.smallest} is greater than max_size {self.largest}")
            return
        if not is_literal(self.desired):
            return
        if is_literal(self.smallest) and self.desired < self.smallest:
            problems.add(
                rules.DESIRED_OUT_OF_RANGE, f"desired_size {self.desired} is less than min_size {self.smallest}"
            )
        if is_literal(self.largest) and self.desired > self.largest:
            problems.add(
                rules.DESIRED_OUT_OF_RANGE, f"desired_size {self.desired} is greater than max_size {self.largest}"
            )

    def _check_instance_types(self, problems: Problems) -> None:
        if is_token_list(self.instance_types):
            problems.add(rules.INSTANCE_TYPES, "instance_types is a token")
            return
        names = self.type_names
        if not 1 <= len(names) <= _MOST_INSTANCE_TYPES:
            problems.add(rules.INSTANCE_TYPES, f"instance_types has {len(names)} types")
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.add(rules.INSTANCE_TYPE_TWICE, f"instance_types has {name} {names.count(name)} times")
        check_instance_types(names, problems)

    def _check_purchase(self, problems: Problems) -> None:
        kind = None if self.capacity_type is None else word(self.capacity_type)
        if kind is not None and not is_literal(kind):
            problems.add(rules.CAPACITY_TYPE_TOKEN, "capacity_type is a token")
        elif kind is not None and kind not in tuple(CapacityType):
            problems.add(rules.CAPACITY_TYPE, f"capacity_type is {kind!r}")
        if self.capacity_reservation:
            self.capacity_reservation.check(problems)
        if self._mixture.surely_buys_spot and self.capacity_reservation and self.capacity_reservation.may_be_used:
            problems.add(rules.SPOT_WITH_RESERVATION, "spot instances are to use a capacity reservation")
        distribution = self.instances_distribution
        if distribution is None:
            return
        if kind is not None:
            problems.add(rules.DISTRIBUTION_AND_TYPE, f"capacity_type {kind} stands beside instances_distribution")
        distribution.check(problems)

    def _check_max_pods(self, max_pods: Number | None, problems: Problems, *, prefix_delegation: bool) -> None:
        if not is_literal(max_pods):
            return
        if not is_whole(max_pods) or max_pods < 1:
            problems.add(rules.MAX_PODS, f"max_pods is {max_pods!r}")
            return
        for name in literals(self.type_names):
            limits = pod_limits(name)
            if limits and max_pods > limits.prefixes:
                problems.add(rules.MAX_PODS, f"max_pods {max_pods} is greater than the {limits.prefixes} of {name}")
            elif limits and max_pods > limits.addresses and not prefix_delegation:
                problems.add(
                    rules.MAX_PODS_NEED_PREFIXES,
                    f"max_pods {max_pods} is greater than the {limits.addresses} of {name}",
                )


def as_string(number: Number) -> str:
    """A number as the string that `CfnAutoScalingGroup` wants, also if it is a token."""
    return str(number) if is_literal(number) else Tokenization.stringify_number(number)
