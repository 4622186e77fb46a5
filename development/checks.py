"""Everything that must hold before a change lands: lint, types, the import wall, the tests. All failures at once."""

from __future__ import annotations

import subprocess
import sys

from development.environment import ROOT
from development.progress import colour, say, step

_CHECKS = {
    "lint (ruff check)": ["-m", "ruff", "check", "."],
    "format (ruff format)": ["-m", "ruff", "format", "--check", "."],
    "the import wall (import-linter)": ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
    "types (mypy)": ["-m", "mypy"],
    "types of the function (basedpyright)": ["-m", "basedpyright"],
}


def main(arguments: list[str]) -> int:
    """Run every check, then the tests with pytest's `arguments`; 1 if anything failed, with its name at the end."""
    failed = [name for name, command in _CHECKS.items() if not _passes(name, command)]
    if not _passes("tests (pytest)", ["-m", "pytest", "--numprocesses=auto", "--dist=loadgroup", *arguments]):
        failed.append("tests (pytest)")
    for name in failed:
        say(colour(f"✗ {name}", "1;31"))
    return 1 if failed else 0


def _passes(name: str, command: list[str]) -> bool:
    with step(name):
        return subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
