"""A node group described on the command line alone, for a cluster that is looked up by its name.

`cdk deploy -c cluster=my-cluster -c name=ng-windows`. The other words are those of `eksctl create nodegroup`, without
the hyphens in front: https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from aws_cdk import Environment, Stack

from .ami import WindowsAmi, WindowsEdition, WindowsVersion
from .capacity import DEFAULT_INSTANCE_TYPE
from .cluster import EksCluster
from .node_group import WindowsNodeGroup
from .stack import show_results

if TYPE_CHECKING:
    from constructs import Construct

DEFAULT_NAME = "ng-windows"

_LONGEST_NAME = 128
_FAMILY = re.compile(r"WindowsServer(2019|2022|2025)(Core|Full)Container")


class ContextNodeGroupStack(Stack):
    """A stack of one node group, described by the context of the app.

    | `-c` | default | meaning |
    |---|---|---|
    | `cluster` | required | the cluster's name, exactly as EKS has it |
    | `name` | `ng-windows` | the node group's name |
    | `node-type` | `t3.large` | the instance type |
    | `nodes` | `nodes-min`, else 2 | the nodes to launch |
    | `nodes-min` | 1 | the fewest nodes |
    | `nodes-max` | `nodes` | the most nodes |
    | `node-ami-family` | `WindowsServer2022CoreContainer` | 2019, 2022 or 2025, Core or Full |
    | `subnets` | the cluster's | where nodes are launched: ids with commas between |
    | `kubectl-role` | | a role that may edit `aws-auth`; needed where the cluster knows no access entries |
    | `kubernetes-group` | | a group that may edit ConfigMaps and see nodes; `rbac` prints what gives it that |
    | `function-subnets` | | where the function runs; the cluster's private ones, if its endpoint admits not everybody |
    | `acknowledge` | | codes of checks whose failure shall only be a warning, with commas between |

    Attributes:
        node_group: The node group.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        """Makes the stack in `scope`, an app, in the account and region for which the CDK CLI was called.

        Args:
            scope: The app.
            construct_id: The stack's id and name.

        Raises:
            ValueError: A value of the context is none that is allowed.
        """
        here = Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
        super().__init__(scope, construct_id, env=here)
        family = self._text("node-ami-family")
        self.node_group = WindowsNodeGroup(
            self,
            "NodeGroup",
            cluster=EksCluster.from_lookup(
                self,
                cluster_name=self._text("cluster") or "",
                kubectl_role=self._text("kubectl-role"),
                kubernetes_group=self._text("kubernetes-group"),
                function_subnets=self._list("function-subnets"),
            ),
            nodegroup_name=self._text("name") or DEFAULT_NAME,
            instance_types=[self._text("node-type") or DEFAULT_INSTANCE_TYPE],
            desired_size=self._number("nodes"),
            min_size=self._number("nodes-min"),
            max_size=self._number("nodes-max"),
            ami=_ami(family) if family else None,
            subnets=self._list("subnets"),
            acknowledged_checks=self._list("acknowledge") or (),
        )
        show_results(self, self.node_group)

    def _text(self, name: str) -> str | None:
        value = self.node.try_get_context(name)
        return None if value is None else str(value)

    def _list(self, name: str) -> list[str] | None:
        value = self._text(name)
        return None if value is None else [item for item in re.split(r"[\s,]+", value) if item]

    def _number(self, name: str) -> int | None:
        value = self._text(name)
        if value is not None and not re.fullmatch("[0-9]{1,4}", value):
            raise ValueError(f"{name} is {value!r}: give a whole number, as in -c {name}=3")
        return None if value is None else int(value)


def stack_name(cluster_name: str, nodegroup_name: str) -> str:
    """The name of a stack of its own for each node group.

    Stacks may not have underscores in their names, nor more than 128 characters: what is lost is made up for by a hash.
    """
    name = f"WindowsNodeGroup-{cluster_name}-{nodegroup_name}"
    allowed = name.replace("_", "-")
    if allowed == name and len(name) <= _LONGEST_NAME:
        return name
    told_apart = sha256(f"{cluster_name} {nodegroup_name}".encode()).hexdigest()[:8]
    return f"{allowed[: _LONGEST_NAME - 9]}-{told_apart}"


def _ami(family: str) -> WindowsAmi:
    known = _FAMILY.fullmatch(family)
    if known is None:
        raise ValueError(
            f"node-ami-family is {family!r}: give WindowsServer, 2019, 2022 or 2025, Core or Full, and Container, as "
            "in WindowsServer2022CoreContainer"
        )
    return WindowsAmi(windows_version=WindowsVersion(known[1]), edition=WindowsEdition(known[2]))
