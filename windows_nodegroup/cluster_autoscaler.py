"""What cluster-autoscaler reads from the tags of a group: that it may change it, and what a node of it would be like.

Of a group without nodes it knows only the instance type, and takes it for Linux. The hints tell it the labels and
taints, and that a node has addresses for Windows pods, which EKS counts as a resource: without them no Windows pod
makes a group grow from zero.
https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from . import rules
from .instance_types import pod_limits
from .literals import is_literal
from .tags import CLUSTER_AUTOSCALER_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .labels import TaintSpec
    from .literals import Number
    from .problems import Problems

_TEMPLATE = f"{CLUSTER_AUTOSCALER_TAG}node-template/"
_ADDRESSES = f"{_TEMPLATE}resources/vpc.amazonaws.com/PrivateIPv4Address"


def cluster_autoscaler_tags(  # noqa: PLR0913 — all that describes a node
    *,
    cluster_name: str,
    instance_types: Sequence[str],
    disk_size: Number,
    windows_build: str | None = None,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[TaintSpec] | None = None,
    prefix_delegation: bool = False,
) -> dict[str, str]:
    """The tags, for the Auto Scaling group alone: nodes need none of them.

    Args:
        cluster_name: The cluster whose autoscaler may change the group.
        instance_types: The group's types. If the pod limit of one is not known, neither is that of the group.
        disk_size: GiB of the root volume, where images and containers lie.
        windows_build: The value of `node.kubernetes.io/windows-build`.
        labels: The nodes' labels.
        taints: The nodes' taints. Of those with the same key the last is told; a tag holds one value.
        prefix_delegation: Whether nodes get prefixes of 16 addresses, and so hold more pods.
    """
    hints = {"kubernetes.io/os": "windows", "kubernetes.io/arch": "amd64"}
    if windows_build:
        hints["node.kubernetes.io/windows-build"] = windows_build
    tags = {f"{CLUSTER_AUTOSCALER_TAG}enabled": "true", f"{CLUSTER_AUTOSCALER_TAG}{cluster_name}": "owned"}
    tags |= {f"{_TEMPLATE}label/{key}": value for key, value in (hints | dict(labels or {})).items()}
    tags |= {f"{_TEMPLATE}taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in taints or ()}
    limits = [pod_limits(name) for name in instance_types]
    if limits and all(limits):
        most = [limit.prefixes if prefix_delegation else limit.addresses for limit in limits if limit]
        tags[_ADDRESSES] = str(min(most))
    if is_literal(disk_size):
        tags[f"{_TEMPLATE}resources/ephemeral-storage"] = f"{disk_size}Gi"
    return tags


def check_cluster_autoscaler(
    problems: Problems,
    tags: Mapping[str, str],
    *,
    instance_types: Sequence[str],
    min_size: Number,
    taints: Sequence[TaintSpec] | None = None,
) -> None:
    """Check that the tags tell the autoscaler all that it has to know of a node, as far as that is literal.

    Args:
        problems: Collects what is unwise.
        tags: The tags; none where no autoscaler is to change the group, and then nothing is checked.
        instance_types: The group's types.
        min_size: The fewest nodes. Of a group that always has some the autoscaler knows all from those.
        taints: The nodes' taints.
    """
    if not tags:
        return
    may_be_empty = not is_literal(min_size) or min_size == 0
    for name in instance_types if may_be_empty else ():
        if is_literal(name) and not pod_limits(name):
            problems.add(rules.NO_HINT_OF_PODS, f"how many Windows pods fit on {name} is not known here")
    for key, count in Counter(taint.key for taint in taints or ()).items():
        if count > 1:
            problems.add(rules.ONE_HINT_FOR_TAINTS, f"there are {count} taints with the key {key}")
