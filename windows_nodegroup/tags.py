"""The tags of a node group: on the Auto Scaling group, its nodes, their volumes and their network interfaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import rules
from .literals import is_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .problems import Problems

MAX_TAGS = 50
CLUSTER_TAG = "kubernetes.io/cluster/"
CLUSTER_AUTOSCALER_TAG = "k8s.io/cluster-autoscaler/"

_RESERVED = (CLUSTER_TAG, CLUSTER_AUTOSCALER_TAG)
_ALLOWED = r"[\w .:/=+@-]"
_KEY = re.compile(rf"(?!(?i:aws):){_ALLOWED}{{1,128}}")
_VALUE = re.compile(rf"{_ALLOWED}{{0,256}}")


def own_tags(cluster_name: str, nodegroup_name: str | None) -> dict[str, str]:
    """What the AWS template puts on every node: a name, and that the node belongs to the cluster."""
    name = "-".join([cluster_name, *filter(None, [nodegroup_name]), "Node"])
    return {"Name": name, f"{CLUSTER_TAG}{cluster_name}": "owned"}


def check_tags(tags: Mapping[str, str] | None, problems: Problems, *, further: int = 0) -> None:
    """Check tags that are given by the user, as far as they are literals.

    Args:
        tags: The tags.
        problems: Collects what is wrong.
        further: How many tags the node group adds by itself.
    """
    given = tags or {}
    if len(given) + further > MAX_TAGS:
        problems.add(rules.TAG_COUNT, f"there are {len(given)} tags and {further} of the node group's own")
    for key, value in given.items():
        if is_literal(key) and not _KEY.fullmatch(key):
            problems.add(rules.TAG_KEY, f"tag key {key!r} is not well-formed")
        elif is_literal(key) and key.startswith(_RESERVED):
            problems.add(rules.TAG_RESERVED, f"tag {key} is set by the node group")
        if is_literal(value) and not _VALUE.fullmatch(value):
            problems.add(rules.TAG_VALUE, f"tag {key} has the value {value!r}, which is not well-formed")


def group_tags(propagated: Mapping[str, str], kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """The Auto Scaling group's `Tags`, in CDK's spelling.

    Args:
        propagated: Tags that nodes get as well.
        kept: Tags of the group alone.
    """
    return [
        {"key": key, "value": value, "propagateAtLaunch": propagate}
        for tags, propagate in ((propagated, True), (kept, False))
        for key, value in tags.items()
    ]
