"""What a cluster and a node group may be called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import rules
from .literals import is_literal
from .remembered import shared

if TYPE_CHECKING:
    from constructs import Construct

    from .problems import Problems

CLUSTER_NAME_PATTERN = "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$"
"""What EKS calls clusters; also good as a CloudFormation `AllowedPattern`.
https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"""

NODEGROUP_NAME_PATTERN = "^[0-9A-Za-z][0-9A-Za-z_-]{0,62}$"
"""What the AWS guide lets node groups be called.
https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html"""


def check_cluster_name(cluster_name: str, problems: Problems) -> None:
    """Check the name of the cluster, unless it is a token."""
    if is_literal(cluster_name) and not re.fullmatch(CLUSTER_NAME_PATTERN, cluster_name):
        problems.add(rules.CLUSTER_NAME, f"cluster name {cluster_name!r} is not well-formed")


def check_nodegroup_name(nodegroup_name: str | None, problems: Problems) -> None:
    """Check the name of the node group, unless it is a token or none is given."""
    if is_literal(nodegroup_name) and not re.fullmatch(NODEGROUP_NAME_PATTERN, nodegroup_name):
        problems.add(rules.NODEGROUP_NAME, f"nodegroup_name {nodegroup_name!r} is not well-formed")


def check_name_is_free(scope: Construct, cluster_name: str, nodegroup_name: str, problems: Problems) -> None:
    """Check that no other node group of the stack has the name in the cluster, and take it.

    Args:
        scope: The node group.
        cluster_name: The cluster's name.
        nodegroup_name: The node group's name.
        problems: Collects what is wrong.
    """
    taken: set[tuple[str, str]] = shared(scope, "NamesOfNodeGroups", lambda _: set())
    name = (cluster_name, nodegroup_name)
    if name in taken:
        problems.add(rules.NAME_TAKEN, f"nodegroup_name {nodegroup_name!r} is that of another node group")
    taken.add(name)
