"""`python -m benchmarks [--json] [NAME …]`: measure; a NAME selects the figures that begin with it."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks import aws_auth, function, synthesis, writers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measurement import Figure

#: The prefix of the figures' names, and what measures them.
_MEASUREMENTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "synth/": synthesis.speed,
    "template/": synthesis.resources,
    "import/": synthesis.imports,
    "function/asset-": function.asset,
    "function/cold-start": function.cold_start,
    "function/peak-memory": function.peak_memory,
    "aws-auth/edit-": aws_auth.edits,
    "aws-auth/writers-": writers.writers,
}


def main() -> int:
    """Measure what is selected and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a JSON list, for machines")
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginnings of figures' names; none: all")
    arguments = parser.parse_args()
    logging.disable()  # the function's log: what it decides is not measured here
    figures = []
    for figure in _measure(arguments.names):
        print(_row(figure), file=sys.stderr if arguments.json else sys.stdout, flush=True)
        figures.append(figure)
    if arguments.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
    return 0


def _measure(names: list[str]) -> Iterator[Figure]:
    for prefix, measurement in _MEASUREMENTS.items():
        if not names or any(prefix.startswith(name) or name.startswith(prefix) for name in names):
            yield from (figure for figure in measurement() if not names or figure.name.startswith(tuple(names)))


def _row(figure: Figure) -> str:
    beside = "" if figure.floor is None else f"   floor {figure.floor:.4g}   ratio {figure.ratio:.2f}"
    return f"{figure.name:28} {figure.value:10.4g} {figure.unit}{beside}"


if __name__ == "__main__":
    sys.exit(main())
