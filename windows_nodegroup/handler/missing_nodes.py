"""Why instances are not Ready nodes, as far as it can be seen from outside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import aws_auth, config_map, eks, log
from .auto_scaling import last_failure
from .aws import AwsError
from .entry_edit import MAP_ROLES
from .failures import Failure
from .kubernetes import ApiError
from .transport import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .auto_scaling import Group
    from .aws import Session
    from .cluster_access import ClusterAccess

_NODE_ENTRY = "EC2_WINDOWS"
_NAMED_AT_MOST = 5
_WORDS_AT_MOST = 300


class Node(NamedTuple):
    """A node as Kubernetes knows it.

    Attributes:
        name: Its name.
        ready: Whether it is Ready.
        trouble: Why not, in the words of its conditions.
    """

    name: str
    ready: bool
    trouble: str


def read_node(manifest: Mapping[str, Any]) -> tuple[str, Node]:
    """Return a node and the id of its instance, from `aws:///<zone>/<instance id>`; empty if it has none."""
    instance_id = str((manifest.get("spec") or {}).get("providerID") or "").rpartition("/")[2]
    conditions = {each["type"]: each for each in (manifest.get("status") or {}).get("conditions") or ()}
    ready = conditions.pop("Ready", {})
    bad = [ready, *(each for each in conditions.values() if each.get("status") == "True")]
    words = (": ".join(filter(None, (each.get("reason"), each.get("message")))) for each in bad)
    trouble = "; ".join(filter(None, words)) or "kubelet has not reported"
    return instance_id, Node(manifest["metadata"]["name"], ready.get("status") == "True", trouble[:_WORDS_AT_MOST])


class Inquiry(NamedTuple):
    """What is asked on behalf of whom. Whatever cannot be seen is left out.

    Attributes:
        session: The function itself.
        access: Opens its way into the cluster.
        group_name: The Auto Scaling group.
        role_arn: The nodes' role; empty if nobody knows.
    """

    session: Session
    access: Callable[[], ClusterAccess]
    group_name: str
    role_arn: str

    def explain(self, group: Group, nodes: Mapping[str, Node]) -> str:
        """Return what is wrong with the group's nodes, with the likely causes and cures."""
        found = []
        launched = sum(group.instances.values())
        if launched < group.desired:
            why = _seen(lambda: last_failure(self.session, self.group_name)) or "see the group's activities"
            found.append(f"only {launched} of {group.desired} are launched: {why[:_WORDS_AT_MOST]}")
        if absent := [each for each in group.instances if each not in nodes]:
            found.append(f"{_some(absent)} did not join: {self._why_absent()}")
        broken = [(each, nodes[each]) for each in group.instances if each in nodes and not nodes[each].ready]
        found += (f"{each} ({node.name}) is not Ready: {node.trouble}" for each, node in broken[:_NAMED_AT_MOST])
        if _seen(lambda: self._setting("amazon-vpc-cni", "enable-windows-ipam")) not in {None, "true"}:
            found.append('without enable-windows-ipam: "true" in kube-system/amazon-vpc-cni pods get no addresses')
        return "; ".join(found)

    def _why_absent(self) -> str:
        fault = _seen(self._fault_of_role) if self.role_arn else None
        if fault:
            return fault
        known = "" if fault is None else "their role is authorized, so "
        return (
            f"{known}see on one of them (Session Manager) whether it reaches the cluster's endpoint, and what its "
            r"event log EKS and C:\ProgramData\Amazon\EC2Launch\log say"
        )

    def _fault_of_role(self) -> str:
        """Return what is wrong with the authorization of the nodes' role; empty if nothing is."""
        role, cluster = self.role_arn, self.access().cluster
        if cluster.reads_access_entries and (kind := eks.access_entry_type(self.session, cluster.name, role)):
            fault = f"the access entry of {role} is of type {kind}, and Windows nodes need {_NODE_ENTRY}"
            return "" if kind == _NODE_ENTRY else fault
        if not cluster.reads_aws_auth:
            return f"{role} is not authorized: make an access entry of type {_NODE_ENTRY}"
        for entry in aws_auth.read(self._setting("aws-auth", MAP_ROLES)).entries:
            if entry.effective and aws_auth.same_role(entry.role_arn, role):
                lacking = [group for group in aws_auth.WINDOWS_NODE_GROUPS if group not in entry.groups]
                return f"{role} lacks {', '.join(lacking)} in aws-auth: add them" if lacking else ""
        return f"{role} is not authorized: add it to aws-auth"

    def _setting(self, config_map_name: str, key: str) -> str:
        current = config_map.read(self.access().api(), "kube-system", config_map_name)
        return current.data.get(key, "") if current else ""


def _seen(look: Callable[[], str]) -> str | None:
    """Return what is seen; None if nothing can be."""
    try:
        return look()
    except (AwsError, ApiError, TransportError, Failure, ValueError) as error:
        log.warning("not seen", outcome=type(error).__name__)
        return None


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
