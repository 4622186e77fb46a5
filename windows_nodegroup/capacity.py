"""How many nodes there are, of which instance types, how they are bought, and how an update replaces them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Self

from aws_cdk import Tokenization

from . import rules
from .instance_types import check_instance_types, pod_limits
from .literals import is_literal, is_token_list, is_whole, literals, word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aws_cdk import aws_autoscaling as autoscaling
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_eks as eks

    from .literals import Number
    from .problems import Problems

DEFAULT_INSTANCE_TYPE = "t3.large"
"""As in the AWS template."""

_ALL = 100
_DEFAULT_SIZE = 2
_MOST_INSTANCE_TYPES = 40

_RESERVATION_ID = re.compile(r"cr-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_RESERVATION_GROUP = re.compile(r"arn:[a-z-]+:resource-groups:[a-z0-9-]+:[0-9]{12}:group/[0-9A-Za-z_./-]+")
_RESERVATION_PREFERENCES = frozenset({"capacity-reservations-only", "none", "open"})
_PRICE = re.compile(r"(?=.*[1-9])[0-9]+(?:[.][0-9]+)?")


class CapacityType(StrEnum):
    """How all instances are bought; the same words as `aws_eks.CapacityType`."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"


class SpotAllocationStrategy(StrEnum):
    """From which pools spot instances are taken.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
    """

    PRICE_CAPACITY_OPTIMIZED = "price-capacity-optimized"
    """The cheapest of those that are least likely to be interrupted: what AWS recommends."""
    CAPACITY_OPTIMIZED = "capacity-optimized"
    """Those that are least likely to be interrupted."""
    CAPACITY_OPTIMIZED_PRIORITIZED = "capacity-optimized-prioritized"
    """Likewise, in the order of the instance types where that makes no difference."""
    LOWEST_PRICE = "lowest-price"
    """The cheapest."""


class OnDemandAllocationStrategy(StrEnum):
    """Which instance type on-demand instances have."""

    PRIORITIZED = "prioritized"
    """The first that is available, in the order of the instance types."""
    LOWEST_PRICE = "lowest-price"
    """The cheapest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesDistribution:
    """A mixture of on-demand and spot instances; the same words as `aws_autoscaling.InstancesDistribution`.

    Attributes:
        on_demand_base_capacity: So many instances are on-demand before any is spot.
        on_demand_percentage_above_base_capacity: Of those beyond the base, so many in a hundred are on-demand: all,
            unless less is said, as in Auto Scaling itself.
        on_demand_allocation_strategy: Which type on-demand instances have.
        spot_allocation_strategy: From which pools spot instances are taken.
        spot_max_price: USD an hour, the most to pay; by default the on-demand price.
    """

    on_demand_base_capacity: Number = 0
    on_demand_percentage_above_base_capacity: Number = _ALL
    on_demand_allocation_strategy: OnDemandAllocationStrategy | autoscaling.OnDemandAllocationStrategy | str = (
        OnDemandAllocationStrategy.PRIORITIZED
    )
    spot_allocation_strategy: SpotAllocationStrategy | autoscaling.SpotAllocationStrategy | str = (
        SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED
    )
    spot_max_price: str | None = None

    def check(self, problems: Problems) -> None:
        """Check what is literal."""
        base, percentage = self.on_demand_base_capacity, self.on_demand_percentage_above_base_capacity
        if is_literal(base) and not is_whole(base):
            problems.add(rules.DISTRIBUTION, f"on_demand_base_capacity is {base!r}")
        if is_literal(percentage) and not (is_whole(percentage) and percentage <= _ALL):
            problems.add(rules.DISTRIBUTION, f"on_demand_percentage_above_base_capacity is {percentage!r}")
        strategies = {
            "on_demand_allocation_strategy": (self.on_demand_strategy, tuple(OnDemandAllocationStrategy)),
            "spot_allocation_strategy": (self.spot_strategy, tuple(SpotAllocationStrategy)),
        }
        for name, (strategy, known) in strategies.items():
            if is_literal(strategy) and strategy not in known:
                problems.add(rules.ALLOCATION_STRATEGY, f"{name} is {strategy!r}")
        price = self.spot_max_price
        if is_literal(price) and not (price == "" or _PRICE.fullmatch(price)):
            problems.add(rules.SPOT_MAX_PRICE, f"spot_max_price is {price!r}")

    @property
    def on_demand_strategy(self) -> str:
        """Which type on-demand instances have, in Auto Scaling's words."""
        return _strategy(self.on_demand_allocation_strategy)

    @property
    def spot_strategy(self) -> str:
        """From which pools spot instances are taken, in Auto Scaling's words."""
        return _strategy(self.spot_allocation_strategy)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityReservation:
    """Capacity that is paid for already.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html

    Made by `of`, `of_group`, `any_open` or `none`.
    """

    preference: str | None = None
    capacity_reservation_id: str | None = None
    resource_group_arn: str | None = None

    @classmethod
    def of(cls, capacity_reservation_id: str) -> Self:
        """The one reservation with an id, such as `cr-0123456789abcdef0`; may be a token."""
        return cls(capacity_reservation_id=capacity_reservation_id)

    @classmethod
    def of_group(cls, resource_group_arn: str) -> Self:
        """Any reservation of a resource group; may be a token."""
        return cls(resource_group_arn=resource_group_arn)

    @classmethod
    def any_open(cls) -> Self:
        """Any open reservation that fits, which is also EC2's default."""
        return cls(preference="open")

    @classmethod
    def none(cls) -> Self:
        """No reservation, even if an open one fits."""
        return cls(preference="none")

    def check(self, problems: Problems) -> None:
        """Check that one thing is said, and that it is well-formed where it is literal."""
        given = {
            "preference": self.preference,
            "capacity_reservation_id": self.capacity_reservation_id,
            "resource_group_arn": self.resource_group_arn,
        }
        named = {name: value for name, value in given.items() if value is not None}
        if len(named) != 1:
            problems.add(rules.CAPACITY_RESERVATION, f"capacity_reservation has {' and '.join(named) or 'nothing'}")
        known: dict[str, Callable[[str], object]] = {
            "preference": lambda value: value in _RESERVATION_PREFERENCES,
            "capacity_reservation_id": _RESERVATION_ID.fullmatch,
            "resource_group_arn": _RESERVATION_GROUP.fullmatch,
        }
        for name, value in named.items():
            if is_literal(value) and not known[name](value):
                problems.add(rules.CAPACITY_RESERVATION, f"capacity_reservation has the {name} {value!r}")

    @property
    def may_be_used(self) -> bool:
        """Whether it asks for reserved capacity, as far as is known."""
        return self.preference != "none" and (self.preference is None or is_literal(self.preference))

    def specification(self) -> dict[str, Any]:
        """The launch template's `CapacityReservationSpecification`, in CDK's spelling."""
        if self.preference:
            return {"capacityReservationPreference": self.preference}
        target = {
            "capacityReservationId": self.capacity_reservation_id,
            "capacityReservationResourceGroupArn": self.resource_group_arn,
        }
        return {"capacityReservationTarget": {name: value for name, value in target.items() if value is not None}}


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
        policy = {"launchTemplate": types, "instancesDistribution": self._distribution()}
        return properties | {"mixed_instances_policy": policy}

    def launch_template_properties(self) -> dict[str, Any]:
        """What the launch template needs, in CDK's spelling."""
        properties: dict[str, Any] = {"instanceType": self.type_names[0]}
        if self.capacity_reservation:
            properties["capacityReservationSpecification"] = self.capacity_reservation.specification()
        return properties

    @property
    def _is_mixed(self) -> bool:
        return len(self.instance_types) > 1 or self._buys_spot or self.instances_distribution is not None

    @property
    def _buys_spot(self) -> bool:
        distribution = self.instances_distribution
        if distribution is None:
            return self.capacity_type is not None and word(self.capacity_type) == CapacityType.SPOT
        return distribution.on_demand_percentage_above_base_capacity != _ALL

    @property
    def _surely_buys_spot(self) -> bool:
        distribution = self.instances_distribution
        share = distribution and distribution.on_demand_percentage_above_base_capacity
        return self._buys_spot and (share is None or is_literal(share))

    def _distribution(self) -> dict[str, Any]:
        mixture = self.instances_distribution or InstancesDistribution(
            on_demand_percentage_above_base_capacity=0 if self._buys_spot else _ALL
        )
        properties = {
            "onDemandBaseCapacity": mixture.on_demand_base_capacity,
            "onDemandPercentageAboveBaseCapacity": mixture.on_demand_percentage_above_base_capacity,
            "onDemandAllocationStrategy": mixture.on_demand_strategy,
            "spotAllocationStrategy": mixture.spot_strategy,
            "spotMaxPrice": mixture.spot_max_price,
        }
        return {name: value for name, value in properties.items() if value is not None}

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
        if self._surely_buys_spot and self.capacity_reservation and self.capacity_reservation.may_be_used:
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


def _strategy(given: Enum | str) -> str:
    """An allocation strategy in Auto Scaling's words. A member of CDK's enumeration has its name alone."""
    return given if isinstance(given, str) else given.name.lower().replace("_", "-")


def as_string(number: Number) -> str:
    """A number as the string that `CfnAutoScalingGroup` wants, also if it is a token."""
    return str(number) if is_literal(number) else Tokenization.stringify_number(number)
