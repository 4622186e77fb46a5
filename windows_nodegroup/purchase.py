"""How instances are bought: on demand, spot, a mixture of both, or from capacity that is reserved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Self

from . import rules
from .literals import is_literal, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_cdk import aws_autoscaling as autoscaling

    from .literals import Number
    from .problems import Problems

_ALL = 100

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

    @classmethod
    def alone(cls, capacity_type: str) -> Self:
        """No mixture: all instances are bought in the same way."""
        return cls(on_demand_percentage_above_base_capacity=0 if capacity_type == CapacityType.SPOT else _ALL)

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
    def buys_spot(self) -> bool:
        """Whether any instance may be spot."""
        return self.on_demand_percentage_above_base_capacity != _ALL

    @property
    def surely_buys_spot(self) -> bool:
        """Whether that is known already."""
        return self.buys_spot and is_literal(self.on_demand_percentage_above_base_capacity)

    def properties(self) -> dict[str, Any]:
        """The Auto Scaling group's `InstancesDistribution`, in CDK's spelling."""
        properties = {
            "onDemandBaseCapacity": self.on_demand_base_capacity,
            "onDemandPercentageAboveBaseCapacity": self.on_demand_percentage_above_base_capacity,
            "onDemandAllocationStrategy": self.on_demand_strategy,
            "spotAllocationStrategy": self.spot_strategy,
            "spotMaxPrice": self.spot_max_price,
        }
        return {name: value for name, value in properties.items() if value is not None}

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


def _strategy(given: Enum | str) -> str:
    """An allocation strategy in Auto Scaling's words. A member of CDK's enumeration has its name alone."""
    return given if isinstance(given, str) else given.name.lower().replace("_", "-")
