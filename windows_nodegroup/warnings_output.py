"""All warnings of a deployment as outputs: what is unwise, and what could not be checked or waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Token

from .handler.contract import AwsAuthEntry, NodesReady, WindowsIpam
from .handler.preflight_contract import AwsPreflight, ClusterPreflight
from .remembered import attribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import Construct

    from .literals import Intrinsic
    from .order import Step

OUTPUT = "Warnings"

_DESCRIPTION = "What to know about this deployment"
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
    """Makes an output of all warnings, if anything can warn; and one of its own for what may not exist.

    Args:
        scope: The node group.
        steps: What may have warnings.
        waits_in_vain: Whether somebody wants to wait for the nodes, and nothing ever lets the function see them.
    """
    lines: list[str | Intrinsic] = []
    for resource, condition, kind in steps:
        if kind not in _ATTRIBUTES:
            continue
        name, warnings = kind.removeprefix("Custom::"), attribute(resource, _ATTRIBUTES[kind])
        if condition is None:
            lines += [f"{name}: ", warnings, "\n"]
            continue
        # Only an output of the same condition may name what may not exist.
        CfnOutput(
            scope, f"{name}{OUTPUT}", value=Token.as_string(warnings), condition=condition, description=_DESCRIPTION
        )
        if kind == NodesReady.TYPE:
            told = f"see the output {name}{OUTPUT}"
            lines += [f"{name}: ", {"Fn::If": [condition.logical_id, told, _NOBODY_WAITS]}, "\n"]
    if waits_in_vain:
        lines.append(f"NodesReady: {_NOBODY_WAITS}")
    if lines:
        CfnOutput(scope, OUTPUT, value=Token.as_string({"Fn::Join": ["", lines]}), description=_DESCRIPTION)
