"""Trouble on demand."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

import pytest

from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, Answer, Client, config_map

if TYPE_CHECKING:
    from local_aws.kubernetes_api import KubernetesApi

_SHORT = 0.3
_LONG = 1.0


@pytest.fixture(autouse=True)
def stored(api: KubernetesApi) -> None:
    """There is a map to write to."""
    api.put_config_map("kube-system", "aws-auth", {"a": "0"})


def _patch(api: KubernetesApi, value: str = "1", *, timeout: float = 10) -> Answer:
    return Client(api, timeout=timeout).ask("PATCH", AWS_AUTH, {"data": {"a": value}}, MERGE)


def _value(api: KubernetesApi) -> str:
    found = api.config_map("kube-system", "aws-auth")
    assert found is not None
    return str(found["data"]["a"])


def test_conflicts_meet_changes_a_number_of_times(api: KubernetesApi, admin: Client) -> None:
    """Reads pass, two changes get 409 in Kubernetes' words, the third is carried out."""
    api.faults.conflicts(2)
    assert admin.ask("GET", AWS_AUTH).status == 200
    refused = admin.ask("PUT", AWS_AUTH, config_map())
    assert (refused.status, refused.json["reason"]) == (409, "Conflict")
    assert [_patch(api).status for _ in range(2)] == [409, 200]
    assert [request.status for request in api.requests] == [200, 409, 409, 200]


def test_a_fault_lasts_for_a_time(api: KubernetesApi) -> None:
    """401 for a while, then no more."""
    api.faults.unauthorized(seconds=_LONG)
    end = time.monotonic() + _LONG
    assert _patch(api).json["message"] == "Unauthorized"
    assert _patch(api).status == 401
    time.sleep(max(0, end - time.monotonic()))
    assert _patch(api).status == 200


def test_a_fault_meets_a_method_and_a_path(api: KubernetesApi, admin: Client) -> None:
    """Others pass by; faults are met in the order in which they were asked for."""
    api.faults.forbidden(method="GET", path="aws-auth")
    api.faults.internal_error(method="GET", path="aws-auth")
    assert _patch(api).status == 200
    assert admin.ask("GET", f"{MAPS}/other").status == 404
    assert [admin.ask("GET", AWS_AUTH).status for _ in range(3)] == [403, 500, 200]


def test_faults_can_be_cleared(api: KubernetesApi) -> None:
    """What was not met yet is forgotten."""
    api.faults.conflicts(5)
    api.faults.hang(5, at="handshake")
    api.faults.clear()
    assert _patch(api).status == 200


def test_too_many_requests_come_with_retry_after(api: KubernetesApi) -> None:
    """429 in plain text, as flow control answers."""
    api.faults.too_many_requests(retry_after=7)
    answer = _patch(api)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("after_commit", [True, False])
def test_internal_errors_come_before_or_after_the_commit(api: KubernetesApi, after_commit: bool) -> None:
    """500 does not say whether the write was carried out."""
    api.faults.internal_error(after_commit=after_commit)
    answer = _patch(api)
    assert (answer.status, answer.json["reason"]) == (500, "InternalError")
    assert _value(api) == ("1" if after_commit else "0")


def test_the_server_can_be_unavailable(api: KubernetesApi) -> None:
    """503, as a Status."""
    api.faults.internal_error(code=503)
    answer = _patch(api)
    assert (answer.status, answer.json["reason"]) == (503, "ServiceUnavailable")


def test_a_webhook_denies_writes(api: KubernetesApi, admin: Client) -> None:
    """403 or 400 with the webhook's text; reads pass."""
    api.faults.denied_by_webhook(webhook="validate.eks", message="no")
    api.faults.denied_by_webhook(webhook="validate.eks", message="never", code=400)
    assert admin.ask("GET", AWS_AUTH).status == 200
    denied = [_patch(api), _patch(api)]
    assert [(answer.status, answer.json["message"]) for answer in denied] == [
        (403, 'admission webhook "validate.eks" denied the request: no'),
        (400, 'admission webhook "validate.eks" denied the request: never'),
    ]


def test_a_redirect_names_another_place(api: KubernetesApi) -> None:
    """307, with nothing carried out."""
    api.faults.redirect("https://example.com/")
    answer = _patch(api)
    assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/")
    assert _value(api) == "0"


@pytest.mark.parametrize("after_commit", [True, False])
def test_a_connection_is_reset_before_or_after_the_commit(api: KubernetesApi, after_commit: bool) -> None:
    """The client sees the connection break, and a new one works."""
    api.faults.reset(after_commit=after_commit)
    with pytest.raises(ConnectionResetError):
        _patch(api)
    assert api.requests[-1].status is None
    assert _value(api) == ("1" if after_commit else "0")
    assert _patch(api, "2").status == 200


@pytest.mark.parametrize(("at", "value"), [("handshake", "0"), ("request", "0"), ("answer", "1")])
def test_the_server_falls_silent(api: KubernetesApi, at: str, value: str) -> None:
    """The client runs into its time-out: in the handshake, before the commit or after it."""
    match at:
        case "handshake":
            api.faults.hang(at="handshake")
        case "request":
            api.faults.hang(at="request", method="PATCH")
        case _:
            api.faults.hang(path="aws-auth")
    with pytest.raises(TimeoutError):
        _patch(api, timeout=_SHORT)
    assert _value(api) == value
    assert _patch(api, "2").status == 200


def test_a_page_of_something_else(api: KubernetesApi) -> None:
    """200, and no JSON; nothing was carried out."""
    api.faults.foreign_page()
    answer = _patch(api, "1")
    assert (answer.status, answer.body[:6]) == (200, b"<html>")
    assert _value(api) == "0"


def test_an_answer_drips_out(api: KubernetesApi) -> None:
    """The status comes at once, the body takes its time and is whole."""
    api.faults.slow(_LONG)
    client = Client(api)
    start = time.monotonic()
    client.connection.request("GET", AWS_AUTH, headers={"Authorization": "Bearer admin"})
    response = client.connection.getresponse()
    assert time.monotonic() - start < _LONG
    assert b'"a":"0"' in response.read()
    assert time.monotonic() - start >= _LONG


def test_somebody_else_writes_meanwhile(api: KubernetesApi, admin: Client) -> None:
    """A true conflict: the version that the client read is stale when its write arrives."""
    read = admin.ask("GET", AWS_AUTH).json["metadata"]["resourceVersion"]
    api.faults.meanwhile(lambda: api.put_config_map("kube-system", "aws-auth", {"a": "foreign"}), method="PATCH")
    body = {"metadata": {"resourceVersion": read}, "data": {"a": "mine"}}
    assert admin.ask("PATCH", AWS_AUTH, body, MERGE).status == 409
    assert _value(api) == "foreign"


def test_who_may_not_ask_meets_no_fault(api: KubernetesApi) -> None:
    """A refused request uses no fault up."""
    api.faults.conflicts()
    assert Client(api, "bad").ask("PATCH", AWS_AUTH, {}, MERGE).status == 401
    assert Client(api, "limited").ask("PATCH", AWS_AUTH, {}, MERGE).status == 403
    assert _patch(api).status == 409


def test_a_reset_in_the_middle_of_keep_alive_ends_only_its_connection(api: KubernetesApi, admin: Client) -> None:
    """Other connections live on."""
    other = Client(api)
    assert other.ask("GET", AWS_AUTH).status == admin.ask("GET", AWS_AUTH).status == 200
    api.faults.reset()
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        admin.ask("GET", AWS_AUTH)
    assert other.ask("GET", AWS_AUTH).status == 200
