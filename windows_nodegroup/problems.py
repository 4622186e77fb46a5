"""What can be wrong with a node group's inputs, and how it is said: all at once, each with its cure and a code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from aws_cdk import Annotations

if TYPE_CHECKING:
    from constructs import IConstruct

WARNING_PREFIX = "windows-nodegroup:"
"""Stands before a rule's code in the id by which a warning is acknowledged: `windows-nodegroup:WNG203`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is checked.

    Attributes:
        code: Stable identifier, `WNG` and three digits; the first digit is the subject.
        severity: `error` stops the synthesis; `warning` is shown and can be acknowledged.
        meaning: One line on what is wrong, in the user's terms.
        cure: What to do about it, as an imperative.
        documentation: The page that says so.
        good: Keyword arguments of `WindowsNodeGroup` that keep the rule, as Python source.
        bad: Keyword arguments that break it.
    """

    code: str
    severity: Literal["error", "warning"]
    meaning: str
    cure: str
    documentation: str
    good: str
    bad: str

    @property
    def warning_id(self) -> str:
        """The id to hand to `Annotations.of(...).acknowledge_warning(...)`."""
        return WARNING_PREFIX + self.code


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    Attributes:
        rule: The rule that is broken.
        finding: What is wrong and the value given; lower case, without a full stop.
    """

    rule: Rule
    finding: str

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.rule.code

    def __str__(self) -> str:
        """What is wrong, the cure and the code: `min_size 5 is greater than max_size 3: raise … [WNG104]`."""
        return f"{self.finding}: {self.rule.cure} [{self.rule.code}]"


class InvalidNodeGroup(ValueError):  # noqa: N818 — named for what is wrong, like Python's own UnicodeError family
    """The inputs of a node group cannot work; the text lists every problem, one a line."""

    def __init__(self, subject: str, problems: tuple[Problem, ...]) -> None:
        """Keep the problems of `subject`, the path of the construct."""
        self.problems = problems
        lines = [f"{subject} has {len(problems)} problem{'s' if len(problems) > 1 else ''}:"]
        lines += [f"  {problem} {problem.rule.documentation}" for problem in problems]
        super().__init__("\n".join(lines))


@dataclass(slots=True)
class Problems:
    """Collects the problems of one construct while its inputs are read.

    Attributes:
        subject: What the inputs describe, for the first line of the error; of a construct that is its path.
    """

    subject: str | IConstruct = "the node group"
    _found: list[Problem] = field(default_factory=list)

    def add(self, rule: Rule, finding: str) -> None:
        """Note that `rule` is broken; `finding` names what is wrong and the value given."""
        problem = Problem(rule, finding)
        if problem not in self._found:
            self._found.append(problem)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the synthesis, in the order of their codes."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that are only unwise, in the order of their codes."""
        return self._of("warning")

    def raise_errors(self) -> None:
        """Raise `InvalidNodeGroup` with all errors, if there are any; warnings do not count."""
        if self.errors:
            subject = self.subject if isinstance(self.subject, str) else self.subject.node.path
            raise InvalidNodeGroup(subject, self.errors)

    def annotate(self, construct: IConstruct) -> None:
        """Attach the warnings to `construct`: the CDK CLI shows each until somebody acknowledges it by its id.

        `Annotations.of(scope).acknowledge_warning("windows-nodegroup:WNG203", "why")` does so, and so does
        `Validations.of(scope).acknowledge(...)`. (`Validations.add_warning` would only hear the second.)
        """
        for problem in self.warnings:
            Annotations.of(construct).add_warning_v2(problem.rule.warning_id, str(problem))

    def _of(self, severity: str) -> tuple[Problem, ...]:
        chosen = [problem for problem in self._found if problem.rule.severity == severity]
        return tuple(sorted(chosen, key=lambda problem: problem.code))
