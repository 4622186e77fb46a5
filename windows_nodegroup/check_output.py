"""What an operator sees of the checks: a table, JSON for machines, and the page that describes them all."""

from __future__ import annotations

import json
import os
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

from .handler.checks.catalogue import AWS_CHECKS, CLUSTER_CHECKS, GATES
from .handler.checks.check import Severity, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .handler.checks.check import Check, Outcome

#: Every check, in the order of the codes.
CHECKS: tuple[Check[Any], ...] = (*GATES, *AWS_CHECKS, *CLUSTER_CHECKS)

_SUBJECTS = {
    "1": "The cluster and its version",
    "2": "Subnets, routes, security groups",
    "3": "Instance types",
    "4": "The image",
    "5": "Roles, access entries, the endpoint",
    "6": "Add-ons and Auto Mode",
    "7": "Inside the cluster",
}
_COLOURS = {
    Status.PASSED: "32",
    Status.FAILED: "1;31",
    Status.WARNED: "33",
    Status.NOT_CHECKED: "36",
    Status.NOT_NEEDED: "2",
}
_CLEAR_LINE = "\r\x1b[2K"

_INTRODUCTION = """\
# What is checked before nodes are launched

A check *fails* (nothing is launched) or *warns* (the warning is an output of the stack). Where a permission or a route
is missing, it answers *not checked* within seconds and says why; the deployment goes on. The checks up to PF6xx ask AWS
and come before everything else in a deployment; PF7xx ask the Kubernetes API, once the function may. What was not
declared is not checked.

A failing check that is wrong about your cluster can be acknowledged by its code; from then on it warns. PF101 and PF102
cannot: nothing can go on without an ACTIVE cluster.

The same from a terminal, before any deployment: `python -m windows_nodegroup check --cluster my-cluster --subnets …`.
"""

_HEADER = "| code | passes if | else | cure | asks | blind spot |\n|---|---|---|---|---|---|\n"


class Progress:
    """Shows on standard error how far the checks are, where that is a terminal: on one line, gone at the end."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._done = 0
        self._shown = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Say what is being done."""
        sys.stderr.write(f"{_CLEAR_LINE}{text}" if self._shown else f"{text}\n")
        sys.stderr.flush()

    def count(self, outcome: Outcome) -> None:
        """Count one more outcome."""
        self._done += 1
        if self._shown:
            self.say(f"{self._done} of {len(CHECKS)} checks: {outcome.check.code} {outcome.status}")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the line away, also from an error's message."""
        if self._shown:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()


def table(outcomes: Iterable[Outcome], *, everything: bool = False) -> str:
    """Return the outcomes for a person: a line each, and under it each problem with the cure and the page.

    Args:
        outcomes: What came out.
        everything: Also show checks that had nothing to look at.
    """
    lines = []
    for outcome in outcomes:
        if outcome.status is Status.NOT_NEEDED and not everything:
            continue
        status = _coloured(f"{outcome.status:<11}", _COLOURS[outcome.status])
        reason = f" ({outcome.reason})" if outcome.reason else ""
        lines.append(f"{outcome.check.code}  {status}  {outcome.check.meaning}{reason}")
        lines += [f"{'':20}{problem}" for problem in outcome.problems]
        if outcome.problems:
            lines += [f"{'':20}-> {outcome.check.cure}", f"{'':20}   {outcome.check.documentation}"]
    return "\n".join(lines)


def summary(outcomes: Iterable[Outcome]) -> str:
    """Return how many checks ended in which way, in one line."""
    ended = [outcome.status for outcome in outcomes]
    return ", ".join(f"{ended.count(status)} {status}" for status in Status if status in ended)


def as_json(cluster: str, region: str, outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes for a machine."""
    members = [
        {
            "code": outcome.check.code,
            "status": outcome.status,
            "severity": outcome.check.severity,
            "meaning": outcome.check.meaning,
            "problems": outcome.problems,
            "cure": outcome.check.cure,
            "documentation": outcome.check.documentation,
            "reason": outcome.reason,
        }
        for outcome in outcomes
    ]
    failed = any(member["status"] is Status.FAILED for member in members)
    return json.dumps({"cluster": cluster, "region": region, "failed": failed, "checks": members}, indent=2)


def page() -> str:
    """Return the page of the documentation that lists all checks, as Markdown."""
    parts = [_INTRODUCTION]
    for subject, checks in groupby(CHECKS, key=lambda check: check.code[2]):
        parts.append(f"\n## {_SUBJECTS[subject]}\n\n{_HEADER}")
        parts += [_row(check) for check in checks]
    return "".join(parts)


def _row(check: Check[Any]) -> str:
    cells = (
        f"[{check.code}]({check.documentation})",
        check.meaning,
        "fails" if check.severity is Severity.FAILS else "warns",
        check.cure,
        ", ".join(f"`{action}`" for action in check.asks),
        check.unseen,
    )
    return f"| {' | '.join(cells)} |\n"


def _coloured(text: str, code: str) -> str:
    wanted = (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")
    return f"\x1b[{code}m{text}\x1b[0m" if wanted else text
