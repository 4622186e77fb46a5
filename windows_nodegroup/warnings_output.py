"""All warnings of a deployment as one output: what is unwise, and what could not be checked or waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import CfnOutput, Token

from .handler.contract import AwsAuthEntry, NodesReady, WindowsIpam
from .handler.preflight_contract import AwsPreflight, ClusterPreflight
from .remembered import attribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import Construct

    from .order import Step

OUTPUT = "Warnings"

_ATTRIBUTES = {
    AwsAuthEntry.TYPE: AwsAuthEntry.ATTRIBUTE_WARNINGS,
    AwsPreflight.TYPE: AwsPreflight.WARNINGS,
    ClusterPreflight.TYPE: ClusterPreflight.WARNINGS,
    NodesReady.TYPE: NodesReady.WARNINGS,
    WindowsIpam.TYPE: WindowsIpam.WARNINGS,
}
_NOBODY_WAITS = (
    "the deployment does not wait until nodes are Ready, because the function may not see them: `python -m "
    "windows_nodegroup rbac` prints what lets it"
)


def show_warnings(scope: Construct, steps: Iterable[Step], *, waits_in_vain: bool) -> None:
    """Makes the output, if anything can warn.

    Args:
        scope: The node group.
        steps: What may have warnings.
        waits_in_vain: Whether somebody wants to wait for the nodes, and nothing lets the function see them.
    """
    lines: list[Any] = []
    for resource, condition, kind in steps:
        # An output cannot name what may not exist. What aws-auth warns of, the checks inside the cluster do as well.
        if kind in _ATTRIBUTES and not condition:
            lines += [f"{kind.removeprefix('Custom::')}: ", attribute(resource, _ATTRIBUTES[kind]), "\n"]
    if waits_in_vain:
        lines.append(f"NodesReady: {_NOBODY_WAITS}")
    if lines:
        value = Token.as_string({"Fn::Join": ["", lines]})
        CfnOutput(scope, OUTPUT, value=value, description="What to know about this deployment")
