"""How long synthesis takes, how many resources it makes, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import Figure, paired, process
from development.environment import ROOT, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMPTY = [sys.executable, "-m", "benchmarks.apps.empty"]
_NODE_GROUPS = [sys.executable, "-m", "benchmarks.apps.node_groups"]

#: Both sides without CDK's validation of the template, which costs more than all the rest.
_ENVIRONMENT = {"CDK_VALIDATION": "false"}

#: The modules of the resources that one node group is made of.
_MODULES = ("aws_autoscaling", "aws_ec2", "aws_eks", "aws_iam", "aws_lambda")


def speed() -> Iterator[Figure]:
    """A whole `python app.py` with 1, 10 and 50 node groups in one stack; the floor is an app with an empty stack."""
    for count in (1, 10, 50):
        yield paired(
            f"synth/{count}", process([*_NODE_GROUPS, str(count)], _ENVIRONMENT), process(_EMPTY, _ENVIRONMENT)
        )


def resources() -> Iterator[Figure]:
    """The CloudFormation resources of the first node group in a stack, and of each further one."""
    one, two = _resource_count(1), _resource_count(2)
    yield Figure(name="template/resources-first", value=one, unit="resources")
    yield Figure(name="template/resources-each", value=two - one, unit="resources")


def imports() -> Iterator[Figure]:
    """`import windows_nodegroup`; the floor is aws_cdk with the modules of the resources in one node group."""
    floor = "; ".join(["import aws_cdk", *(f"from aws_cdk import {name}" for name in _MODULES)])
    yield paired(
        "import/windows_nodegroup",
        process([sys.executable, "-c", "from windows_nodegroup import WindowsNodeGroup"]),
        process([sys.executable, "-c", floor]),
    )


def _resource_count(node_groups: int) -> int:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [*_NODE_GROUPS, str(node_groups)],
            cwd=ROOT,
            env={**variables(), **_ENVIRONMENT, "CDK_OUTDIR": directory},
            check=True,
            capture_output=True,
        )
        template = Path(directory, "NodeGroups.template.json").read_text(encoding="utf-8")
    return len(json.loads(template)["Resources"])
