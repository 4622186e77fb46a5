"""The verbs on objects: get, list, create, update, patch, delete, with the checks in kube-apiserver's order."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api import managed_fields, selectors
from local_aws.kubernetes_api.managed_fields import Manager
from local_aws.kubernetes_api.resources import NAMESPACES
from local_aws.kubernetes_api.schema import DecodingError, decode, parse_json
from local_aws.kubernetes_api.status import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    details_of,
    invalid,
    not_found,
    quoted,
)
from local_aws.kubernetes_api.validation import problems

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Resource, Target
    from local_aws.kubernetes_api.schema import Json
    from local_aws.kubernetes_api.store import Key, Store

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is to be done: its manager, whether only tried, and what to do about unknown fields."""

    manager: str = "unknown"
    dry_run: bool = False
    field_validation: str = "Warn"


class Objects:
    """The verbs. Each is one step: nobody sees or makes a change in between."""

    def __init__(self, store: Store) -> None:
        """Work on the objects of this store."""
        self._store = store

    def get(self, resource: Resource, target: Target) -> dict[str, Any]:
        """Read one object."""
        found = self._store.get((resource, target.namespace, target.name))
        if found is None:
            raise not_found(resource, target.name)
        return found

    def list(self, resource: Resource, target: Target) -> dict[str, Any]:
        """Read the objects that the selectors choose."""
        matches = selectors.matcher(resource, target.query)
        with self._store.lock:
            version = self._store.version
            found = self._store.list(resource, target.namespace)
        return {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(version)},
            # Items of a list do not repeat what they are.
            "items": [
                {name: value for name, value in item.items() if name not in ("kind", "apiVersion")}
                for item in found
                if matches(item)
            ],
        }

    def create(
        self, resource: Resource, target: Target, body: bytes, options: Options, warnings: list[str]
    ) -> dict[str, Any]:
        """Create an object from a request's body."""
        new = read(resource, body, options, warnings)
        metadata = new["metadata"]
        _check_namespace(metadata, target)
        if metadata.get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        with self._store.lock:
            if resource.namespaced and not self._store.get((NAMESPACES, "", target.namespace)):
                raise not_found(NAMESPACES, target.namespace)
            if not metadata.get("name") and metadata.get("generateName"):
                metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
            return self.add(resource, target.namespace, new, {}, Manager(options.manager), dry_run=options.dry_run)

    def add(  # noqa: PLR0913 - what a new object consists of
        self,
        resource: Resource,
        namespace: str,
        new: dict[str, Any],
        owners: managed_fields.Owners,
        manager: Manager,
        *,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Store a decoded object for the first time."""
        name = new["metadata"].get("name", "")
        causes = problems(resource, new, None)
        if causes:
            raise invalid(resource, name, causes)
        key: Key = (resource, namespace, name)
        if self._store.get(key):
            raise already_exists(resource, name)
        now = _now()
        metadata = new["metadata"] | {"uid": str(uuid.uuid4()), "creationTimestamp": now}
        if namespace:
            metadata["namespace"] = namespace
        if resource is NAMESPACES:
            metadata["labels"] = metadata.get("labels", {}) | {"kubernetes.io/metadata.name": name}
            new = {**new, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        new = {**new, "metadata": metadata}
        owned = owners or managed_fields.after_update({}, new, {}, manager)
        return self._write(key, new, managed_fields.entries(owned, [], resource.api_version, now), dry_run=dry_run)

    def update(
        self, resource: Resource, target: Target, body: bytes, options: Options, warnings: list[str]
    ) -> dict[str, Any]:
        """Replace an object by a request's body."""
        new = read(resource, body, options, warnings)
        _check_namespace(new["metadata"], target)
        if not new["metadata"].get("name"):
            raise bad_request(
                f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
            )
        with self._store.lock:
            return self.replace(resource, target, new, Manager(options.manager), dry_run=options.dry_run)

    def replace(
        self, resource: Resource, target: Target, new: dict[str, Any], manager: Manager, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Put a decoded object in the place of the stored one, as an update or as the end of a patch."""
        _check_name(new["metadata"], target)
        old = self.get(resource, target)
        _check_preconditions(resource, old, new["metadata"])
        given = new["metadata"].get("managedFields")
        before = old["metadata"].get("managedFields", [])
        owned = managed_fields.owners(before if given is None else given)
        owned = managed_fields.after_update(old, new, owned, manager)
        return self.store_changed(resource, old, new, owned, dry_run=dry_run)

    def store_changed(
        self,
        resource: Resource,
        old: dict[str, Any],
        new: dict[str, Any],
        owned: managed_fields.Owners,
        *,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Store a new state of an object with its owners; a state without change keeps the version."""
        kept = {name: old["metadata"].get(name) for name in ("namespace", "uid", "creationTimestamp")}
        metadata = new["metadata"] | {name: value for name, value in kept.items() if value}
        new = {**new, "metadata": metadata}
        name = metadata["name"]
        causes = problems(resource, new, old)
        if causes:
            raise invalid(resource, name, causes)
        before = old["metadata"].get("managedFields", [])
        entries = managed_fields.entries(owned, before, resource.api_version, _now())
        metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
        if entries == before and {**new, "metadata": {**metadata, "managedFields": before}} == old:
            return old
        key: Key = (resource, metadata.get("namespace", ""), name)
        return self._write(key, new, entries, dry_run=dry_run)

    def delete(self, resource: Resource, target: Target, body: bytes, options: Options) -> dict[str, Any]:
        """Remove an object, if the preconditions of the request hold."""
        asked = _parse(body) if body.strip() else {}
        preconditions = asked.get("preconditions") if isinstance(asked, dict) else None
        with self._store.lock:
            old = self.get(resource, target)
            _check_delete_preconditions(resource, old, preconditions or {})
            if not options.dry_run:
                self._store.delete((resource, target.namespace, target.name))
        details = details_of(resource, target.name) | {"uid": old["metadata"]["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _write(self, key: Key, new: dict[str, Any], entries: list[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
        written = {**new, "metadata": _in_order(new["metadata"] | {"managedFields": entries})}
        return written if dry_run else self._store.put(key, written)


def read(resource: Resource, body: bytes, options: Options, warnings: list[str]) -> dict[str, Any]:
    """Read a request's body as an object of this resource; unknown fields become warnings, or an error if strict."""
    return read_value(resource, _parse(body, must_be=resource.kind), options, warnings)


def read_value(resource: Resource, value: Json, options: Options, warnings: list[str]) -> dict[str, Any]:
    """Read a parsed body as an object of this resource."""
    given = value if isinstance(value, dict) else {}
    kind, api_version = given.get("kind") or resource.kind, given.get("apiVersion") or resource.api_version
    described = (
        f"{kind} in version {quoted(str(api_version).rpartition('/')[2])} cannot be handled as a {resource.kind}"
    )
    if kind != resource.kind:
        raise bad_request(f"{described}: converting (v1.{kind}) to ({resource.kind}): unknown conversion")
    if api_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    try:
        decoded, unknown = decode(resource, value)
    except DecodingError as error:
        raise bad_request(f"{described}: {error}") from error
    report_unknown(unknown, options, warnings, f"{described}: strict decoding error")
    return decoded


def report_unknown(unknown: list[str], options: Options, warnings: list[str], prefix: str) -> None:
    """Treat unknown fields as the request wants it: refuse, warn or ignore."""
    texts = [f'unknown field "{path}"' for path in unknown]
    if texts and options.field_validation == "Strict":
        raise bad_request(f"{prefix}: {', '.join(texts)}")
    if options.field_validation == "Warn":
        warnings.extend(texts)


def _parse(body: bytes, must_be: str = "DeleteOptions") -> Json:
    try:
        return parse_json(body)
    except DecodingError as error:
        summary = body[:30].decode(errors="replace")
        raise bad_request(
            f"the object provided is unrecognized (must be of type {must_be}): couldn't get version/kind; json parse "
            f"error: {error} ({summary})"
        ) from error


def _check_namespace(metadata: dict[str, Any], target: Target) -> None:
    if metadata.get("namespace", target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def _check_name(metadata: dict[str, Any], target: Target) -> None:
    name, namespace = metadata.get("name", ""), metadata.get("namespace", target.namespace)
    if name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    if namespace != target.namespace:
        raise bad_request(
            f"the namespace of the object ({namespace}) does not match the namespace on the request "
            f"({target.namespace})"
        )


def _check_preconditions(resource: Resource, old: dict[str, Any], metadata: dict[str, Any]) -> None:
    name, uid = old["metadata"]["name"], old["metadata"]["uid"]
    if metadata.get("uid", uid) != uid:
        raise conflict(resource, name, _other_uid(metadata["uid"], uid))
    version = old["metadata"]["resourceVersion"]
    if metadata.get("resourceVersion", version) != version:
        raise conflict(resource, name)


def _check_delete_preconditions(resource: Resource, old: dict[str, Any], wanted: dict[str, Any]) -> None:
    name, uid, version = (old["metadata"][key] for key in ("name", "uid", "resourceVersion"))
    if wanted.get("uid", uid) != uid:
        raise conflict(resource, name, _other_uid(wanted["uid"], uid))
    if wanted.get("resourceVersion", version) != version:
        raise conflict(
            resource,
            name,
            f"the ResourceVersion in the precondition ({wanted['resourceVersion']}) does not match the ResourceVersion "
            f"in record ({version}). The object might have been modified",
        )


def _other_uid(wanted: str, actual: str) -> str:
    return f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}"


_METADATA_ORDER = (
    "name generateName namespace uid resourceVersion generation creationTimestamp labels annotations ownerReferences "
    "finalizers managedFields"
).split()


def _in_order(metadata: dict[str, Any]) -> dict[str, Any]:
    return {name: metadata[name] for name in _METADATA_ORDER if name in metadata}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
