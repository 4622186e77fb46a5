"""What CloudFormation says when something is wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Refused(Exception):  # noqa: N818 - CloudFormation refuses a call; the word says it
    """A call is refused: answered to the caller with CloudFormation's error code and text."""

    def __init__(self, message: str, *, code: str = "ValidationError", status: int = HTTPStatus.BAD_REQUEST) -> None:
        """Keep the code that clients look at beside the text that people read."""
        super().__init__(message)
        self.code = code
        self.status = status


class ResourceFailed(Exception):  # noqa: N818 - the resource failed; the text becomes its status reason
    """A resource could not be created, updated or deleted."""

    def __init__(self, reason: str, *, physical_id: str | None = None) -> None:
        """Keep the physical id, if the failed attempt named one."""
        super().__init__(reason)
        self.physical_id = physical_id


class Cancelled(Exception):  # noqa: N818 - not an error of this resource
    """A resource stopped waiting because another one failed."""


def stack_not_found(name: str) -> Refused:
    """The text that the CDK CLI compares literally."""
    return Refused(f"Stack with id {name} does not exist")


def unresolved(names: Iterable[str], block: str) -> Refused:
    """A template mentions what it does not have."""
    mentioned = ", ".join(sorted(names))
    return Refused(
        f"Template format error: Unresolved resource dependencies [{mentioned}] in the {block} block of the template"
    )


def change_set_not_found(name: str) -> Refused:
    """No such change set."""
    return Refused(f"ChangeSet [{name}] does not exist", code="ChangeSetNotFound", status=HTTPStatus.NOT_FOUND)
