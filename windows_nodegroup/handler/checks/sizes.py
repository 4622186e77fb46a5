"""The check of the group's sizes, where only the deployment knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check import Check, NotNeededError, Severity
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator


class SizesInOrder(Check[Facts]):
    """The smallest size is at most the desired one, and that at most the largest."""

    code = "PF304"
    severity = Severity.FAILS
    cure = "give sizes in that order"
    documentation = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html"
    unseen = "is made only where a size is a CloudFormation parameter or another token: synthesis checks all others"

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the sizes that are out of order."""
        if not subject.declared.sizes:
            raise NotNeededError("no sizes are declared")
        smallest, desired, largest = map(int, subject.declared.sizes)
        if not smallest <= desired <= largest:
            yield f"the smallest size is {smallest}, the desired one {desired}, the largest {largest}"
