"""Long work shows progress: steps with their times, and a command's last line while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: Seconds between two lines about a command that still runs, where the output is no terminal.
_PATIENCE = 15
_LINES_KEPT = 60


class CommandFailed(Exception):  # noqa: N818 - it says what happened, as in "except CommandFailed"
    """A command ended with an exit status other than 0."""

    def __init__(self, command: Sequence[str], status: int, last_lines: Sequence[str]) -> None:
        """Keep what the command printed last: the reason is in there."""
        super().__init__("\n".join([*last_lines, f"`{' '.join(command)}` ended with exit status {status}"]))


def colour(text: str, code: str) -> str:
    """`text` in an ANSI colour where the output is a terminal or FORCE_COLOR is set, unless NO_COLOR is set."""
    wanted = sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))
    return f"\x1b[{code}m{text}\x1b[0m" if wanted and not os.environ.get("NO_COLOR") else text


def say(text: str = "") -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and afterwards how long it took."""
    say(colour(f"▸ {what}", "1;36"))
    start = time.monotonic()
    yield
    say(colour(f"  {time.monotonic() - start:.1f} s", "2"))


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command; show its last line while it runs, and everything that it printed last if it fails.

    Raises:
        CommandFailed: the exit status was not 0.
    """
    kept: deque[str] = deque(maxlen=_LINES_KEPT)
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    done = threading.Event()
    watcher = threading.Thread(target=_report, args=(kept, done), daemon=True)
    watcher.start()
    try:
        for line in process.stdout or ():
            kept.append(line.rstrip())
        status = process.wait()
    finally:
        process.kill()
        done.set()
        watcher.join()
    if status:
        raise CommandFailed(command, status, kept)


def _report(lines: deque[str], done: threading.Event) -> None:
    terminal = sys.stdout.isatty()
    start = time.monotonic()
    while not done.wait(0.5 if terminal else _PATIENCE):
        last = lines[-1].strip() if lines else ""
        text = f"  {time.monotonic() - start:.0f} s  {last[:100]}"
        if terminal:
            sys.stdout.write(f"\r\x1b[2K{text}")
            sys.stdout.flush()
        else:
            say(text)
    if terminal:
        sys.stdout.write("\r\x1b[2K")
        sys.stdout.flush()
