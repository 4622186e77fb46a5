"""The exchanges recorded from a real kube-apiserver (Kubernetes 1.36), replayed in order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.local_aws.kubernetes_api.conftest import Client

if TYPE_CHECKING:
    from local_aws.kubernetes_api import KubernetesApi

_RECORDED = json.loads((Path(__file__).parents[2] / "data" / "kubernetes-api-exchanges.json").read_text("utf-8"))
_EXCHANGES: list[dict[str, Any]] = _RECORDED["exchanges"]

# What differs from one cluster to the next, also inside messages that quote an object.
_VARYING = {
    "<uid>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<version>": r'(?<=resourceVersion":")\d+',
}


def test_the_recorded_exchanges_are_answered_as_recorded(api: KubernetesApi) -> None:
    """Every recorded request gets the recorded status, reason, message, details, data, annotations and version."""
    clients = {token: Client(api, token) for token in ("admin", "limited", "bad")} | {"none": Client(api, None)}
    versions = ["", ""]
    assert len(_EXCHANGES) == 43
    for exchange in _EXCHANGES:
        request, expected, name = exchange["request"], exchange["answer"], exchange["name"]
        answer = clients[request["token"]].ask(
            request["method"], request["path"], _body(request["body"], versions), request["content_type"]
        )
        assert answer.status == expected["status"], name
        if "Status" in expected:
            _check_status(name, answer.json, expected)
        else:
            _check_object(name, answer.json, expected, versions)


def _body(recorded: str | None, versions: list[str]) -> str | None:
    if recorded is None:
        return None
    sized = re.fullmatch(r"<(\d+) bytes>", recorded)
    if sized:
        return _sized_body(int(sized[1]))
    return recorded.replace("{old}", versions[0]).replace("{rv}", versions[1])


def _sized_body(size: int) -> str:
    before, after = '{"data": {"mapRoles": "', '", "mapUsers": null, "mapAccounts": null}}'
    return before + "x" * (size - len(before + after)) + after


def _check_status(name: str, answer: dict[str, Any], expected: dict[str, Any]) -> None:
    assert answer["kind"] == "Status", name
    assert answer["apiVersion"] == "v1", name
    given = {key: answer[key] for key in expected["Status"]}
    details = {key: value for key, value in answer["details"].items() if key != "uid"}
    assert _comparable(given) == _comparable(expected["Status"]), name
    assert _comparable(details) == _comparable(expected["details"]), name


def _check_object(name: str, answer: dict[str, Any], expected: dict[str, Any], versions: list[str]) -> None:
    assert answer["kind"] == expected["kind"], name
    metadata = answer["metadata"]
    assert sorted(metadata) == expected["fields"], name
    assert metadata.get("annotations") == expected.get("annotations"), name
    if "items" in expected:
        assert [item["metadata"]["name"] for item in answer["items"]] == expected["items"], name
        return
    data = {key: f"<{len(value)} bytes>" if len(value) > 10_000 else value for key, value in answer["data"].items()}
    assert data == expected["data"], name
    assert (metadata["resourceVersion"] != versions[1]) is expected["version_changed"], name
    if metadata["resourceVersion"] != versions[1]:
        versions[:] = [versions[1], metadata["resourceVersion"]]


def _comparable(value: dict[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    # A quoted object is escaped, and escaped again in its cause.
    text = text.replace("\\", "")
    for placeholder, pattern in _VARYING.items():
        text = re.sub(pattern, placeholder, text)
    return text
