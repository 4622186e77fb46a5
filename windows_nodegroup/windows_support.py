"""Windows support of the cluster: EKS gives Windows pods their addresses once a ConfigMap says so.

https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import rules
from .handler.contract import WindowsIpam as Contract
from .literals import is_literal, is_whole

if TYPE_CHECKING:
    from .literals import Number
    from .problems import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsIpam:
    """How EKS gives Windows pods their addresses, on all Windows nodes of the cluster.

    What is left out stays as it is, and nothing is ever switched off.
    https://docs.aws.amazon.com/eks/latest/userguide/prefix-ip-addresses-win.html

    Attributes:
        prefix_delegation: Whether nodes get prefixes of 16 addresses instead of single ones, and so hold more pods.
        warm_prefix_target: How many prefixes a node has in reserve.
        warm_ip_target: How many addresses a node has in reserve.
        minimum_ip_target: How many addresses a node has at least.
        update_add_on: Where EKS manages the add-on vpc-cni, whether to change its configuration; otherwise the
            deployment ends with the command that does so.
    """

    prefix_delegation: bool = False
    warm_prefix_target: Number | None = None
    warm_ip_target: Number | None = None
    minimum_ip_target: Number | None = None
    update_add_on: bool = False

    def check(self, problems: Problems) -> None:
        """Check the targets, as far as they are literals."""
        for name in ("warm_prefix_target", "warm_ip_target", "minimum_ip_target"):
            target = getattr(self, name)
            if is_literal(target) and not is_whole(target):
                problems.add(rules.IPAM_TARGET, f"windows_ipam has the {name} {target!r}")

    @property
    def add_on(self) -> str:
        """What is done about an add-on whose configuration lacks a setting, in the words of the custom resource."""
        return "update" if self.update_add_on else "advise"

    def properties(self) -> dict[str, str | Number | None]:
        """The properties of the custom resource."""
        return {
            Contract.PREFIX_DELEGATION: "true" if self.prefix_delegation else None,
            Contract.WARM_PREFIX_TARGET: self.warm_prefix_target,
            Contract.WARM_IP_TARGET: self.warm_ip_target,
            Contract.MINIMUM_IP_TARGET: self.minimum_ip_target,
            Contract.ADD_ON: self.add_on if self.update_add_on else None,
        }
