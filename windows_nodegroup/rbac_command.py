"""`python -m windows_nodegroup rbac`: what lets the function into a cluster, for `kubectl apply -f -`."""

from __future__ import annotations

import argparse
import sys

from .manifests.function_rbac import DEFAULT_GROUP, function_rbac_yaml

#: The exit status of a command that cannot work like this: there are no others.
MISUSED = 1

# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
_RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.description = (
        "Print Kubernetes roles with all that the function needs, bound to a group; apply them once with "
        "`kubectl apply -f -`, and name the group as `kubernetes_group` in the cluster's description."
    )
    parser.add_argument(
        "--group", type=_group, default=DEFAULT_GROUP, help=f"the Kubernetes group; default: {DEFAULT_GROUP}"
    )
    parser.add_argument(
        "--no-nodes",
        dest="nodes",
        action="store_false",
        help="without the permission to see nodes: a deployment then does not wait until they are Ready",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the manifests; the exit status."""
    sys.stdout.write(function_rbac_yaml(arguments.group, nodes=arguments.nodes))
    return 0


def _group(name: str) -> str:
    if not name or name.startswith(_RESERVED_GROUPS):
        raise argparse.ArgumentTypeError(
            f"{name!r}: use a name that begins with none of {', '.join(_RESERVED_GROUPS)}, which EKS refuses"
        )
    return name
