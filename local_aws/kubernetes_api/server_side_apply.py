"""Server-side apply: an applier owns what it applies, and conflicts with whoever else owns it.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from local_aws.kubernetes_api.managed_fields import Manager, Owners, Path, fields, owners
from local_aws.kubernetes_api.objects import Objects, Options, read_value
from local_aws.kubernetes_api.resources import NAMESPACES
from local_aws.kubernetes_api.status import ApiError, Cause, bad_request, conflict, details_of, invalid, not_found

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Resource, Target
    from local_aws.kubernetes_api.store import Store

APPLY_PATCH = "application/apply-patch+yaml"


def apply(  # noqa: PLR0913 - what an apply request consists of
    store: Store, resource: Resource, target: Target, body: bytes, options: Options, warnings: list[str]
) -> tuple[dict[str, Any], bool]:
    """Make the object what the applier wants of it.

    Returns:
        The object, and whether it is new.

    Raises:
        ApiError: 409 with one cause per field that somebody else owns with another value, unless forced.
    """
    applied = _read(resource, target, body, options, warnings)
    manager = Manager(options.manager, "Apply")
    wanted = fields(applied, maps=False)
    objects = Objects(store)
    key = (resource, target.namespace, target.name)
    with store.lock:
        live = store.get(key)
        if live is None:
            if resource.namespaced and not store.get((NAMESPACES, "", target.namespace)):
                raise not_found(NAMESPACES, target.namespace)
            owned = {manager: set(wanted)} if wanted else {}
            return objects.add(resource, target.namespace, applied, owned, manager, dry_run=options.dry_run), True
        asked_version = applied["metadata"].get("resourceVersion", live["metadata"]["resourceVersion"])
        if asked_version != live["metadata"]["resourceVersion"]:
            raise conflict(resource, target.name)
        known = owners(live["metadata"].get("managedFields", []))
        disputed = _disputed(known, manager, fields(live), wanted)
        if disputed and target.query.get("force") != "true":
            raise _apply_conflict(resource, target.name, live["apiVersion"], disputed)
        given_up = known.get(manager, set()) - wanted.keys()
        owned = _handed_over(known, manager, wanted, disputed)
        unowned = given_up - set[Path]().union(*owned.values())
        new = _changed(live, wanted, unowned)
        return objects.store_changed(resource, live, new, owned, dry_run=options.dry_run), False


def _read(resource: Resource, target: Target, body: bytes, options: Options, warnings: list[str]) -> dict[str, Any]:
    if not target.query.get("fieldManager"):
        cause = Cause.required("fieldManager", "is required for apply patch")
        message = f'PatchOptions.meta.k8s.io "" is invalid: {cause}'
        raise ApiError(422, "Invalid", message, invalid(None, "", [cause]).body["details"])
    try:
        parsed = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    applied = read_value(resource, parsed, options, warnings)
    metadata = applied["metadata"]
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    if metadata.setdefault("name", target.name) != target.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )
    if metadata.get("namespace", target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return applied


def _disputed(
    known: Owners, manager: Manager, live: dict[Path, object], wanted: dict[Path, object]
) -> list[tuple[Manager, Path]]:
    return [
        (other, path)
        for other, paths in known.items()
        if other != manager
        for path in sorted(paths & wanted.keys())
        if live.get(path) != wanted[path]
    ]


def _handed_over(
    known: Owners, manager: Manager, wanted: dict[Path, object], disputed: list[tuple[Manager, Path]]
) -> Owners:
    lost = {other: {path for owner, path in disputed if owner == other} for other in known}
    owned = {other: paths - lost[other] for other, paths in known.items() if other != manager}
    owned[manager] = set(wanted)
    return {other: paths for other, paths in owned.items() if paths}


def _changed(live: dict[str, Any], wanted: dict[Path, object], unowned: set[Path]) -> dict[str, Any]:
    new: dict[str, Any] = {**live, "metadata": dict(live["metadata"])}
    for path in [*unowned, *wanted]:
        parent = new
        for part in path[:-1]:
            parent[part] = dict(parent.get(part, {}))
            parent = parent[part]
        if path in wanted:
            parent[path[-1]] = wanted[path]
        else:
            parent.pop(path[-1], None)
    return new


def _apply_conflict(resource: Resource, name: str, api_version: str, disputed: list[tuple[Manager, Path]]) -> ApiError:
    causes = []
    for other, path in disputed:
        how = f" using {api_version}" if other.operation == "Update" else ""
        field = "".join(f".{part}" for part in path)
        message = f'conflict with "{other.name}"{how}'
        causes.append({"reason": "FieldManagerConflict", "message": message, "field": field})
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = []
        for message in dict.fromkeys(cause["message"] for cause in causes):
            lines.append(message.replace("conflict", "conflicts", 1) + ":")
            lines += [f"- {cause['field']}" for cause in causes if cause["message"] == message]
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", text, {**details_of(resource, name), "causes": causes})
