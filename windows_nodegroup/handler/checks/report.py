"""What came out of the checks, in the words that CloudFormation and an operator get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .check import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .check import Outcome

#: What an answer to CloudFormation has room for, beside the ids in it.
REASON_BYTES = 3000


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of all checks that were made, in the order of their codes."""

    outcomes: tuple[Outcome, ...]

    def having(self, *statuses: Status) -> tuple[Outcome, ...]:
        """Return the outcomes that ended in one of these ways."""
        return tuple(outcome for outcome in self.outcomes if outcome.status in statuses)

    @property
    def failed(self) -> bool:
        """Whether a deployment must not go on."""
        return bool(self.having(Status.FAILED))

    def reason(self) -> str:
        """Return why it must not: the codes of all failures, then each with its cure and the page that says more."""
        failures = self.having(Status.FAILED)
        codes = ", ".join(outcome.check.code for outcome in failures)
        lines = [f"{message} {one.check.documentation}" for one in failures for message in one.messages()]
        return _fitting([f"preflight failed: {codes}", *lines], REASON_BYTES)

    def warnings(self, *, with_failures: bool = False) -> str:
        """Return what somebody should look at, one warning a line, and which checks could not be made; or `none`.

        Args:
            with_failures: Also say what failed, where that does not stop anything.
        """
        told = self.having(Status.FAILED, Status.WARNED) if with_failures else self.having(Status.WARNED)
        lines = [message for one in told for message in one.messages()]
        blind: dict[str, list[str]] = {}
        for outcome in self.having(Status.NOT_CHECKED):
            blind.setdefault(outcome.reason, []).append(outcome.check.code)
        lines += [f"not checked: {', '.join(codes)} ({reason})" for reason, codes in blind.items()]
        return _fitting(lines, REASON_BYTES) or "none"


def _fitting(lines: Sequence[str], limit: int) -> str:
    """Join as many whole lines as fit, and say how many more there are; the first is shown in any case."""
    text = ""
    for shown, line in enumerate(lines):
        rest = f"… and {len(lines) - shown} more in the function's log"
        longer = f"{text}\n{line}" if text else line
        is_last = shown == len(lines) - 1
        if text and len(longer.encode()) + (0 if is_last else len(rest.encode()) + 1) > limit:
            return f"{text}\n{rest}"
        text = longer
    return text
