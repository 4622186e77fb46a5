"""Reasons with long names: what CloudFormation shows of them is still short, and says everything once."""

from __future__ import annotations

import base64
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.handler.stage import ACCOUNT, FOREIGN, MAP, RECORD, Stage
from tests.handler.test_catalogue_create import block
from tests.handler.test_failures import kinds
from windows_nodegroup.handler import aws, config_map, failures

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTER = "platform-production-eu-central-1-windows-workloads-blue-2026"
NAME = "platform-production-windows-nodes-NodeRole-1A2B3C4D5E6F7G8H9I"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/platform/eks/production/{NAME}"
CHARACTERS = 500

#: Not of a request for an entry, or told from elsewhere.
_ELSEWHERE = {"WNG906", "WNG999"}


def _cluster(stage: Stage, **members: Any) -> None:
    assert stage.aws.cluster is not None
    stage.aws.cluster.update(members)


def _closed() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{found.getsockname()[1]}"


def _unable(stage: Stage) -> None:
    stage.aws.faults = lambda _, path: 403 if path.endswith(CLUSTER) else None


SITUATIONS: dict[str, Callable[[Stage], object]] = {
    "WNG902": lambda stage: setattr(stage.aws, "cluster", None),
    "WNG903": lambda stage: _cluster(stage, status="DELETING"),
    "WNG904": lambda stage: _cluster(stage, accessConfig={"authenticationMode": "API"}),
    "WNG905": lambda stage: setattr(stage.aws, "access_entries", {ROLE: "EC2_LINUX"}),
    "WNG907": _unable,
    "WNG908": lambda stage: _cluster(stage, endpoint=_closed()),
    "WNG909": lambda stage: _cluster(stage, certificateAuthority={"data": base64.b64encode(b"none").decode()}),
    "WNG910": lambda stage: stage.append("\t"),
    "WNG911": lambda stage: stage.put_map(block(f"arn:aws:iam::{ACCOUNT}:role/{NAME}", username=FOREIGN)),
    "WNG912": lambda stage: stage.kubernetes.faults.denied_by_webhook(message="what is written is bad. " * 100),
    "WNG913": lambda stage: stage.put_map(MAP, annotations={RECORD: "{"}),
    "WNG914": lambda stage: stage.put_map(MAP, annotations={"big": "x" * (256 * 1024 - 100)}),
    "WNG915": lambda stage: stage.kubernetes.faults.conflicts(seconds=30),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endure lasting trouble for a moment only."""
    monkeypatch.setattr(config_map, "NETWORK_SECONDS", 0.2)
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.1)


@pytest.mark.parametrize("code", SITUATIONS)
def test_reason_is_short(stage: Stage, code: str) -> None:
    """A reason names what is wrong and the cure in a few hundred characters, whatever things are called."""
    _cluster(stage, name=CLUSTER)
    SITUATIONS[code](stage)
    reason = stage.fail("Create", ROLE, ClusterName=CLUSTER, seconds=5)
    assert f"[{code}]" in reason
    assert len(reason) <= CHARACTERS, f"{len(reason)} characters: {reason}"
    assert FOREIGN not in reason


@pytest.mark.parametrize(
    "properties", [{"ClusterName": "-" * 100}, {"role": "x" * 2000}, {"ClusterName": ["x"] * 1000}]
)
def test_reason_of_a_bad_property_is_short(stage: Stage, properties: dict[str, Any]) -> None:
    """Of a value that is too long, the beginning is shown."""
    reason = stage.fail("Create", **properties)
    assert "[WNG901]" in reason
    assert len(reason) <= CHARACTERS


def test_reason_of_an_expired_request_is_short(stage: Stage) -> None:
    """As short as the others."""
    reason = stage.fail("Create", ROLE, ClusterName=CLUSTER, issued=time.time() - 3 * 3600)
    assert "[WNG916]" in reason
    assert len(reason) <= CHARACTERS


def test_every_code_is_tried() -> None:
    """No kind of failure is without its situation."""
    assert {kind.code for kind in kinds(failures.Failure)} == {*SITUATIONS, *_ELSEWHERE, "WNG901", "WNG916"}


def test_username_conflict_says_everything_once(stage: Stage) -> None:
    """The map, the line, the role and the cure are named; whoever has the entry is not."""
    _cluster(stage, name=CLUSTER)
    SITUATIONS["WNG911"](stage)
    reason = stage.fail("Create", ROLE, ClusterName=CLUSTER)
    assert reason.startswith(f"aws-auth, line 1, maps arn:aws:iam::{ACCOUNT}:role/{NAME} to another username")
    assert reason.count("a role of their own") == 1
