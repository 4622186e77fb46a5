"""The time that an invocation may spend: every connection, read, pause and retry asks here first."""

from __future__ import annotations

import random
import time

from .failures import OutOfTime


class Deadline:
    """The end of the work, on the monotonic clock.

    Attributes:
        doing: What the work is at, for the message when the time runs out: `waiting for …`.
        trouble: What it has met on the way, for the same message: `attempt 2 of … ended with HTTP 409`; or nothing.
    """

    def __init__(self, seconds: float) -> None:
        """Start counting: the work ends in `seconds`."""
        self._end = time.monotonic() + seconds
        self.doing = "starting"
        self.trouble = ""

    def remaining(self) -> float:
        """Return the seconds that are left, 0 when none are."""
        return max(0.0, self._end - time.monotonic())

    def leaving(self, seconds: float) -> Deadline:
        """Return an earlier deadline, which leaves `seconds` for what comes after it, but at most half of the time."""
        remaining = self.remaining()
        return Deadline(remaining - min(seconds, remaining / 2))

    def sooner(self, seconds: float) -> Deadline:
        """Return a deadline in `seconds`, or when this one comes if that is first."""
        return Deadline(min(seconds, self.remaining()))

    def limit(self, seconds: float) -> float:
        """Return `seconds`, or less if the deadline comes first.

        Raises:
            OutOfTime: Nothing is left.
        """
        remaining = self.remaining()
        if remaining <= 0:
            raise self.out_of_time()
        return min(seconds, remaining)

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            OutOfTime: The pause would last beyond the deadline, so there is no use in it.
        """
        if seconds >= self.remaining():
            raise self.out_of_time()
        time.sleep(seconds)

    def out_of_time(self) -> OutOfTime:
        """Return the failure to raise when the deadline has come."""
        return OutOfTime(f"{self.doing} ({self.trouble})" if self.trouble else self.doing)


class Backoff:
    """Growing pauses with full jitter, so that many writers who collided do not meet again.

    The method of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """

    def __init__(self, first: float, longest: float) -> None:
        """Draw the first pause from 0 to `first` seconds, the next from twice that, up to `longest`."""
        self._ceiling = first
        self._longest = longest

    def next(self) -> float:
        """Return the next pause in seconds."""
        ceiling, self._ceiling = self._ceiling, min(self._longest, self._ceiling * 2)
        return random.uniform(0, ceiling)  # noqa: S311 — spreads writers, protects nothing


class Patience:
    """How long a trouble that passes in most cases is endured; the time counts from when it first shows."""

    def __init__(self, seconds: float) -> None:
        """Endure the trouble for `seconds`."""
        self._seconds = seconds
        self._end: float | None = None

    def is_over(self) -> bool:
        """Tell, when the trouble shows, whether it has lasted too long."""
        now = time.monotonic()
        self._end = self._end or now + self._seconds
        return now >= self._end
