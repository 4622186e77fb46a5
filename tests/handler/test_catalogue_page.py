"""The page of cases and the tests of cases speak of the same ones."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_PAGE = _HERE.parents[1] / "docs" / "aws-auth.md"


def test_every_case_has_a_row_and_a_test() -> None:
    """Each case has one row of the page, and its id begins the name of a test: `test_c07_…` for C7."""
    rows = re.findall(r"^\| ([CDPT]\d+) \|", _PAGE.read_text("utf-8"), re.MULTILINE)
    tests = "\n".join(file.read_text("utf-8") for file in _HERE.glob("test_*.py"))
    ids = "".join(re.findall(r"^def test_((?:[cdpt]\d\d_)+)", tests, re.MULTILINE))
    tested = {f"{letter.upper()}{int(number)}" for letter, number in re.findall(r"([cdpt])(\d\d)_", ids)}
    assert len(rows) == len(set(rows))
    assert set(rows) == tested
    assert len(tested) == 33 + 15 + 10 + 4
