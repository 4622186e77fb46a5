"""Objects as `kubectl get` prints them: the server's own columns.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.kubernetes_api.resources import Resource

    Cell: TypeAlias = "str | int"

_ROLE_LABEL = "node-role.kubernetes.io/"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {1: "s", _MINUTE: "m", _HOUR: "h", _DAY: "d"}
# Below this age: in these units, with a rest in those.
_AGES: tuple[tuple[float, int, int], ...] = (
    (2 * _MINUTE, 1, 0),
    (10 * _MINUTE, _MINUTE, 1),
    (3 * _HOUR, _MINUTE, 0),
    (8 * _HOUR, _HOUR, _MINUTE),
    (2 * _DAY, _HOUR, 0),
    (8 * _DAY, _DAY, _HOUR),
    (math.inf, _DAY, 0),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and how it reads an object; wide: shown with `-o wide` only."""

    name: str
    cell: Callable[[dict[str, Any]], Cell]
    type: str = "string"
    wide: bool = False

    @property
    def definition(self) -> dict[str, Any]:
        """As the client gets it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": "",
            "priority": int(self.wide),
        }


def is_wanted(accept: str) -> bool:
    """Tell whether a client would rather have a table."""
    return "as=Table" in accept.partition(",")[0]


def table(resource: Resource, items: list[dict[str, Any]], version: str, include: str) -> dict[str, Any]:
    """Make a table of objects; `include` is Object, Metadata (the default) or None."""
    columns = _COLUMNS.get(resource.kind, (_NAME, _AGE))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": [column.definition for column in columns],
        "rows": [{"cells": [column.cell(item) for column in columns], **_object(item, include)} for item in items],
    }


def _object(item: dict[str, Any], include: str) -> dict[str, Any]:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": item}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
    return {"object": partial}


def age(seconds: int) -> str:
    """Write an age as kubectl does: the smaller, the finer."""
    large, small = next((large, small) for below, large, small in _AGES if seconds < below)
    rest = seconds % large // small if small else 0
    return f"{seconds // large}{_UNITS[large]}" + (f"{rest}{_UNITS[small]}" if rest else "")


def _age(item: dict[str, Any]) -> str:
    created = datetime.strptime(item["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%S%z")
    return age(int((datetime.now(UTC) - created).total_seconds()))


def _node_status(node: dict[str, Any]) -> str:
    conditions = node.get("status", {}).get("conditions", [])
    ready = next((condition["status"] for condition in conditions if condition["type"] == "Ready"), "Unknown")
    status = {"True": "Ready", "False": "NotReady"}.get(ready, "NotReady" if conditions else "Unknown")
    return f"{status},SchedulingDisabled" if node.get("spec", {}).get("unschedulable") else status


def _node_roles(node: dict[str, Any]) -> str:
    labels = node["metadata"].get("labels", {})
    roles = sorted(label.removeprefix(_ROLE_LABEL) for label in labels if label.startswith(_ROLE_LABEL))
    return ",".join(roles) or "<none>"


def _node_address(kind: str) -> Callable[[dict[str, Any]], str]:
    def cell(node: dict[str, Any]) -> str:
        addresses = node.get("status", {}).get("addresses", [])
        return next((address["address"] for address in addresses if address["type"] == kind), "<none>")

    return cell


def _node_info(field: str) -> Callable[[dict[str, Any]], str]:
    return lambda node: node.get("status", {}).get("nodeInfo", {}).get(field) or "<unknown>"


_NAME = Column("Name", lambda item: str(item["metadata"]["name"]))
_AGE = Column("Age", _age)
_CREATED_AT = Column("Created At", lambda item: str(item["metadata"]["creationTimestamp"]), type="date")
_ROLE = Column("Role", lambda item: f"{item['roleRef']['kind']}/{item['roleRef']['name']}")
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "ConfigMap": (
        _NAME,
        Column("Data", lambda item: len(item.get("data", {})) + len(item.get("binaryData", {})), type="integer"),
        _AGE,
    ),
    "Namespace": (_NAME, Column("Status", lambda item: str(item["status"]["phase"])), _AGE),
    "Node": (
        _NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        _AGE,
        Column("Version", _node_info("kubeletVersion")),
        Column("Internal-IP", _node_address("InternalIP"), wide=True),
        Column("External-IP", _node_address("ExternalIP"), wide=True),
        Column("OS-Image", _node_info("osImage"), wide=True),
        Column("Kernel-Version", _node_info("kernelVersion"), wide=True),
        Column("Container-Runtime", _node_info("containerRuntimeVersion"), wide=True),
    ),
    "Role": (_NAME, _CREATED_AT),
    "ClusterRole": (_NAME, _CREATED_AT),
    "RoleBinding": (_NAME, _ROLE, _AGE),
    "ClusterRoleBinding": (_NAME, _ROLE, _AGE),
}
