"""The function in a process of its own, from the files of its asset: what a cold start on Lambda meets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from windows_nodegroup.function_asset import function_files

_PROGRAM = """
import json, sys, time
class Context:
    end = time.monotonic() + float(sys.argv[1])
    def get_remaining_time_in_millis(self):
        return int((self.end - time.monotonic()) * 1000)
from handler.index import handler
handler(json.load(sys.stdin), Context())
"""


def make_asset(directory: Path) -> Path:
    """Lay out the function's files as Lambda unpacks them."""
    for path, content in function_files().items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return directory


def run(
    asset: Path, event: dict[str, Any], *, seconds: float = 30, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Let an interpreter run the function once on an event; with the environment of this process."""
    environment = {**os.environ, "PYTHONPATH": str(Path(yaml.__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [python, "-c", _PROGRAM, str(seconds)],
        check=False,
        input=json.dumps(event),
        capture_output=True,
        text=True,
        cwd=asset,
        env=environment,
        timeout=seconds + 30,
    )


def interpreter(version: str) -> str | None:
    """Return an interpreter of this version, if there is one."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")
