"""The columns of `kubectl get`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api.tables import age
from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, Client, config_map

if TYPE_CHECKING:
    from local_aws.kubernetes_api import KubernetesApi

_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (659, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (11_160, "3h6m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (183_600, "2d3h"),
        (691_200, "8d"),
        (31_536_000, "365d"),
    ],
)
def test_ages_are_written_as_kubectl_writes_them(seconds: int, text: str) -> None:
    """Coarser as they grow."""
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("include", "kind"), [("", "PartialObjectMetadata"), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap")]
)
def test_a_row_holds_what_was_asked_for(admin: Client, include: str, kind: str) -> None:
    """The metadata, the whole object or nothing, beside the cells."""
    admin.ask("POST", MAPS, {**config_map(data={"a": "b"}), "binaryData": {"c": "eA=="}})
    query = f"?includeObject={include}" if include else ""
    [row] = admin.ask("GET", AWS_AUTH + query, Accept=_TABLE).json["rows"]
    assert row["cells"][:2] == ["aws-auth", 2]
    assert row["object"]["kind"] == kind
    [bare] = admin.ask("GET", f"{MAPS}?includeObject=None", Accept=_TABLE).json["rows"]
    assert "object" not in bare


@pytest.mark.parametrize(
    ("node", "status", "roles"),
    [
        ({}, "Unknown", "<none>"),
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "NotReady", "<none>"),
        (
            {
                "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/b": "", "node-role.kubernetes.io/a": ""}},
                "spec": {"unschedulable": True},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
            "Ready,SchedulingDisabled",
            "a,b",
        ),
    ],
)
def test_a_nodes_state_is_summed_up(
    api: KubernetesApi, admin: Client, node: dict[str, Any], status: str, roles: str
) -> None:
    """From its conditions, its labels and whether it takes pods."""
    api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, **node})
    [row] = admin.ask("GET", "/api/v1/nodes", Accept=_TABLE).json["rows"]
    assert row["cells"][:3] == ["n", status, roles]
