"""Who reaches a cluster's endpoint: the function, wherever it runs, or only from inside the VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERYBODY = "0.0.0.0/0"


def admits_everybody(public_access: object, public_access_cidrs: Sequence[str] | None) -> bool:
    """Whether a function outside the VPC, whose address nobody knows beforehand, reaches the endpoint.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html

    Args:
        public_access: Whether the endpoint is public; it is unless this is known to be False.
        public_access_cidrs: The ranges that it admits; none: all.
    """
    return public_access is not False and (not public_access_cidrs or _EVERYBODY in public_access_cidrs)
