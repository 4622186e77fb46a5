"""The check of sizes that only the deployment knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler import preflight
from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.sizes import SizesInOrder

if TYPE_CHECKING:
    from .conftest import Describe

pytestmark = pytest.mark.xdist_group("checks")


@pytest.mark.parametrize(
    ("sizes", "status"),
    [
        (("1", "3", "4"), Status.PASSED),
        (("2", "2", "2"), Status.PASSED),
        (("9", "9", "10"), Status.PASSED),
        (("1", "5", "4"), Status.FAILED),
        (("3", "2", "4"), Status.FAILED),
        ((), Status.NOT_NEEDED),
    ],
)
def test_pf304(facts: Describe, sizes: tuple[str, ...], status: Status) -> None:
    """PF304 compares the sizes as numbers, where they are told."""
    outcome = SizesInOrder().run(facts(sizes=sizes))
    assert outcome.status is status
    if status is Status.FAILED:
        assert all(size in str(outcome.problems) for size in sizes)


def test_sizes_of_the_resource() -> None:
    """Equal sizes are told apart; what is no size is not compared."""
    properties = {"ClusterName": "c", "Sizes": ["2", "2", "3"]}
    assert preflight.declared(properties).sizes == ("2", "2", "3")
    assert preflight.declared({"ClusterName": "c"}).sizes == ()
