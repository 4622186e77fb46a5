"""Sizes, instance types and how they are bought."""

from __future__ import annotations

from functools import partial
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks
from aws_cdk.assertions import Template

from tests.found import codes, texts
from windows_nodegroup.capacity import Capacity
from windows_nodegroup.purchase import (
    CapacityReservation,
    CapacityType,
    InstancesDistribution,
    OnDemandAllocationStrategy,
    SpotAllocationStrategy,
)

RESERVATION = "cr-0123456789abcdef0"
RESERVATIONS = "arn:aws:resource-groups:us-west-2:111122223333:group/windows"
TOKEN = cdk.Token.as_number({"Ref": "Size"})


def found(max_pods: float | None = None, **inputs: Any) -> list[str]:
    """The codes of what is wrong with a capacity."""
    return codes(lambda problems: Capacity(**inputs).check(problems, max_pods=max_pods))


def group_of(**inputs: Any) -> dict[str, Any]:
    """The Auto Scaling group's properties in the template."""
    stack = cdk.Stack()
    autoscaling.CfnAutoScalingGroup(stack, "Group", **Capacity(**inputs).group_properties("lt-1", "3"))
    template = Template.from_stack(stack).to_json()
    return dict(template["Resources"]["Group"]["Properties"])


def template_of(**inputs: Any) -> dict[str, Any]:
    """The launch template's data in the template."""
    stack = cdk.Stack()
    data = Capacity(**inputs).launch_template_properties()
    ec2.CfnLaunchTemplate(stack, "Template", launch_template_data=data)
    template = Template.from_stack(stack).to_json()
    return dict(template["Resources"]["Template"]["Properties"]["LaunchTemplateData"])


@pytest.mark.parametrize(
    ("inputs", "sizes"),
    [
        ({}, (1, 2, 2)),
        ({"min_size": 0}, (0, 0, 0)),
        ({"min_size": 3}, (3, 3, 3)),
        ({"max_size": 5}, (1, 2, 5)),
        ({"max_size": 1}, (1, 1, 1)),
        ({"desired_size": 4}, (1, 4, 4)),
        ({"min_size": 0, "desired_size": 0, "max_size": 3}, (0, 0, 3)),
        ({"max_size": TOKEN}, (1, 2, TOKEN)),
    ],
)
def test_default_sizes(inputs: dict[str, Any], sizes: tuple[float, float, float]) -> None:
    """Sizes that are not given follow from those that are, as with `aws_eks.Nodegroup`."""
    capacity = Capacity(**inputs)
    assert (capacity.smallest, capacity.desired, capacity.largest) == sizes
    assert found(**inputs) == []


def test_sizes_as_tokens() -> None:
    """Sizes may be CloudFormation parameters, and the group gets references to them."""
    properties = group_of(min_size=TOKEN, desired_size=TOKEN, max_size=TOKEN)
    assert [properties[name] for name in ("MinSize", "DesiredCapacity", "MaxSize")] == [{"Ref": "Size"}] * 3
    assert found(min_size=TOKEN, desired_size=5, max_size=TOKEN) == []


@pytest.mark.parametrize("size", [-1, 1.5, "3", True])
@pytest.mark.parametrize("name", ["min_size", "desired_size", "max_size"])
def test_wng103_size(name: str, size: Any) -> None:
    """A size is a whole number, 0 or more."""
    assert found(**{name: size}) == ["WNG103"]


def test_wng104_min_above_max() -> None:
    """The smallest size is not above the largest."""
    assert found(min_size=5, max_size=3) == ["WNG104"]
    assert texts(Capacity(min_size=5, max_size=3).check) == [
        "min_size 5 is greater than max_size 3: raise max_size or lower min_size [WNG104]"
    ]
    assert found(min_size=3, max_size=3) == []


def test_wng105_desired_out_of_range() -> None:
    """The desired size lies between them."""
    assert found(min_size=2, desired_size=1, max_size=3) == ["WNG105"]
    assert found(min_size=2, desired_size=4, max_size=3) == ["WNG105"]
    assert found(min_size=2, desired_size=1, max_size=TOKEN) == ["WNG105"]


def test_one_type() -> None:
    """One type bought on demand needs no more than the launch template."""
    properties = group_of(instance_types=["m6i.large"])
    assert properties["LaunchTemplate"] == {"LaunchTemplateId": "lt-1", "Version": "3"}
    assert "MixedInstancesPolicy" not in properties
    assert template_of(instance_types=["m6i.large"]) == {"InstanceType": "m6i.large"}


def test_types_of_cdk() -> None:
    """CDK's instance types are as good as strings."""
    assert template_of(instance_types=[ec2.InstanceType("m6i.large")]) == {"InstanceType": "m6i.large"}


def test_several_types() -> None:
    """Several types are all on demand unless something else is said, in the order of preference."""
    policy = group_of(instance_types=["m6i.large", "m5.large"])["MixedInstancesPolicy"]
    assert policy["LaunchTemplate"] == {
        "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "3"},
        "Overrides": [{"InstanceType": "m6i.large"}, {"InstanceType": "m5.large"}],
    }
    assert policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100
    assert policy["InstancesDistribution"]["OnDemandAllocationStrategy"] == "prioritized"


def test_spot() -> None:
    """Spot means spot alone, from the pools that AWS recommends."""
    distribution = group_of(capacity_type=CapacityType.SPOT)["MixedInstancesPolicy"]["InstancesDistribution"]
    assert distribution == {
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 0,
        "OnDemandAllocationStrategy": "prioritized",
        "SpotAllocationStrategy": "price-capacity-optimized",
    }


def test_mixture() -> None:
    """A mixture is passed on as it is."""
    mixture = InstancesDistribution(
        on_demand_base_capacity=1,
        on_demand_percentage_above_base_capacity=25,
        on_demand_allocation_strategy=OnDemandAllocationStrategy.LOWEST_PRICE,
        spot_allocation_strategy=SpotAllocationStrategy.CAPACITY_OPTIMIZED,
        spot_max_price="0.10",
    )
    assert group_of(instances_distribution=mixture)["MixedInstancesPolicy"]["InstancesDistribution"] == {
        "OnDemandBaseCapacity": 1,
        "OnDemandPercentageAboveBaseCapacity": 25,
        "OnDemandAllocationStrategy": "lowest-price",
        "SpotAllocationStrategy": "capacity-optimized",
        "SpotMaxPrice": "0.10",
    }
    assert found(instances_distribution=mixture) == []


@pytest.mark.parametrize(
    ("reservation", "expected"),
    [
        (CapacityReservation.any_open(), {"CapacityReservationPreference": "open"}),
        (CapacityReservation.none(), {"CapacityReservationPreference": "none"}),
        (CapacityReservation.of(RESERVATION), {"CapacityReservationTarget": {"CapacityReservationId": RESERVATION}}),
        (
            CapacityReservation.of_group(RESERVATIONS),
            {"CapacityReservationTarget": {"CapacityReservationResourceGroupArn": RESERVATIONS}},
        ),
    ],
)
def test_reservation(reservation: CapacityReservation, expected: dict[str, Any]) -> None:
    """A reservation stands in the launch template."""
    assert template_of(capacity_reservation=reservation)["CapacityReservationSpecification"] == expected
    assert found(capacity_reservation=reservation) == []


def test_wng306_instance_types() -> None:
    """There are 1 to 40 types, each of which may be a token, but not the list."""
    assert found(instance_types=[]) == ["WNG306"]
    assert found(instance_types=cdk.Token.as_list({"Ref": "Types"})) == ["WNG306"]
    many = [f"m{number}.large" for number in range(10, 51)]
    assert found(instance_types=many) == ["WNG306"]
    assert found(instance_types=many[:40]) == []
    assert found(instance_types=[cdk.Fn.ref("NodeInstanceType")]) == []


def test_wng307_instance_type_twice() -> None:
    """No type stands twice."""
    assert found(instance_types=["m5.large", "m6i.large", "m5.large"]) == ["WNG307"]


def test_wng308_capacity_type() -> None:
    """Instances are on-demand or spot."""
    assert found(capacity_type="CHEAP") == ["WNG308"]
    assert found(capacity_type="SPOT") == []
    assert found(capacity_type="ON_DEMAND") == []
    assert found(capacity_type=eks.CapacityType.CAPACITY_BLOCK) == ["WNG308"]


def test_wng312_capacity_type_token() -> None:
    """What decides which properties the template has is known at synthesis."""
    assert found(capacity_type=cdk.Fn.ref("CapacityType")) == ["WNG312"]
    both = found(capacity_type=cdk.Fn.ref("CapacityType"), instances_distribution=InstancesDistribution())
    assert both == ["WNG311", "WNG312"]


def test_capacity_type_of_cdk() -> None:
    """CDK's capacity types are as good as ours."""
    for kind in CapacityType:
        given = eks.CapacityType[kind.name]
        assert found(capacity_type=given) == []
        assert group_of(capacity_type=given) == group_of(capacity_type=kind)


def test_wng309_spot_with_reservation() -> None:
    """Spot instances use no reservation."""
    reservation = CapacityReservation.of(RESERVATION)
    assert found(capacity_type=CapacityType.SPOT, capacity_reservation=reservation) == ["WNG309"]
    half = InstancesDistribution(on_demand_percentage_above_base_capacity=50)
    assert found(instances_distribution=half, capacity_reservation=reservation) == ["WNG309"]
    assert found(instances_distribution=InstancesDistribution(), capacity_reservation=reservation) == []
    assert found(capacity_type=CapacityType.SPOT, capacity_reservation=CapacityReservation.none()) == []


def test_reservation_beside_tokens() -> None:
    """Where only the deployment knows whether spot is bought, or a reservation used, nobody judges."""
    share = InstancesDistribution(on_demand_percentage_above_base_capacity=TOKEN)
    assert found(instances_distribution=share, capacity_reservation=CapacityReservation.any_open()) == []
    preference = CapacityReservation(preference=cdk.Fn.ref("Preference"))
    assert found(capacity_type=CapacityType.SPOT, capacity_reservation=preference) == []


@pytest.mark.parametrize(("base", "percentage"), [(-1, 0), (1.5, 0), ("1", 0), (0, -1), (0, 101), (0, 50.5), (0, "50")])
def test_wng310_distribution(base: Any, percentage: Any) -> None:
    """A base is 0 or more and a percentage is one, both whole; tokens are left alone."""
    mixture = InstancesDistribution(on_demand_base_capacity=base, on_demand_percentage_above_base_capacity=percentage)
    assert found(instances_distribution=mixture) == ["WNG310"]
    token = InstancesDistribution(on_demand_base_capacity=TOKEN, on_demand_percentage_above_base_capacity=TOKEN)
    assert found(instances_distribution=token) == []


def test_wng311_distribution_and_type() -> None:
    """Only one input says how instances are bought."""
    assert found(instances_distribution=InstancesDistribution(), capacity_type=CapacityType.ON_DEMAND) == ["WNG311"]


@pytest.mark.parametrize(
    "reservation",
    [
        CapacityReservation.of("foo"),
        CapacityReservation.of("cr-1"),
        CapacityReservation.of(f"{RESERVATION}\n"),
        CapacityReservation.of_group("windows"),
        CapacityReservation.of_group(RESERVATION),
        CapacityReservation(),
        CapacityReservation(preference="targeted"),
        CapacityReservation(preference="open", capacity_reservation_id=RESERVATION),
        CapacityReservation(capacity_reservation_id=RESERVATION, resource_group_arn=RESERVATIONS),
    ],
)
def test_wng313_capacity_reservation(reservation: CapacityReservation) -> None:
    """A reservation says one thing, in EC2's words."""
    assert found(capacity_reservation=reservation) == ["WNG313"]


def test_reservations() -> None:
    """An id and an ARN may be tokens, and an ARN may be of any partition."""
    token = cdk.Fn.ref("Reservation")
    chinese = "arn:aws-cn:resource-groups:cn-north-1:111122223333:group/windows"
    for reservation in (
        CapacityReservation.of(token),
        CapacityReservation.of_group(token),
        CapacityReservation.of_group(chinese),
    ):
        assert found(capacity_reservation=reservation) == []


@pytest.mark.parametrize("name", ["spot_allocation_strategy", "on_demand_allocation_strategy"])
def test_wng314_allocation_strategy(name: str) -> None:
    """A strategy is one that Auto Scaling knows."""
    for strategy, expected in (("cheapest", ["WNG314"]), ("lowest-price", []), (cdk.Fn.ref("Strategy"), [])):
        given: dict[str, Any] = {name: strategy}
        assert found(instances_distribution=InstancesDistribution(**given)) == expected


def test_strategies_of_cdk() -> None:
    """CDK's strategies are as good as ours."""
    for spot in SpotAllocationStrategy:
        mixture = InstancesDistribution(spot_allocation_strategy=autoscaling.SpotAllocationStrategy[spot.name])
        assert mixture.spot_strategy == spot
        assert found(instances_distribution=mixture) == []
    for on_demand in OnDemandAllocationStrategy:
        strategy = autoscaling.OnDemandAllocationStrategy[on_demand.name]
        assert InstancesDistribution(on_demand_allocation_strategy=strategy).on_demand_strategy == on_demand


@pytest.mark.parametrize("price", ["abc", "$1", "-1", "1,5", "0", "0.0", " 1"])
def test_wng315_spot_max_price(price: str) -> None:
    """A price is a number above 0."""
    assert found(instances_distribution=InstancesDistribution(spot_max_price=price)) == ["WNG315"]


@pytest.mark.parametrize("price", ["0.25", "1", "10.0", "", cdk.Fn.ref("Price")], ids=range(5))
def test_prices(price: str) -> None:
    """An empty text takes an earlier price away, and a token is left alone."""
    assert found(instances_distribution=InstancesDistribution(spot_max_price=price)) == []


def test_base_alone() -> None:
    """Who names no percentage gets Auto Scaling's own: all on demand."""
    mixture = InstancesDistribution(on_demand_base_capacity=1)
    policy = group_of(instances_distribution=mixture)["MixedInstancesPolicy"]
    assert policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100


@pytest.mark.parametrize("most", [0, -1, 1.5, 145])
def test_wng507_max_pods(most: float) -> None:
    """There are at least one pod and at most as many as prefixes hold addresses."""
    assert found(most, instance_types=["m6i.large"]) == ["WNG507"]
    assert found(110, instance_types=["m9x.large"]) == []
    assert found(TOKEN, instance_types=["m6i.large"]) == []


def test_wng508_max_pods_need_prefixes() -> None:
    """More pods than addresses need prefix delegation; the smallest of several types counts."""
    assert found(10, instance_types=["m6i.large"]) == ["WNG508"]
    assert found(10, instance_types=["m6i.xlarge", "m6i.large"]) == ["WNG508"]
    assert found(9, instance_types=["m6i.xlarge", "m6i.large"]) == []


@pytest.mark.parametrize(("most", "expected"), [(10, []), (144, []), (145, ["WNG507"])])
def test_max_pods_with_prefixes(most: int, expected: list[str]) -> None:
    """With prefix delegation there are addresses for sixteen times as many pods."""
    capacity = Capacity(instance_types=["m6i.large"])
    assert codes(partial(capacity.check, max_pods=most, prefix_delegation=True)) == expected
