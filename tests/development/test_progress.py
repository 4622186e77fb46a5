"""Tests of how the developer's commands show progress and failures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from development import progress

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_command_says_what_it_printed_last_and_how_it_ended(tmp_path: Path) -> None:
    """The reason of a failure is in the command's last lines, so the error carries them."""
    script = "import sys; print('no matching distribution'); sys.exit(3)"
    with pytest.raises(progress.CommandFailed) as raised:
        progress.run([sys.executable, "-c", script], cwd=tmp_path)
    lines = str(raised.value).splitlines()
    assert lines[0] == "no matching distribution"
    assert lines[1].endswith("ended with exit status 3")


def test_a_successful_command_is_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a command prints is not shown when it succeeds at once."""
    progress.run([sys.executable, "-c", "print('noise')"], cwd=tmp_path)
    assert capsys.readouterr().out == ""


def test_a_long_command_shows_that_it_still_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of a command that takes its time is shown while it runs, also outside a terminal."""
    monkeypatch.setattr(progress, "_PATIENCE", 0.1)
    script = "import time; print('Collecting aws-cdk-lib', flush=True); time.sleep(1)"
    progress.run([sys.executable, "-c", script], cwd=tmp_path)
    assert "Collecting aws-cdk-lib" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, "text"), ({"FORCE_COLOR": "1"}, "\x1b[31mtext\x1b[0m"), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "text")],
)
def test_colours_are_for_terminals_and_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    """A pipe gets plain text unless FORCE_COLOR is set, and NO_COLOR always wins."""
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert progress.colour("text", "31") == expected
