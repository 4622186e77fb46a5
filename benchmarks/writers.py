"""How many writers of one map get along, each with a connection of its own, as functions of different stacks would."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measurement import Figure, paired
from local_aws.kubernetes_api import KubernetesApi as LocalKubernetesApi
from local_aws.kubernetes_api import User
from windows_nodegroup.handler import config_map
from windows_nodegroup.handler.aws_auth_entry import NAME, NAMESPACE
from windows_nodegroup.handler.cloudformation import Request
from windows_nodegroup.handler.deadline import Deadline
from windows_nodegroup.handler.entry_edit import MAP_ROLES, EntryEdit
from windows_nodegroup.handler.kubernetes import ApiError, KubernetesApi

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTS = (1, 10, 50)
_SECONDS = 120
_ROUNDS = 5
_USER = User("writer", frozenset({"system:masters"}))
_PATH = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}"


class NoAdvice:
    """Nothing can be wrong here that a person could cure."""

    def on_refused_access(self, error: ApiError) -> str:
        """Say what the API said."""
        return error.message

    def on_no_route(self) -> str:
        """Say nothing."""
        return ""


def writers() -> Iterator[Figure]:
    """So many entries, by writers who start at once; the floor is as many plain GET and PATCH, one after another."""
    with LocalKubernetesApi(authenticate=lambda _: _USER) as cluster:
        for count in _COUNTS:
            yield paired(
                f"aws-auth/writers-{count}",
                partial(write_at_once, cluster, count),
                partial(write_in_turn, cluster, count),
                rounds=_ROUNDS,
            )


def write_at_once(cluster: LocalKubernetesApi, count: int) -> None:
    """Let `count` writers, who know nothing of each other, add an entry each; all of them must be there in the end."""
    cluster.put_config_map(NAMESPACE, NAME, {MAP_ROLES: "[]\n"})
    threads = [threading.Thread(target=_write, args=(cluster, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    manifest = cluster.config_map(NAMESPACE, NAME)
    if manifest is None or manifest["data"][MAP_ROLES].count("role/writer-") != count:
        raise AssertionError("an update was lost")


def write_in_turn(cluster: LocalKubernetesApi, count: int) -> None:
    """Read the map and patch a key of it, `count` times, each time over a new connection."""
    cluster.put_config_map(NAMESPACE, NAME, {MAP_ROLES: "[]\n"})
    for number in range(count):
        api = _client(cluster)
        version = api.request("GET", _PATH)["metadata"]["resourceVersion"]
        api.request("PATCH", _PATH, {"metadata": {"resourceVersion": version}, "data": {f"key-{number}": "x" * 200}})
        api.close()


def _write(cluster: LocalKubernetesApi, number: int) -> None:
    request = Request.parse(
        {
            "RequestType": "Create",
            "RequestId": f"request-{number}",
            "StackId": f"arn:aws:cloudformation:us-west-2:111122223333:stack/stack-{number}/0000",
            "LogicalResourceId": "NodeAccess",
            "ResponseURL": "https://nobody.invalid",
        }
    )
    edit = EntryEdit(f"arn:aws:iam::111122223333:role/writer-{number}", request, is_settled=False)
    api = _client(cluster)
    config_map.edit(api, NAMESPACE, NAME, edit.claim, NoAdvice())
    api.close()


def _client(cluster: LocalKubernetesApi) -> KubernetesApi:
    authority = cluster.certificate_authority_pem.decode()
    return KubernetesApi(cluster.url, authority=authority, token=lambda: "writer", deadline=Deadline(_SECONDS))
