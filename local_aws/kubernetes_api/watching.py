"""The verb watch: changes as they happen, one JSON document a line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from local_aws.kubernetes_api.selectors import matcher
from local_aws.kubernetes_api.status import ApiError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from local_aws.kubernetes_api.resources import Key
    from local_aws.kubernetes_api.store import Store

    #: Turns an object into what the client wants of it.
    Shown: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"

# As kube-apiserver: half an hour at least.
_LONGEST = 1800


def watch(store: Store, key: Key, query: Mapping[str, str], shown: Shown, closing: threading.Event) -> Iterator[bytes]:
    """Stream what is there, if no version is given, and then every change, until the time-out or the server's end.

    Raises:
        ApiError: 400, a selector cannot be read.
    """
    # Here rather than in the stream: a refusal must come before the answer begins.
    return _events(store, key, query, shown, closing, matcher(key.resource, query))


def _events(  # noqa: PLR0913, PLR0917 - a generator's state
    store: Store,
    key: Key,
    query: Mapping[str, str],
    shown: Shown,
    closing: threading.Event,
    matches: Callable[[dict[str, Any]], bool],
) -> Iterator[bytes]:
    deadline = time.monotonic() + min(int(query.get("timeoutSeconds") or _LONGEST), _LONGEST)
    asked = query.get("resourceVersion", "")
    wants_initial = query.get("sendInitialEvents") == "true"
    with store.lock:
        since = store.version
        present = store.find(key.resource, key.namespace)
    if asked in ("", "0") or wants_initial:
        for manifest in filter(matches, present):
            yield _line("ADDED", shown(manifest))
    else:
        since = int(asked)
    if wants_initial:
        metadata = {"resourceVersion": str(since), "annotations": {"k8s.io/initial-events-end": "true"}}
        kind = {"kind": key.resource.kind, "apiVersion": key.resource.api_version}
        yield _line("BOOKMARK", {**kind, "metadata": metadata})
    while not closing.is_set() and time.monotonic() < deadline:
        changes = store.changes(since, closing.is_set, deadline - time.monotonic())
        if changes is None:
            error = ApiError(410, "Expired", f"too old resource version: {since} ({store.version})")
            yield _line("ERROR", error.body)
            return
        for change in changes:
            since = change.version
            is_ours = change.key.resource == key.resource and key.namespace in ("", change.key.namespace)
            if is_ours and matches(change.manifest):
                yield _line(change.type, shown(change.manifest))


def _line(kind: str, manifest: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": manifest}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
