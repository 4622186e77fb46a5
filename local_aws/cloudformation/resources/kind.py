"""What a resource type must say and do to be deployable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.values import Value


@dataclass(frozen=True, slots=True)
class Made:
    """What came out of creating or updating a resource."""

    #: What `Ref` gives.
    physical_id: str
    #: What `Fn::GetAtt` gives.
    attributes: dict[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """One resource's turn in a deployment: what is wanted, and the means to do it."""

    logical_id: str
    #: None until the resource exists.
    physical_id: str | None
    #: Resolved; absent properties are absent.
    properties: dict[str, Any]
    #: As they were before an update; empty when creating and deleting.
    old_properties: dict[str, Any]
    creation_policy: dict[str, Any]
    update_policy: dict[str, Any]
    stack_id: str
    stack_name: str
    region: str
    account: str
    partition: str
    url_suffix: str

    def call(self, service: str, operation: str, /, **arguments: Value) -> Value:
        """Call AWS. Texts become numbers and booleans where the operation wants such; what is None is left out."""
        ...

    def call_if_there(self, service: str, operation: str, /, **arguments: Value) -> Value:
        """As `call`, but None when AWS does not find the thing."""
        ...

    def name(self, *, limit: int = 255) -> str:
        """A new physical name: stack, logical id and a random part, within the limit."""
        ...

    def initiated(self, physical_id: str) -> None:
        """Say that the resource exists from here on, so that a failure after this removes it."""
        ...

    def progress(self, reason: str) -> None:
        """Add an event with this reason."""
        ...

    def until(self, ready: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
        """Wait until `ready` holds.

        Raises:
            ResourceFailed: not within the time; the text is `otherwise`.
            Cancelled: another resource failed in the meantime.
        """
        ...

    def invoke(self, request_type: str) -> Made:
        """Send a custom resource's request and wait for the answer."""
        ...

    def launched(self, group: str, instance_ids: list[str], *, signals: int, seconds: float, percent: int) -> None:
        """Instances were launched: let them boot, and wait for their signals."""
        ...


class Kind(ABC):
    """A resource type. One object serves all resources of the type; it keeps nothing."""

    #: `AWS::Service::Thing`.
    type: ClassVar[str]
    #: The properties that this implementation honours; any other is refused.
    properties: ClassVar[frozenset[str]]
    required: ClassVar[frozenset[str]] = frozenset()
    #: Properties whose change needs a new resource.
    immutable: ClassVar[frozenset[str]] = frozenset()
    #: The property that names the resource, if a template may choose the name.
    name_property: ClassVar[str | None] = None
    attributes: ClassVar[frozenset[str]] = frozenset()
    #: The parts of creation and update policies that are honoured; any other is refused.
    policies: ClassVar[frozenset[str]] = frozenset()
    #: Attributes that an update in place can change.
    changing_attributes: ClassVar[frozenset[str]] = frozenset()
    #: Whether a stack's own tags go onto it.
    takes_stack_tags: ClassVar[bool] = False
    tags_are_a_mapping: ClassVar[bool] = False
    #: `CAPABILITY_IAM` must be acknowledged.
    needs_iam_capability: ClassVar[bool] = False

    def replaces(self, changed: frozenset[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:  # noqa: ARG002 - for subclasses
        """Whether these changes need a new resource."""
        return bool(changed & self.immutable)

    def refusal(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - for subclasses
        """Why this change is not possible at all; None if it is."""
        return None

    def with_stack_tags(self, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """The properties with the stack's tags added; the resource's own win."""
        if not self.takes_stack_tags or not tags:
            return properties
        if self.tags_are_a_mapping:
            return {**properties, "Tags": {**tags, **properties.get("Tags", {})}}
        own = properties.get("Tags", [])
        taken = {tag["Key"] for tag in own}
        return {
            **properties,
            "Tags": [*own, *({"Key": key, "Value": tags[key]} for key in sorted(tags) if key not in taken)],
        }

    @abstractmethod
    def create(self, task: Task) -> Made:
        """Make the resource."""

    @abstractmethod
    def update(self, task: Task) -> Made:
        """Bring the resource to its new properties."""

    @abstractmethod
    def delete(self, task: Task) -> None:
        """Remove the resource. That AWS does not find it counts as removed."""


def changed_tags(task: Task) -> tuple[list[str], list[dict[str, str]]]:
    """The keys of the tags that an update takes away, and the tags that it sets."""
    old, new = (_tags(properties.get("Tags", [])) for properties in (task.old_properties, task.properties))
    fresh = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
    return sorted(old.keys() - new.keys()), fresh


def change_tags(task: Task, service: str, **about: str) -> None:
    """Bring the tags of something to what is wanted, in a service that has `TagResource` and `UntagResource`."""
    gone, fresh = changed_tags(task)
    if gone:
        task.call(service, "untag_resource", **about, TagKeys=gone)
    if fresh:
        task.call(service, "tag_resource", **about, Tags=fresh)


def _tags(tags: list[dict[str, str]] | dict[str, str]) -> dict[str, str]:
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
