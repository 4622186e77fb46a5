"""Server-side apply: an applier owns what it applies, and conflicts with whoever else owns it.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from local_aws.kubernetes_api.managed_fields import Manager, Owners, Path, fields, owners
from local_aws.kubernetes_api.objects import Objects, check_name, check_namespace
from local_aws.kubernetes_api.requests import Options, typed
from local_aws.kubernetes_api.schema import decode
from local_aws.kubernetes_api.status import ApiError, Cause, bad_request, conflict, details_of

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Key
    from local_aws.kubernetes_api.store import Store

APPLY_PATCH = "application/apply-patch+yaml"


def apply(store: Store, key: Key, body: bytes, options: Options) -> tuple[dict[str, Any], bool]:
    """Make the object what the applier wants of it.

    Returns:
        The object, and whether it is new.

    Raises:
        ApiError: 409 with one cause per field that somebody else owns with another value, unless forced.
    """
    applied = _read(key, body, options)
    manager = Manager(options.manager, "Apply")
    wanted = fields(applied, maps=False)
    objects = Objects(store)
    with store.lock:
        live = store.get(key)
        if live is None:
            owned = {manager: set(wanted)} if wanted else {}
            return objects.add(key, applied, owned, manager, dry_run=options.dry_run), True
        version = live["metadata"]["resourceVersion"]
        if applied["metadata"].get("resourceVersion", version) != version:
            raise conflict(key.resource, key.name)
        known = owners(live["metadata"]["managedFields"])
        disputed = _disputed(known, manager, fields(live), wanted)
        if disputed and not options.force:
            raise _apply_conflict(key, disputed)
        owned = _handed_over(known, manager, wanted, disputed)
        unowned = known.get(manager, set()) - set[Path]().union(*owned.values())
        # Decoded once more, because a map whose last key went is gone, too.
        new, _ = decode(key.resource, _changed(live, wanted, unowned))
        return objects.store_changed(key, new, owned, manager, dry_run=options.dry_run), False


def _read(key: Key, body: bytes, options: Options) -> dict[str, Any]:
    if not options.manager_is_given:
        cause = Cause.required("fieldManager", "is required for apply patch")
        causes = [{"reason": cause.reason, "message": cause.message, "field": cause.field}]
        details = {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": causes}
        raise ApiError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {cause}', details)
    try:
        value = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    applied = typed(key.resource, value, options)
    if applied["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    applied["metadata"].setdefault("name", key.name)
    check_namespace(applied["metadata"], key)
    check_name(applied["metadata"], key)
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
    kept = {
        other: paths - {path for owner, path in disputed if owner == other}
        for other, paths in known.items()
        if other != manager
    }
    return {other: paths for other, paths in {**kept, manager: set(wanted)}.items() if paths}


def _changed(live: dict[str, Any], wanted: dict[Path, object], unowned: set[Path]) -> dict[str, Any]:
    new: dict[str, Any] = dict(live)
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


def _apply_conflict(key: Key, disputed: list[tuple[Manager, Path]]) -> ApiError:
    causes = []
    for other, path in disputed:
        how = f" using {key.resource.api_version}" if other.operation == "Update" else ""
        field = "".join(f".{part}" for part in path)
        causes.append(
            {"reason": "FieldManagerConflict", "message": f'conflict with "{other.name}"{how}', "field": field}
        )
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = []
        for message in dict.fromkeys(cause["message"] for cause in causes):
            lines.append(message.replace("conflict", "conflicts", 1) + ":")
            lines += [f"- {cause['field']}" for cause in causes if cause["message"] == message]
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", text, {**details_of(key.resource, key.name), "causes": causes})
