"""What a check of one room finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windows_nodegroup.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable


def codes(check: Callable[[Problems], None]) -> list[str]:
    """The codes of what `check` finds: errors, then warnings."""
    problems = Problems()
    check(problems)
    return [problem.code for problem in (*problems.errors, *problems.warnings)]


def texts(check: Callable[[Problems], None]) -> list[str]:
    """What `check` finds, as the user reads it."""
    problems = Problems()
    check(problems)
    return [str(problem) for problem in (*problems.errors, *problems.warnings)]
