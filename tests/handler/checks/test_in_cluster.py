"""The checks of what only the Kubernetes API can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from windows_nodegroup.handler.checks.check import NotCheckedError, Status
from windows_nodegroup.handler.checks.in_cluster import (
    ClusterFacts,
    MapIsNobodysFile,
    NodeForCoreDns,
    RoleEntry,
    RoleIsNotShared,
    WindowsAddressesEnabled,
)
from windows_nodegroup.handler.checks.runner import check_cluster

if TYPE_CHECKING:
    from collections.abc import Iterable

ROLE = "arn:aws:iam::123456789012:role/nodes"
NODES, WINDOWS = "system:nodes", "eks:kube-proxy-windows"


def facts(
    *,
    nodes: Iterable[dict[str, Any]] = (),
    entry: RoleEntry | None = None,
    owners: tuple[str, ...] = (),
    ipam: str | None = "true",
    role: str = ROLE,
) -> ClusterFacts:
    """Return what a cluster would say."""
    return ClusterFacts(
        name="my-cluster",
        node_role_arns=(role,) if role else (),
        linux_nodes=lambda: nodes,
        role_entry=lambda _: entry,
        map_owners=lambda: owners,
        windows_ipam=lambda: ipam,
    )


def node(
    *taints: tuple[str, str], ready: str = "True", labels: dict[str, str] | None = None, **spec: object
) -> dict[str, Any]:
    """Return a Linux node as the Kubernetes API describes it."""
    return {
        "metadata": {"name": "ip-10-0-0-1", "labels": {"kubernetes.io/os": "linux", **(labels or {})}},
        "spec": {"taints": [{"key": key, "effect": effect} for key, effect in taints], **spec},
        "status": {"conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}]},
    }


FARGATE = {"eks.amazonaws.com/compute-type": "fargate"}


@pytest.mark.parametrize(
    "one",
    [
        node(),
        node(("CriticalAddonsOnly", "NoSchedule")),
        node(("team", "PreferNoSchedule")),
        node(("eks.amazonaws.com/compute-type", "NoSchedule"), labels=FARGATE),
    ],
)
def test_pf701_passes(one: dict[str, Any]) -> None:
    """PF701 passes for a Linux or Fargate node that CoreDNS can have, whatever other nodes there are."""
    assert NodeForCoreDns().run(facts(nodes=[node(ready="False"), one])).status is Status.PASSED


@pytest.mark.parametrize(
    ("one", "obstacle"),
    [
        (node(ready="False"), "is not Ready"),
        (node(ready="Unknown", labels=FARGATE), "is not Ready"),
        (node(unschedulable=True), "is cordoned"),
        (node(("nvidia.com/gpu", "NoSchedule")), "has the taint nvidia.com/gpu"),
        (node(("team", "NoExecute")), "has the taint team"),
        ({"metadata": {"name": "ip-10-0-0-1"}}, "is not Ready"),
    ],
)
def test_pf701_finds(one: dict[str, Any], obstacle: str) -> None:
    """PF701 warns when no node can run CoreDNS, and says what is in the way."""
    outcome = NodeForCoreDns().run(facts(nodes=[one]))

    assert outcome.status is Status.WARNED
    assert outcome.problems == (f"cluster my-cluster has no Linux or Fargate node for CoreDNS: ip-10-0-0-1 {obstacle}",)


def test_pf701_finds_an_empty_cluster() -> None:
    """PF701 warns of a cluster without Linux nodes, and names three of many that are no use."""
    empty = NodeForCoreDns().run(facts())
    many = NodeForCoreDns().run(facts(nodes=[node(unschedulable=True)] * 9))

    assert empty.problems == ("cluster my-cluster has no Linux or Fargate node for CoreDNS",)
    assert many.problems[0].count("is cordoned") == 3
    assert many.problems[0].endswith("; ip-10-0-0-1 is cordoned, …")


@pytest.mark.parametrize(
    ("entry", "role", "status"),
    [
        (None, ROLE, Status.PASSED),
        (RoleEntry(groups=(NODES, WINDOWS), added=(NODES, WINDOWS)), ROLE, Status.PASSED),
        (RoleEntry(groups=(NODES, WINDOWS), added=()), ROLE, Status.PASSED),
        (RoleEntry(groups=(NODES, WINDOWS), added=(WINDOWS,)), ROLE, Status.WARNED),
        (RoleEntry(groups=(NODES,), added=()), ROLE, Status.WARNED),
        (RoleEntry(groups=("ops",), added=()), ROLE, Status.PASSED),
        (None, "", Status.NOT_NEEDED),
    ],
)
def test_pf702(entry: RoleEntry | None, role: str, status: Status) -> None:
    """PF702 warns when the role was mapped for Linux nodes before anything was added for Windows."""
    assert RoleIsNotShared().run(facts(entry=entry, role=role)).status is status


def test_pf703() -> None:
    """PF703 warns of those who keep aws-auth in a file, and names them."""
    outcome = MapIsNobodysFile().run(facts(owners=("kubectl apply", "terraform")))

    assert outcome.status is Status.WARNED
    assert outcome.problems == ("aws-auth of cluster my-cluster is written from a file by kubectl apply and terraform",)
    assert MapIsNobodysFile().run(facts()).status is Status.PASSED


@pytest.mark.parametrize(
    ("ipam", "status"),
    [
        *((word, Status.PASSED) for word in ("true", "True", "TRUE", "t", "T", "1")),
        *((word, Status.WARNED) for word in ("false", "tRUE", "yes", "", None)),
    ],
)
def test_pf704(ipam: str | None, status: Status) -> None:
    """PF704 warns unless Windows pods get addresses: the control plane reads the word with Go's ParseBool."""
    assert WindowsAddressesEnabled().run(facts(ipam=ipam)).status is status


def test_pf701_to_pf704_not_checked() -> None:
    """The checks inside the cluster say what is not allowed; one that may not ask does not hinder the others."""

    def refused(*_: str) -> Any:
        raise NotCheckedError("list nodes is not allowed")

    subject = ClusterFacts(
        name="my-cluster",
        node_role_arns=(ROLE,),
        linux_nodes=refused,
        role_entry=refused,
        map_owners=refused,
        windows_ipam=lambda: "true",
    )

    assert check_cluster(subject).warnings() == "not checked: PF701, PF702, PF703 (list nodes is not allowed)"
