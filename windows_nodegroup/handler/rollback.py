"""Whether a stack is being rolled back: then nothing may fail, because a failure would strand it half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import log
from .aws import AwsError, Session
from .failures import Failure
from .query import query

if TYPE_CHECKING:
    from .cloudformation import Request
    from .deadline import Deadline

#: How long CloudFormation may take to tell, in seconds.
SECONDS = 10.0


def stack_status(request: Request, deadline: Deadline) -> str:
    """Return the stack's status, such as `UPDATE_ROLLBACK_IN_PROGRESS`; empty if it cannot be known."""
    session = Session.of_function(deadline.sooner(SECONDS))
    parameters = {"StackName": request.stack_id}
    try:
        answer = query(session, "cloudformation", "DescribeStacks", parameters, settling=False)
    except (AwsError, Failure) as error:
        log.warning("the stack's status is unknown", outcome=str(error))
        return ""
    return answer.findtext(".//StackStatus") or ""


def is_rollback(status: str) -> bool:
    """Whether a stack of this status is being rolled back."""
    return "ROLLBACK" in status


def forgive(failure: Failure, status: str) -> str:
    """Return a failure as a warning where it may stand in the way of a rollback.

    Raises:
        Failure: The stack is known not to be rolled back.
    """
    if status and not is_rollback(status):
        raise failure
    log.warning("not failed, because this is or may be a rollback", stack_status=status, reason=failure.reason())
    return failure.reason()
