"""The patch formats of the Kubernetes API: pure functions from a document and a patch to a new document."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.kubernetes_api.schema import Json


class PatchError(ValueError):
    """A patch that is malformed, or does not apply to this document."""


def merge_patch(document: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    # What a patch has touched is in Go's order of keys, as one sees where an error message quotes it.
    return dict(sorted(merged.items()))


def strategic_merge_patch(document: Json, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a strategic merge patch, for kinds whose lists are all replaced whole (ConfigMaps, RBAC).

    Understands `$patch: replace|delete` and `$retainKeys` on maps, and refuses the directives for merged lists.
    """
    merged = dict(document) if isinstance(document, dict) else {}
    directive = patch.get("$patch", "merge")
    if directive == "delete":
        return {}
    if directive == "replace":
        merged = {}
    elif directive != "merge":
        raise PatchError(f"unknown patch type: {directive}")
    if "$retainKeys" in patch:
        merged = {key: value for key, value in merged.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key in ("$patch", "$retainKeys"):
            continue
        if key.startswith("$"):
            raise PatchError(f"the directive {key} is not served by the local Kubernetes API")
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = strategic_merge_patch(merged.get(key), value)
        else:
            merged[key] = value
    return merged


def json_patch(document: Json, operations: Json) -> Json:
    """Apply a JSON patch (RFC 6902).

    Raises:
        PatchError: An operation is malformed, its path is not there, or its test fails.
    """
    if not isinstance(operations, list):
        raise PatchError("a JSON patch is a list of operations")
    root: list[Any] = [copy.deepcopy(document)]
    for operation in operations:
        try:
            _operate(root, operation)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise PatchError(f"the operation {operation} does not apply") from error
    patched: Json = root[0]
    return patched


def _operate(root: list[Any], operation: dict[str, Any]) -> None:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "test":
            if _get(root, path) != operation["value"]:
                raise ValueError("the test failed")
        case "add":
            _add(root, path, operation["value"])
        case "remove":
            _remove(root, path)
        case "replace":
            _remove(root, path)
            _add(root, path, operation["value"])
        case "move":
            _add(root, path, _remove(root, _pointer(operation["from"])))
        case "copy":
            _add(root, path, copy.deepcopy(_get(root, _pointer(operation["from"]))))
        case other:
            raise ValueError(f"no such operation: {other}")


def _pointer(text: str) -> list[str]:
    """Split a JSON pointer; the document itself stands in a list, so that it has a place to be replaced in."""
    first, *parts = text.split("/")
    if first:
        raise ValueError("a JSON pointer begins with a slash")
    return ["0", *(part.replace("~1", "/").replace("~0", "~") for part in parts)]


def _get(root: list[Any], path: list[str]) -> Json:
    value: Any = root
    for part in path:
        value = value[_key(value, part)]
    found: Json = value
    return found


def _add(root: list[Any], path: list[str], value: Json) -> None:
    parent: Any = _get(root, path[:-1])
    if isinstance(parent, list):
        index = len(parent) if path[-1] == "-" else _index(path[-1])
        if index > len(parent):
            raise IndexError(index)
        parent.insert(index, value)
    else:
        parent[path[-1]] = value


def _remove(root: list[Any], path: list[str]) -> Json:
    parent: Any = _get(root, path[:-1])
    removed: Json = parent.pop(_key(parent, path[-1]))
    return removed


def _key(parent: Json, part: str) -> str | int:
    return _index(part) if isinstance(parent, list) else part


def _index(part: str) -> int:
    if not part.isdecimal():
        raise ValueError(f"no index of a list: {part}")
    return int(part)
