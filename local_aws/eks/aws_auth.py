"""The ConfigMap `aws-auth` as the cluster reads it, written without a look at how this project writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Mapping:
    """Who a principal is in Kubernetes."""

    username: str
    groups: frozenset[str]


def mapping_of(principal_arn: str, data: dict[str, str]) -> Mapping | None:
    """What the map makes of a canonical principal ARN (a role's without its path); None: not mapped.

    A list that is no YAML, or no list, maps nobody; of an ARN that stands twice the last entry counts.
    """
    found = None
    for section, arn_key in (("mapUsers", "userarn"), ("mapRoles", "rolearn")):
        for entry in _entries(data.get(section, "")):
            if str(entry.get(arn_key, "")).lower() == principal_arn.lower():
                found = Mapping(str(entry.get("username") or principal_arn), _groups(entry.get("groups")))
    return found


def _entries(text: str) -> list[dict[str, Any]]:
    try:
        documents = list(yaml.load_all(text, Loader=yaml.BaseLoader))
    except yaml.YAMLError:
        return []
    entries = documents[0] if documents and isinstance(documents[0], list) else []
    return [{str(key).lower(): value for key, value in entry.items()} for entry in entries if isinstance(entry, dict)]


def _groups(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
