"""Checks of what only the Kubernetes API can tell. They warn: what they find can be changed while nodes are running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..go_booleans import is_true  # noqa: TID252 — in Lambda, the package has another absolute name
from .check import GUIDE, Check, NotNeededError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .aws import Answer

_WINDOWS_GROUP = "eks:kube-proxy-windows"
_NODES_GROUP = "system:nodes"

#: Taints that CoreDNS tolerates as EKS installs it.
_TOLERATED = frozenset({"CriticalAddonsOnly", "node-role.kubernetes.io/control-plane"})
_EXPELLING = frozenset({"NoSchedule", "NoExecute"})
_COMPUTE_TYPE = "eks.amazonaws.com/compute-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """The entry of the nodes' role in aws-auth.

    Attributes:
        groups: Its groups.
        added: Those among them that were added for Windows nodes; all, if the entry was made for them.
    """

    groups: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """The subject of the checks inside the cluster: questions that are asked when a check needs the answer.

    Each of them may raise NotCheckedError.

    Attributes:
        name: The cluster's name.
        node_role_arns: The nodes' roles, as far as they exist already.
        linux_nodes: The nodes that run Linux, as the Kubernetes API describes them.
        role_entry: What aws-auth says of a role, given its ARN; None if nothing.
        map_owners: Who keeps aws-auth in a file of their own.
        windows_ipam: What the ConfigMap amazon-vpc-cni says of enable-windows-ipam; None if nothing.
    """

    name: str
    node_role_arns: tuple[str, ...]
    linux_nodes: Callable[[], Iterable[Answer]]
    role_entry: Callable[[str], RoleEntry | None]
    map_owners: Callable[[], tuple[str, ...]]
    windows_ipam: Callable[[], str | None]


class NodeForCoreDns(Check[ClusterFacts]):
    """There is a Linux or Fargate node that can run CoreDNS."""

    code = "PF701"
    severity = Severity.WARNS
    cure = "add a Linux node group, or a Fargate profile for kube-system: without CoreDNS pods resolve no names"
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see tolerations that were given to CoreDNS, nor whether a Fargate node is CoreDNS's"
    asks = ("list nodes",)

    def problems(self, subject: ClusterFacts) -> Iterator[str]:
        """Say that there is none, and what is wrong with those that there are."""
        obstacles = []
        for node in subject.linux_nodes():
            obstacle = _obstacle(node)
            if obstacle is None:
                return
            obstacles.append(f"{node['metadata']['name']} {obstacle}")
        some = f": {'; '.join(obstacles[:3])}{', …' if obstacles[3:] else ''}" if obstacles else ""
        yield f"cluster {subject.name} has no Linux or Fargate node for CoreDNS{some}"


class RoleIsNotShared(Check[ClusterFacts]):
    """No role of the Windows nodes is mapped as that of Linux nodes in aws-auth."""

    code = "PF702"
    severity = Severity.WARNS
    cure = "better give Windows nodes a role of their own: all of the role's nodes get what Windows nodes need"
    documentation = GUIDE + "launch-windows-workers.html"
    unseen = "does not see Linux nodes that have joined through an access entry"
    asks = ("get configmaps/aws-auth",)

    def problems(self, subject: ClusterFacts) -> Iterator[str]:
        """Name each such role."""
        if not subject.node_role_arns:
            raise NotNeededError("no role of the nodes was given")
        for role_arn in subject.node_role_arns:
            entry = subject.role_entry(role_arn)
            before = {group for group in entry.groups if group not in entry.added} if entry else set()
            if _NODES_GROUP in before and _WINDOWS_GROUP not in before:
                yield f"role {role_arn} is mapped as the role of Linux nodes, too"


class MapIsNobodysFile(Check[ClusterFacts]):
    """Nobody else keeps the whole of aws-auth in a file of their own."""

    code = "PF703"
    severity = Severity.WARNS
    cure = "add the nodes' role to that file, or its next apply takes the entry away and the nodes with it"
    documentation = GUIDE + "auth-configmap.html"
    unseen = "does not see writers that leave no trace in the map's metadata"
    asks = ("get configmaps/aws-auth",)

    def problems(self, subject: ClusterFacts) -> Iterator[str]:
        """Name the writers."""
        if owners := subject.map_owners():
            yield f"aws-auth of cluster {subject.name} is written from a file by {' and '.join(owners)}"


class WindowsAddressesEnabled(Check[ClusterFacts]):
    """The ConfigMap amazon-vpc-cni enables addresses for Windows pods."""

    code = "PF704"
    severity = Severity.WARNS
    cure = 'set `enable-windows-ipam: "true"` in kube-system/amazon-vpc-cni, or in the add-on that owns it'
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see whether the control plane has taken it up already"
    asks = ("get configmaps/amazon-vpc-cni",)

    def problems(self, subject: ClusterFacts) -> Iterator[str]:
        """Say what is set."""
        value = subject.windows_ipam()
        if not is_true(value):
            found = "unset" if value is None else repr(value)
            yield f"enable-windows-ipam is {found} in cluster {subject.name}, so Windows pods would get no addresses"


def _obstacle(node: Answer) -> str | None:
    """Return why CoreDNS cannot run on a node; None if it can."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    if not any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions):
        return "is not Ready"
    if ((node.get("metadata") or {}).get("labels") or {}).get(_COMPUTE_TYPE) == "fargate":
        return None  # its taint keeps all but its own pod away
    spec = node.get("spec") or {}
    if spec.get("unschedulable"):
        return "is cordoned"
    for taint in spec.get("taints") or ():
        if taint.get("effect") in _EXPELLING and taint.get("key") not in _TOLERATED:
            return f"has the taint {taint.get('key')}"
    return None
