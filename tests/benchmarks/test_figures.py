"""Tests of how figures are taken and printed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial

from benchmarks import function
from benchmarks.measurement import paired
from development.environment import ROOT


def test_a_paired_figure_is_beside_its_floor() -> None:
    """Work that takes twice as long as its floor has a ratio of about two."""
    figure = paired("example", partial(time.sleep, 0.04), partial(time.sleep, 0.02), rounds=3)
    assert figure.floor is not None
    assert figure.ratio is not None
    assert figure.value > figure.floor
    assert 1.2 < figure.ratio < 3
    assert (figure.name, figure.unit) == ("example", "s")


def test_the_asset_is_small() -> None:
    """The zipped asset stays under 100 KB."""
    (figure,) = function.asset()
    assert figure.name == "function/asset-bytes"
    assert 10_000 < figure.value < 100_000


def test_json_is_for_machines() -> None:
    """Standard output is a JSON list of figures, and a name selects those that begin with it."""
    completed = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--json", "function/asset"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    (figure,) = json.loads(completed.stdout)
    assert sorted(figure) == ["floor", "name", "ratio", "unit", "value"]
    assert (figure["name"], figure["unit"], figure["floor"]) == ("function/asset-bytes", "bytes", None)
