"""The verb watch: changes as they happen, one JSON document a line."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from local_aws.kubernetes_api.selectors import matcher
from local_aws.kubernetes_api.status import ApiError, bad_request

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from local_aws.kubernetes_api.resources import Key
    from local_aws.kubernetes_api.selectors import Predicate
    from local_aws.kubernetes_api.store import Store

    #: Turns an object into what the client wants of it.
    Shown: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"

# As kube-apiserver: half an hour at least.
_LONGEST = 1800


@dataclass(frozen=True, slots=True)
class Watch:
    """What a client wants to see of the changes."""

    key: Key
    matches: Predicate
    shown: Shown
    #: The version after which changes are wanted; 0: everything that is there comes first.
    since: int
    #: Whether a bookmark marks the end of what was there.
    wants_bookmark: bool
    seconds: int

    @classmethod
    def of(cls, key: Key, query: Mapping[str, str], shown: Shown) -> Self:
        """Read a watch from a request.

        Raises:
            ApiError: 400, it cannot be read.
        """
        wants_initial = query.get("sendInitialEvents") == "true"
        return cls(
            key=key,
            matches=matcher(key.resource, query),
            shown=shown,
            since=0 if wants_initial else _number(query, "resourceVersion", 0),
            wants_bookmark=wants_initial,
            seconds=min(_number(query, "timeoutSeconds", _LONGEST), _LONGEST),
        )

    def lines(self, store: Store, closing: threading.Event) -> Iterator[bytes]:
        """Stream events until the time is over or the server closes."""
        deadline = time.monotonic() + self.seconds
        since = self.since
        if not since:
            with store.lock:
                since = store.version
                present = store.find(self.key.resource, self.key.namespace)
            yield from (_line("ADDED", self.shown(manifest)) for manifest in present if self.matches(manifest))
        if self.wants_bookmark:
            yield _line("BOOKMARK", self._bookmark(since))
        while not closing.is_set() and time.monotonic() < deadline:
            changes = store.changes(since, closing.is_set, deadline - time.monotonic())
            if changes is None:
                error = ApiError(410, "Expired", f"too old resource version: {since} ({store.version})")
                yield _line("ERROR", error.body)
                return
            for change in changes:
                since = change.version
                if self._is_about(change.key) and self.matches(change.manifest):
                    yield _line(change.type, self.shown(change.manifest))

    def _bookmark(self, version: int) -> dict[str, Any]:
        resource = self.key.resource
        metadata = {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}
        return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}

    def _is_about(self, changed: Key) -> bool:
        return changed.resource == self.key.resource and self.key.namespace in ("", changed.namespace)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal():
        raise bad_request(f"{name}: Invalid value: {text!r}: not a number")
    return int(text)


def _line(kind: str, manifest: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": manifest}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
