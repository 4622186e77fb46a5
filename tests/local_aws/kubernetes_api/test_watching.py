"""Watches: what is there, then every change."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, Client, config_map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.kubernetes_api import KubernetesApi


def _watch(client: Client, query: str) -> Iterator[tuple[str, dict[str, Any]]]:
    client.connection.request("GET", f"{MAPS}?watch=1&{query}", headers={"Authorization": "Bearer admin"})
    response = client.connection.getresponse()
    for line in response:
        event = json.loads(line)
        yield event["type"], event["object"]


def test_a_watch_sees_every_change(api: KubernetesApi, admin: Client) -> None:
    """From the version of a list on: created, changed and deleted objects, in order, of this namespace only."""
    version = admin.ask("GET", MAPS).json["metadata"]["resourceVersion"]
    events = _watch(Client(api), f"resourceVersion={version}&timeoutSeconds=5")

    def write() -> None:
        admin.ask("POST", MAPS.replace("kube-system", "default"), config_map("elsewhere"))
        admin.ask("POST", MAPS, config_map(data={"a": "1"}))
        admin.ask("PATCH", AWS_AUTH, {"data": {"a": "2"}}, MERGE)
        admin.ask("DELETE", AWS_AUTH)

    writer = threading.Thread(target=write)
    writer.start()
    seen = [next(events) for _ in range(3)]
    writer.join()
    assert [kind for kind, _ in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert [manifest["data"]["a"] for _, manifest in seen] == ["1", "2", "2"]
    versions = [int(manifest["metadata"]["resourceVersion"]) for _, manifest in seen]
    assert versions == sorted(set(versions))


def test_a_watch_without_a_version_begins_with_what_is_there(admin: Client) -> None:
    """It ends at its time-out; initial events end with a bookmark if asked for."""
    admin.ask("POST", MAPS, config_map())
    begun = list(_watch(admin, "timeoutSeconds=0"))
    assert [(kind, manifest["metadata"]["name"]) for kind, manifest in begun] == [("ADDED", "aws-auth")]
    query = "timeoutSeconds=0&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    kinds = [kind for kind, _ in _watch(admin, query)]
    assert kinds == ["ADDED", "BOOKMARK"]


def test_a_watch_from_a_forgotten_version_is_told_so(api: KubernetesApi, admin: Client) -> None:
    """410 Expired, as an event."""
    for number in range(1001):
        api.put_config_map("kube-system", "aws-auth", {"a": str(number)})
    [(kind, status)] = _watch(admin, "resourceVersion=2&timeoutSeconds=5")
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")


def test_a_watch_that_cannot_be_read_is_refused(admin: Client) -> None:
    """Before the stream begins."""
    assert admin.ask("GET", f"{MAPS}?watch=1&resourceVersion=x").status == 400
    assert admin.ask("GET", f"{MAPS}?watch=1&timeoutSeconds=x").status == 400


def test_a_watch_ends_with_the_server(api: KubernetesApi, admin: Client) -> None:
    """Closing neither waits for a watch nor leaves one."""
    admin.ask("POST", MAPS, config_map())
    events = _watch(Client(api), "")
    next(events)
    api.close()
    assert list(events) == []
