"""A stack as it stands: status, resources, events."""

from __future__ import annotations

import secrets
import string
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.cloudformation.change_set import ChangeSet
    from local_aws.cloudformation.custom_resources import Invocation
    from local_aws.cloudformation.signals import Signals
    from local_aws.cloudformation.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a stack's history."""

    event_id: str
    timestamp: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    properties: Mapping[str, Any] | None
    token: str | None
    operation_id: str


@dataclass(slots=True, kw_only=True)
class Resource:
    """A resource of a stack, as it stands."""

    logical_id: str
    type: str
    physical_id: str | None = None
    #: What it was last asked to be, resolved.
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    #: The logical ids that it mentioned when it was made.
    dependencies: set[str] = field(default_factory=set)
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "CREATE_IN_PROGRESS"
    status_reason: str | None = None
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: An update of it failed or was cancelled: what it is now is not known.
    unsettled: bool = False


class Stack:
    """A stack. Its parts are read freely; statuses change through `record`, under its lock."""

    def __init__(self, name: str, *, region: str, account: str, partition: str) -> None:
        """A stack that has nothing yet, in review."""
        self.name = name
        self.id = f"arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{uuid.uuid4()}"
        self._itself = Resource(logical_id=name, type="AWS::CloudFormation::Stack", physical_id=self.id)
        self.status = "REVIEW_IN_PROGRESS"
        self.status_reason: str | None = None
        self.created = datetime.now(UTC)
        self.updated: datetime | None = None
        self.deleted: datetime | None = None
        #: What it is, or is becoming.
        self.target: Target | None = None
        #: What it was when it was last whole: a failed update goes back to it.
        self.settled: Target | None = None
        self.resources: dict[str, Resource] = {}
        #: What an update has replaced, by logical id: deleted when it succeeds, taken back into use when it does not.
        self.superseded: dict[str, Resource] = {}
        #: Replacements that did not come to be used.
        self.leftovers: list[Resource] = []
        self.outputs: list[dict[str, str]] = []
        self.change_sets: dict[str, ChangeSet] = {}
        self.change_set_id: str | None = None
        self.events: list[Event] = []
        self.invocations: list[Invocation] = []
        self.signals: dict[str, Signals] = {}
        self.termination_protection = False
        self.disable_rollback = False
        self.role_arn: str | None = None
        self.capabilities: list[str] = []
        self.notification_arns: list[str] = []
        self.rollback_configuration: dict[str, Any] = {}
        self.token: str | None = None
        self.operation_id = str(uuid.uuid4())
        self.lock = threading.RLock()
        self.idle = threading.Event()
        self.idle.set()

    @property
    def in_progress(self) -> bool:
        """Whether an operation runs."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def exists(self) -> bool:
        """Whether the stack can still be found by its name."""
        return self.status != "DELETE_COMPLETE"

    def begin(self, token: str | None) -> None:
        """A new operation starts: its events carry this token."""
        self.token = token
        self.operation_id = str(uuid.uuid4())
        self.signals.clear()
        self.idle.clear()

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Change the stack's own status, with an event."""
        with self.lock:
            self.status, self.status_reason = status, reason
            self._add(self._itself, status, reason)

    def record(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Change a resource's status, with an event."""
        with self.lock:
            resource.status, resource.status_reason = status, reason
            resource.timestamp = self._add(resource, status, reason)

    def _add(self, subject: Resource, status: str, reason: str | None) -> datetime:
        own = subject is self._itself
        event = Event(
            event_id=str(uuid.uuid4()) if own else f"{subject.logical_id}-{status}-{uuid.uuid4()}",
            timestamp=self._now(),
            logical_id=subject.logical_id,
            physical_id=subject.physical_id or "",
            type=subject.type,
            status=status,
            reason=reason,
            properties=None if own else subject.properties,
            token=self.token,
            operation_id=self.operation_id,
        )
        self.events.append(event)
        return event.timestamp

    def _now(self) -> datetime:
        """No two events at the same millisecond: clients sort by it."""
        now = datetime.now(UTC)
        return max(now, self.events[-1].timestamp + timedelta(milliseconds=1)) if self.events else now


def generated_name(stack: str, logical_id: str, *, limit: int) -> str:
    """A physical name as CloudFormation makes it: stack, logical id and a random part, cut to the limit."""
    random = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    room = limit - len(random) - 2
    if len(stack) + len(logical_id) > room:
        half = room // 2
        stack = stack[: max(half, room - len(logical_id))]
        logical_id = logical_id[: room - len(stack)]
    return f"{stack}-{logical_id}-{random}"
