"""The operators' commands in processes of their own, whose standard streams may be closed, full or broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes and breaks the streams")

_FULL = Path("/dev/full")
_UPSERT = ("aws-auth", "upsert", "-", "--role-arn", "arn:aws:iam::111122223333:role/windows")
_MANIFEST = json.dumps({"kind": "ConfigMap", "data": {"mapRoles": "#" * 1_000_000}})
_NO_SPACE = "[Errno 28] No space left on device\n"


def _shell(
    redirection: str, *arguments: str, given: str = _MANIFEST, unbuffered: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command with its streams as a shell redirects them."""
    return subprocess.run(
        ["/bin/bash", "-c", f'"$0" -m windows_nodegroup "$@" {redirection}', sys.executable, *arguments],
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )


@pytest.mark.parametrize(
    ("arguments", "status"), [(_UPSERT, 1), (("aws-auth", "read", "-"), 1), (("rbac",), 1), (("check", "--list"), 2)]
)
def test_standard_output_is_closed(arguments: tuple[str, ...], status: int) -> None:
    """Every command says so, with the status of a command that cannot work like this."""
    done = _shell(">&-", *arguments)
    assert (done.returncode, done.stderr) == (
        status,
        f"{arguments[0]}: standard output is closed: redirect it to a file, or to /dev/null\n",
    )


@pytest.mark.skipif(not _FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("arguments", "status"), [(_UPSERT, 1), (("rbac",), 1), (("check", "--list"), 2)])
def test_standard_output_is_full(arguments: tuple[str, ...], status: int, unbuffered: str) -> None:
    """The reason is told once, whether Python keeps output back or not."""
    done = _shell(f">{_FULL}", *arguments, unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (status, f"{arguments[0]}: {_NO_SPACE}")


@pytest.mark.skipif(not _FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help_that_cannot_be_written(unbuffered: str) -> None:
    """Help ends like any other output."""
    done = _shell(f">{_FULL}", "aws-auth", "--help", unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (1, f"aws-auth: {_NO_SPACE}")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_seen_enough(unbuffered: str) -> None:
    """A broken pipe ends the command without a word, and not as if everything had been written."""
    done = _shell('| head -c1; exit "${PIPESTATUS[0]}"', *_UPSERT, unbuffered=unbuffered)
    assert (done.returncode, done.stdout, done.stderr) == (1, "{", "")


@pytest.mark.parametrize(("arguments", "status"), [(("rbac",), 1), (("check", "--list"), 2)])
def test_a_reader_who_is_gone(arguments: tuple[str, ...], status: int) -> None:
    """Output that fits into a pipe is lost without a word as well, should nobody be there to read it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        command = [sys.executable, "-m", "windows_nodegroup", *arguments]
        done = subprocess.run(command, stdout=broken, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (status, b"")


def test_standard_input_is_closed() -> None:
    """A command that would read it says so."""
    done = _shell("<&-", *_UPSERT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "aws-auth: standard input is closed: name a FILE, or pipe something in [no-input]\n"


def test_standard_error_is_closed() -> None:
    """What would be said there is lost, and nothing else is."""
    done = _shell("2>&-", "aws-auth", "check", "-", "--json", given="- hello\n")
    assert (done.returncode, len(json.loads(done.stdout)["problems"])) == (1, 1)
    assert _shell("2>&-", "aws-auth", "read", "nowhere.yaml").returncode == 1


def test_output_is_utf_8_whatever_the_terminal_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the locale's encoding lacks comes out all the same."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = _shell("", "rbac", "--group", "müller")
    assert (done.returncode, done.stderr) == (0, "")
    assert "name: müller\n" in done.stdout
