"""Whether somebody else owns a ConfigMap as a whole, so that their next apply takes our part of it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .kubernetes import FIELD_MANAGER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .config_map import ConfigMap

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# Terraform's and Pulumi's providers also write by plain updates, but from a file that holds the whole map.
_OWN_THE_WHOLE = ("terraform", "hashicorp", "pulumi")


def rival_writers(config_map: ConfigMap, key: str) -> tuple[str, ...]:
    """Return who keeps `data.<key>` in a file of their own, by the names under which they write."""
    names = dict.fromkeys(_managers(config_map.metadata.get("managedFields") or (), key))
    if f'"{key}"' in config_map.annotations.get(_LAST_APPLIED, ""):
        names["kubectl apply"] = None
    return tuple(names)


def _managers(managed_fields: Sequence[dict[str, Any]], key: str) -> Iterator[str]:
    for entry in managed_fields:
        manager = str(entry.get("manager", ""))
        owns = f"f:{key}" in ((entry.get("fieldsV1") or {}).get("f:data") or {})
        applies = entry.get("operation") == "Apply" or manager.lower().startswith(_OWN_THE_WHOLE)
        if owns and applies and manager != FIELD_MANAGER:
            yield manager
