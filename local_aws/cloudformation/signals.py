"""Signals that instances send, and waiting for them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_aws.cloudformation.errors import Cancelled, ResourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Launch:
    """Instances that an Auto Scaling group of a stack has launched: it is time to boot them."""

    stack_name: str
    logical_id: str
    group: str
    instance_ids: tuple[str, ...]
    #: `signal(instance_id, success)`: what cfn-signal on the instance would send.
    signal: Callable[[str, bool], None]


class Signals:
    """The signals of one resource during one operation. A second signal of the same instance is ignored."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        """`progress` takes a text for the stack's events."""
        self._received: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._progress = progress

    def receive(self, unique_id: str, *, success: bool) -> None:
        """Note a signal."""
        with self._changed:
            if unique_id not in self._received:
                self._received[unique_id] = success
                self._progress(f"Received {'SUCCESS' if success else 'FAILURE'} signal with UniqueId {unique_id}")
                self._changed.notify_all()

    def wait(self, count: int, *, seconds: float, percent: int, cancelled: threading.Event) -> None:
        """Wait for `count` signals, of which `percent` must be successes.

        Raises:
            ResourceFailed: too many failures, or not enough signals in time.
            Cancelled: another resource failed in the meantime.
        """
        needed = -(-count * percent // 100)
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                successes = sum(self._received.values())
                failures = len(self._received) - successes
                if successes >= needed and len(self._received) >= count:
                    return
                requirement = f"out of {count}.  Unable to satisfy {percent}% MinSuccessfulInstancesPercent requirement"
                if failures > count - needed:
                    raise ResourceFailed(f"Received {failures} FAILURE signal(s) {requirement}")
                left = deadline - time.monotonic()
                if left <= 0:
                    missing = count - len(self._received)
                    self._progress(
                        f"Failed to receive {missing} resource signal(s) for the current batch.  "
                        "Each resource signal timeout is counted as a FAILURE."
                    )
                    if successes >= needed:
                        return
                    raise ResourceFailed(f"Received {successes} SUCCESS signal(s) {requirement}")
                if cancelled.is_set():
                    raise Cancelled
                self._changed.wait(min(left, 0.05))
