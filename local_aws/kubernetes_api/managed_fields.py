"""Who wrote which field: `metadata.managedFields`, as far as the objects served here need it.

Maps of strings (data, labels, annotations) are owned key by key; every other field is owned whole.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = "tuple[str, ...]"

_GRANULAR: frozenset[Path] = frozenset(
    {("data",), ("binaryData",), ("metadata", "labels"), ("metadata", "annotations")},
)
_OWNED_METADATA = ("labels", "annotations", "ownerReferences", "finalizers")
#: Stands for a map itself, apart from its keys.
_MAP = object()


@dataclass(frozen=True, slots=True)
class Manager:
    """A writer: its name, and whether it applies (server-side) or updates."""

    name: str
    operation: str = "Update"


Owners: TypeAlias = "dict[Manager, set[Path]]"


def fields(manifest: dict[str, Any], *, maps: bool = True) -> dict[Path, object]:
    """List an object's ownable fields with their values; `maps` says whether a map counts beside its keys."""
    candidates: dict[Path, object] = {
        (name,): value for name, value in manifest.items() if name not in ("apiVersion", "kind", "metadata")
    }
    metadata = manifest.get("metadata", {})
    candidates |= {("metadata", name): metadata[name] for name in _OWNED_METADATA if name in metadata}
    found: dict[Path, object] = {}
    for path, value in candidates.items():
        if path in _GRANULAR and isinstance(value, dict):
            if maps or not value:
                found[path] = _MAP
            found |= {(*path, key): entry for key, entry in value.items()}
        else:
            found[path] = value
    return found


def owners(entries: list[dict[str, Any]]) -> Owners:
    """Read `managedFields`."""
    return {
        Manager(entry.get("manager", "unknown"), entry.get("operation", "Update")): _paths(entry.get("fieldsV1", {}))
        for entry in entries
        if entry
    }


def after_update(old: dict[str, Any], new: dict[str, Any], known: Owners, manager: Manager) -> Owners:
    """Give every field that changed from `old` to `new` to the manager that changed it."""
    before, after = fields(old), fields(new)
    gone = before.keys() - after.keys()
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    result = {
        other: paths - gone if other == manager else paths - gone - changed
        for other, paths in {manager: set[Path](), **known}.items()
    }
    result[manager] |= changed
    return {other: paths for other, paths in result.items() if paths}


def entries(
    new: Owners, old: list[dict[str, Any]], writer: Manager, api_version: str, now: str
) -> list[dict[str, Any]]:
    """Write `managedFields`; only the writer's entry gets a new time, or one whose fields changed hands."""
    before = owners(old)
    times = {Manager(entry["manager"], entry["operation"]): entry["time"] for entry in old if "time" in entry}
    written = [
        {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": api_version,
            "time": times.get(manager, now) if manager != writer and before.get(manager) == paths else now,
            "fieldsType": "FieldsV1",
            "fieldsV1": _tree(paths),
        }
        for manager, paths in new.items()
    ]
    return sorted(written, key=lambda entry: (str(entry["operation"]), str(entry["time"]), str(entry["manager"])))


def _tree(paths: set[Path]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        branch = tree
        for part in path:
            branch = branch.setdefault(f"f:{part}", {})
        if path in _GRANULAR:
            branch["."] = {}
    return tree


def _paths(tree: dict[str, Any], prefix: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for key, branch in tree.items():
        path = prefix if key == "." else (*prefix, key.removeprefix("f:"))
        found |= _paths(branch, path) if branch else {path}
    return found
