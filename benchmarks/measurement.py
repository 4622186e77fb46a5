"""A figure, and how two commands are timed fairly: in turn, so that a machine whose speed drifts slows both."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from development.environment import ROOT, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; `floor` is what the same run needed at the least, `ratio` the value over the floor."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None


def paired(name: str, subject: Callable[[], object], floor: Callable[[], object], *, rounds: int = 5) -> Figure:
    """Time `subject` and `floor` in turn after one warm-up of each; the medians, and the pairs' median ratio."""
    subject()
    floor()
    pairs = [(seconds(subject), seconds(floor)) for _ in range(rounds)]
    return Figure(
        name=name,
        value=statistics.median(value for value, _ in pairs),
        unit="s",
        floor=statistics.median(least for _, least in pairs),
        ratio=statistics.median(value / least for value, least in pairs),
    )


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Callable[[], object]:
    """A whole process as work to be timed; it must succeed.

    Its Python keeps what it compiles, as it does by default, whatever is set here: pip compiles what it installs, so
    neither side is ever compiled again on a user's machine.
    """
    complete = {**variables(), **(environment or {})}
    complete.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> None:
        subprocess.run(command, cwd=ROOT, env=complete, check=True, capture_output=True)

    return run
