"""What a check is: one question, asked before anything is launched, with a code, a cure and a page that says more."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

#: AWS's guide to EKS, which most checks are taken from.
GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"

Subject = TypeVar("Subject")


class Severity(StrEnum):
    """What a problem does to a deployment."""

    FAILS = "fails"
    """It ends before anything is launched."""
    WARNS = "warns"
    """It goes on; the warning is an output."""


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_CHECKED = "not checked"
    """A permission or a route is missing, so nobody knows."""
    NOT_NEEDED = "not needed"
    """There is nothing to check: what it would look at was not declared, or does not exist."""


class NotCheckedError(Exception):
    """The question cannot be asked or answered; `str()` says why: a permission, a route."""


class NotNeededError(Exception):
    """There is nothing to ask about; `str()` says why."""


class Check(ABC, Generic[Subject]):
    """One question. A subclass's docstring is the statement that holds when the check passes.

    Attributes:
        code: Stable identifier, `PF` and three digits; the first digit is the subject.
        severity: What a problem does to a deployment.
        cure: What to do about a problem, as an imperative.
        documentation: The page that says so.
        unseen: What the check does not see, in one sentence.
        asks: What has to be allowed: IAM actions, or Kubernetes verbs and resources.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]
    cure: ClassVar[str]
    documentation: ClassVar[str]
    unseen: ClassVar[str]
    asks: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def problems(self, subject: Subject) -> Iterable[str]:
        """Yield what is wrong, each with the value found and what was expected; lower case, without a full stop.

        Raises:
            NotCheckedError: It cannot be known.
            NotNeededError: There is nothing to check.
        """

    @property
    def meaning(self) -> str:
        """What holds when the check passes, in one line."""
        return (inspect.getdoc(self) or self.code).partition("\n")[0].removesuffix(".")

    def run(self, subject: Subject) -> Outcome:
        """Ask, and say how it went; never raises for what the check foresees."""
        try:
            problems = tuple(self.problems(subject))
        except NotCheckedError as reason:
            return Outcome(self, Status.NOT_CHECKED, reason=str(reason))
        except NotNeededError as reason:
            return Outcome(self, Status.NOT_NEEDED, reason=str(reason))
        if not problems:
            return Outcome(self, Status.PASSED)
        return Outcome(self, Status.FAILED if self.severity is Severity.FAILS else Status.WARNED, problems)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended.

    Attributes:
        check: Which one.
        status: The result.
        problems: What is wrong; empty unless it failed or warned.
        reason: Why it was not checked or not needed; empty otherwise.
    """

    check: Check[Any]
    status: Status
    problems: tuple[str, ...] = ()
    reason: str = ""

    def messages(self) -> tuple[str, ...]:
        """Each problem with its cure and the code: `subnet subnet-1 … : give subnets of the cluster's VPC [PF202]`."""
        return tuple(f"{problem}: {self.check.cure} [{self.check.code}]" for problem in self.problems)
