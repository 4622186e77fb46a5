"""The verbs on objects: get, list, create, update, delete, with the checks in kube-apiserver's order."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api import managed_fields
from local_aws.kubernetes_api.managed_fields import Manager
from local_aws.kubernetes_api.requests import Options, parse
from local_aws.kubernetes_api.resources import NAMESPACES, Key
from local_aws.kubernetes_api.schema import METADATA
from local_aws.kubernetes_api.selectors import matcher
from local_aws.kubernetes_api.status import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    details_of,
    invalid,
    not_found,
)
from local_aws.kubernetes_api.validation import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.kubernetes_api.store import Store

# What Kubernetes makes generated names of.
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


class Objects:
    """The verbs. Each is one step: nobody sees or makes a change in between."""

    def __init__(self, store: Store) -> None:
        """Work on the objects of this store."""
        self._store = store

    def get(self, key: Key) -> dict[str, Any]:
        """Read one object."""
        found = self._store.get(key)
        if found is None:
            raise not_found(key.resource, key.name)
        return found

    def find(self, key: Key, query: Mapping[str, str]) -> tuple[list[dict[str, Any]], str]:
        """Read the objects of a resource and namespace that the selectors choose, and the version they are as of."""
        matches = matcher(key.resource, query)
        with self._store.lock:
            return list(filter(matches, self._store.find(key.resource, key.namespace))), str(self._store.version)

    def create(self, key: Key, new: dict[str, Any], options: Options) -> dict[str, Any]:
        """Create an object as a client sent it; the key has no name yet."""
        metadata = new["metadata"]
        check_namespace(metadata, key)
        if metadata.get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
        key = replace(key, name=metadata.get("name", ""))
        writer = Manager(options.manager)
        return self.add(key, new, managed_fields.after_update({}, new, {}, writer), writer, dry_run=options.dry_run)

    def add(
        self, key: Key, new: dict[str, Any], owners: managed_fields.Owners, writer: Manager, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Store a decoded object for the first time."""
        now = _now()
        metadata = new["metadata"] | {"uid": str(uuid.uuid4()), "creationTimestamp": now}
        if key.resource.namespaced:
            metadata["namespace"] = key.namespace
        new = _complete(key, {**new, "metadata": metadata})
        with self._store.lock:
            if key.resource.namespaced and not self._store.get(Key(NAMESPACES, "", key.namespace)):
                raise not_found(NAMESPACES, key.namespace)
            causes = problems(key.resource, new, None)
            if causes:
                raise invalid(key.resource, key.name, causes)
            if self._store.get(key):
                raise already_exists(key.resource, key.name)
            entries = managed_fields.entries(owners, [], writer, key.resource.api_version, now)
            return self._write(key, new, entries, dry_run=dry_run)

    def update(self, key: Key, new: dict[str, Any], options: Options) -> dict[str, Any]:
        """Replace an object by what a client sent."""
        check_namespace(new["metadata"], key)
        if not new["metadata"].get("name"):
            raise bad_request(
                f"the name of the object ({key.name} based on URL) was undeterminable: name must be provided"
            )
        return self.replace(key, new, Manager(options.manager), dry_run=options.dry_run)

    def replace(self, key: Key, new: dict[str, Any], manager: Manager, *, dry_run: bool = False) -> dict[str, Any]:
        """Put a decoded object in the place of the stored one, as an update or as the end of a patch."""
        metadata = new["metadata"]
        check_name(metadata, key)
        with self._store.lock:
            old = self.get(key)
            _check_uid(key, old["metadata"], metadata)
            if metadata.get("resourceVersion") not in (None, old["metadata"]["resourceVersion"]):
                raise conflict(key.resource, key.name)
            # A writer may hand over fields by writing the list itself; one who does not know it leaves it as it is.
            known = metadata.get("managedFields", old["metadata"]["managedFields"])
            owners = managed_fields.after_update(old, new, managed_fields.owners(known), manager)
            return self.store_changed(key, new, owners, manager, dry_run=dry_run)

    def store_changed(
        self, key: Key, new: dict[str, Any], owners: managed_fields.Owners, writer: Manager, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Store the new state of an object; one without change keeps its version."""
        with self._store.lock:
            old = self.get(key)
            before = old["metadata"]["managedFields"]
            kept = {
                name: old["metadata"][name]
                for name in ("namespace", "uid", "creationTimestamp", "resourceVersion")
                if name in old["metadata"]
            }
            new = _complete(key, {**new, "metadata": new["metadata"] | kept | {"managedFields": before}})
            causes = problems(key.resource, new, old)
            if causes:
                raise invalid(key.resource, key.name, causes)
            if new == old and owners == managed_fields.owners(before):
                return old
            entries = managed_fields.entries(owners, before, writer, key.resource.api_version, _now())
            return self._write(key, new, entries, dry_run=dry_run)

    def delete(self, key: Key, body: bytes, options: Options) -> dict[str, Any]:
        """Remove an object, if the preconditions in the request's body hold."""
        asked = parse(body, "DeleteOptions") if body.strip() else {}
        wanted = (asked.get("preconditions") or {}) if isinstance(asked, dict) else {}
        with self._store.lock:
            old = self.get(key)
            for field, word, suspicion in (
                ("uid", "UID", "deleted and then recreated"),
                ("resourceVersion", "ResourceVersion", "modified"),
            ):
                given, actual = wanted.get(field), old["metadata"][field]
                if given not in (None, actual):
                    why = f"the {word} in the precondition ({given}) does not match the {word} in record ({actual})"
                    raise conflict(key.resource, key.name, f"{why}. The object might have been {suspicion}")
            if not options.dry_run:
                self._store.delete(key)
        details = details_of(key.resource, key.name) | {"uid": old["metadata"]["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _write(self, key: Key, new: dict[str, Any], entries: list[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
        metadata = new["metadata"] | {"managedFields": entries}
        written = {**new, "metadata": {name: metadata[name] for name in METADATA.fields if name in metadata}}
        return written if dry_run else self._store.put(key, written)


def check_namespace(metadata: dict[str, Any], key: Key) -> None:
    """Refuse a body that names another namespace than the URL."""
    if metadata.get("namespace", key.namespace) != key.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def check_name(metadata: dict[str, Any], key: Key) -> None:
    """Refuse an object that names itself otherwise than the URL does."""
    name, namespace = metadata.get("name", ""), metadata.get("namespace", key.namespace)
    if name != key.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({key.name})")
    if namespace != key.namespace:
        raise bad_request(
            f"the namespace of the object ({namespace}) does not match the namespace on the request ({key.namespace})"
        )


def _complete(key: Key, new: dict[str, Any]) -> dict[str, Any]:
    """Add what Kubernetes itself says about an object."""
    if key.resource is not NAMESPACES:
        return new
    labels = new["metadata"].get("labels", {}) | {"kubernetes.io/metadata.name": key.name}
    own = {"metadata": new["metadata"] | {"labels": labels}}
    return {**new, **own, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _check_uid(key: Key, old: dict[str, Any], new: dict[str, Any]) -> None:
    given, actual = new.get("uid"), old["uid"]
    if given not in (None, actual):
        path = f"/registry/{key.resource.plural}/{key.namespace}/{key.name}"
        raise conflict(
            key.resource,
            key.name,
            f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition "
            f"failed: UID in precondition: {given}, UID in object meta: {actual}",
        )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
