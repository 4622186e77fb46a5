"""Makes the checks: waits for the cluster, then asks everything else at the same time."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING

from .aws import NotFoundError
from .catalogue import AWS_CHECKS, CLUSTER_CHECKS, GATES
from .check import Outcome, Status
from .cluster import PASSING
from .facts import Facts
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .aws import Answer, Aws
    from .check import Check, Subject
    from .declared import Declared
    from .in_cluster import ClusterFacts

#: The checks wait for AWS, not for the processor; more would not be faster, because they share what they ask.
_AT_ONCE = 8


def look_up(declared: Declared, aws: Aws, region: str, *, pause: Callable[[], bool] = lambda: False) -> Facts:
    """Describe the cluster, as long as it is on its way to ACTIVE again and again.

    Args:
        declared: What is to be checked.
        aws: Whom to ask.
        region: Where that is.
        pause: Waits a while before the next look; `False`: there is no time for one.

    Raises:
        NotCheckedError: EKS refuses to describe it, or is out of reach.
    """
    while True:
        cluster = _describe(declared.cluster_name, aws)
        if cluster.get("status") not in PASSING or not pause():
            return Facts(declared=declared, aws=aws, region=region, cluster=cluster)


def check_aws(facts: Facts, *, report: Callable[[Outcome], None] = lambda _: None) -> Report:
    """Ask AWS everything that does not need the Kubernetes API.

    Args:
        facts: What is to be checked.
        report: Hears of each outcome as soon as it is known.
    """
    gates = [check.run(facts) for check in GATES[: 2 if facts.cluster else 1]]
    for outcome in gates:
        report(outcome)
    if any(outcome.status is not Status.PASSED for outcome in gates):
        return Report(tuple(gates))
    rest = _run(AWS_CHECKS, facts, facts.declared.acknowledged, report)
    return Report((*gates, *rest))


def check_cluster(facts: ClusterFacts, *, report: Callable[[Outcome], None] = lambda _: None) -> Report:
    """Ask the Kubernetes API what AWS does not know, one after another: they share one connection.

    Args:
        facts: What is to be checked.
        report: Hears of each outcome as soon as it is known.
    """
    return Report(_run(CLUSTER_CHECKS, facts, (), report, at_once=1))


def _run(
    checks: Sequence[Check[Subject]],
    subject: Subject,
    acknowledged: Sequence[str],
    report: Callable[[Outcome], None],
    *,
    at_once: int = _AT_ONCE,
) -> tuple[Outcome, ...]:
    ended: SimpleQueue[Outcome] = SimpleQueue()
    turn = Semaphore(at_once)

    def work(check: Check[Subject]) -> None:
        with turn:
            ended.put(_outcome(check, subject))

    for check in checks:
        # Daemons, unlike the threads of a pool: an operator who has seen enough need not wait for them.
        Thread(target=copy_context().run, args=(work, check), daemon=True).start()
    outcomes = []
    for _ in checks:
        outcome = ended.get()
        if outcome.status is Status.FAILED and outcome.check.code in acknowledged:
            outcome = replace(outcome, status=Status.WARNED)
        report(outcome)
        outcomes.append(outcome)
    return tuple(sorted(outcomes, key=lambda outcome: outcome.check.code))


def _outcome(check: Check[Subject], subject: Subject) -> Outcome:
    try:
        return check.run(subject)
    except Exception as error:  # noqa: BLE001 — a mistake in a check must not stop a deployment
        return Outcome(check, Status.NOT_CHECKED, reason=f"unexpected {type(error).__name__}")


def _describe(name: str, aws: Aws) -> Answer:
    try:
        cluster: Answer = aws.ask_again("eks:DescribeCluster", name=name)["cluster"]
    except NotFoundError:
        return {}
    return cluster
