"""The tags of a node group: on the Auto Scaling group, its nodes, and what comes with them, the template included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aws_cdk import TagManager, TagType

from . import rules
from .literals import is_literal, literals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_ec2 as ec2

    from .problems import Problems

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
CLUSTER_TAG = "kubernetes.io/cluster/"
CLUSTER_AUTOSCALER_TAG = "k8s.io/cluster-autoscaler/"

_COMES_WITH_NODES = ("volume", "network-interface")
_ITSELF = ("launch-template",)
_RESERVED = (CLUSTER_TAG, CLUSTER_AUTOSCALER_TAG)
_ALLOWED = r"[\w .:/=+@-]"
_KEY = re.compile(rf"(?!(?i:aws):){_ALLOWED}{{1,{MAX_KEY_LENGTH}}}")
_VALUE = re.compile(rf"{_ALLOWED}{{0,256}}")


def own_tags(cluster_name: str, nodegroup_name: str | None) -> dict[str, str]:
    """What the AWS template puts on every node: a name, and that the node belongs to the cluster."""
    name = "-".join([cluster_name, *filter(None, [nodegroup_name]), "Node"])
    return {"Name": name, f"{CLUSTER_TAG}{cluster_name}": "owned"}


def check_tags(tags: Mapping[str, str] | None, problems: Problems, *, added: Mapping[str, str]) -> None:
    """Check all tags of the Auto Scaling group, as far as they are literals.

    Args:
        tags: The user's.
        problems: Collects what is wrong.
        added: Those that the node group adds by itself, the hints for cluster-autoscaler among them.
    """
    given = tags or {}
    count = len(given.keys() | added.keys())
    if count > MAX_TAGS:
        problems.add(rules.TAG_COUNT, f"the group has {count} tags, {len(added)} of which are its own")
    for key in literals(added):
        if len(key) > MAX_KEY_LENGTH:
            problems.add(rules.HINT_TOO_LONG, f"tag {key} has {len(key)} characters")
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


def name_what_comes_with_nodes(name: str) -> list[dict[str, Any]]:
    """The launch template's `TagSpecifications`, in CDK's spelling: for what Auto Scaling does not hand its tags to.

    Args:
        name: The name of volumes and network interfaces.
    """
    return [_named(kind, name) for kind in _COMES_WITH_NODES]


def name_launch_template(name: str) -> list[dict[str, Any]]:
    """The `TagSpecifications` of the launch template itself, likewise.

    Args:
        name: Its name.
    """
    return [_named(kind, name) for kind in _ITSELF]


def tag_what_comes_with_nodes(launch_template: ec2.CfnLaunchTemplate, name: str) -> TagManager:
    """Has the launch template, volumes and network interfaces tagged with more than a name.

    Args:
        launch_template: What nodes are launched from.
        name: Their name.

    Returns:
        What holds the tags; further ones may be set until the app is synthesized.
    """
    manager = TagManager(TagType.KEY_VALUE, "AWS::EC2::LaunchTemplate", {"Name": name})
    rendered = manager.rendered_tags
    for path, kinds in (("LaunchTemplateData.TagSpecifications", _COMES_WITH_NODES), ("TagSpecifications", _ITSELF)):
        specifications = [{"ResourceType": kind, "Tags": rendered} for kind in kinds]
        launch_template.add_property_override(path, specifications)
    return manager


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"resourceType": kind, "tags": [{"key": "Name", "value": name}]}
