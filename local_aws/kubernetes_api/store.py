"""The objects of one cluster, their versions, and the history that a watch reads."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.kubernetes_api.resources import Key, Resource

_HISTORY = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One change: ADDED, MODIFIED or DELETED, and the object afterwards (before, when deleted)."""

    version: int
    type: str
    key: Key
    manifest: dict[str, Any]


class Store:
    """Objects by key. Manifests in it are never changed in place, so readers need no copies.

    `lock` makes a read and the write that rests on it one step; every write raises the cluster-wide version.
    """

    def __init__(self) -> None:
        """Make an empty cluster."""
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._objects: dict[Key, dict[str, Any]] = {}
        self._events: deque[Event] = deque(maxlen=_HISTORY)
        self._version = 1

    @property
    def version(self) -> int:
        """The version of the last change in the cluster."""
        return self._version

    def get(self, key: Key) -> dict[str, Any] | None:
        """Read one object."""
        return self._objects.get(key)

    def find(self, resource: Resource, namespace: str = "") -> list[dict[str, Any]]:
        """Read all objects of a resource, in one namespace or in all, ordered as in etcd: by namespace and name."""
        with self.lock:
            found = [key for key in self._objects if key.resource == resource and namespace in ("", key.namespace)]
            return [self._objects[key] for key in sorted(found, key=lambda key: (key.namespace, key.name))]

    def put(self, key: Key, manifest: dict[str, Any]) -> dict[str, Any]:
        """Store an object under a new version, and return it as stored."""
        with self.lock:
            self._version += 1
            stored = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": str(self._version)}}
            kind = "MODIFIED" if key in self._objects else "ADDED"
            self._objects[key] = stored
            self._record(Event(self._version, kind, key, stored))
            return stored

    def delete(self, key: Key) -> None:
        """Remove an object that is there."""
        with self.lock:
            self._version += 1
            last = self._objects.pop(key)
            metadata = {**last["metadata"], "resourceVersion": str(self._version)}
            self._record(Event(self._version, "DELETED", key, {**last, "metadata": metadata}))

    def changes(self, since: int, until: Callable[[], bool], timeout: float) -> list[Event] | None:
        """Wait for changes after a version.

        Returns:
            The changes; none after `timeout` seconds or when `until` turns true; None when that version is so old that
            some of them are forgotten.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._version > since or until(), timeout)
            if self._events and self._events[0].version > since + 1 and len(self._events) == _HISTORY:
                return None
            return [event for event in self._events if event.version > since]

    def wake(self) -> None:
        """Let everybody who waits for changes look again."""
        with self._changed:
            self._changed.notify_all()

    def _record(self, event: Event) -> None:
        self._events.append(event)
        self._changed.notify_all()
