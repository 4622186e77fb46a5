"""One resource's turn in a deployment: the means that a resource class is handed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.errors import Cancelled, ResourceFailed
from local_aws.cloudformation.failures import is_missing
from local_aws.cloudformation.resources.kind import Made
from local_aws.cloudformation.signals import Launch, Signals
from local_aws.cloudformation.stack import generated_name
from local_aws.cloudformation.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.aws import Aws
    from local_aws.cloudformation.custom_resources import CustomResources
    from local_aws.cloudformation.stack import Resource, Stack
    from local_aws.cloudformation.values import Value


@dataclass(slots=True)
class Means:
    """What all deployments share."""

    aws: Aws
    custom_resources: CustomResources
    #: Boots instances; None leaves them dead, so that nobody signals.
    on_launch: Callable[[Launch], None] | None
    #: Multiplies every time for which signals are waited.
    patience: float = 1.0
    #: Set when the local AWS ends: nobody waits for anything any more.
    ending: threading.Event = field(default_factory=threading.Event)
    #: Other stacks' exports by name, and the stacks that use one.
    exports: Callable[[Stack], Mapping[str, str]] = field(default=lambda _: {})
    importers: Callable[[str], list[str]] = field(default=lambda _: [])


class StackTask:
    """See `resources.kind.Task`."""

    def __init__(self, stack: Stack, resource: Resource, means: Means, cancelled: threading.Event) -> None:
        """A turn of `resource`, in the state that is wanted of it."""
        self.logical_id = resource.logical_id
        self.physical_id = resource.physical_id
        self.properties = resource.properties
        self.old_properties: dict[str, Any] = {}
        self.creation_policy: dict[str, Any] = {}
        self.update_policy: dict[str, Any] = {}
        self.stack_id, self.stack_name = stack.id, stack.name
        self.region, self.account = means.aws.region, means.aws.account
        self.partition, self.url_suffix = means.aws.partition, means.aws.url_suffix
        self._stack = stack
        self._resource = resource
        self._means = means
        self._cancelled = cancelled

    def call(self, service: str, operation: str, /, **arguments: Value) -> Value:
        """Call AWS."""
        return self._means.aws.call(service, operation, **arguments)

    def call_if_there(self, service: str, operation: str, /, **arguments: Value) -> Value:
        """Call AWS; None when it does not find the thing."""
        try:
            return self.call(service, operation, **arguments)
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def name(self, *, limit: int = 255) -> str:
        """A new physical name."""
        return generated_name(self.stack_name, self.logical_id, limit=limit)

    def initiated(self, physical_id: str) -> None:
        """The resource exists from here on."""
        if self._resource.physical_id is None:
            self._resource.physical_id = self.physical_id = physical_id
            self._stack.record(self._resource, self._resource.status, "Resource creation Initiated")

    def progress(self, reason: str) -> None:
        """Add an event."""
        self._stack.record(self._resource, self._resource.status, reason)

    def until(self, ready: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
        """Wait until `ready` holds."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() >= deadline:
                raise ResourceFailed(otherwise)
            if self._cancelled.wait(0.05):
                raise Cancelled

    def invoke(self, request_type: str) -> Made:
        """Send a custom resource's request and wait for the answer."""
        request: dict[str, Any] = {
            "RequestType": request_type,
            "StackId": self.stack_id,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self._resource.type,
            "ResourceProperties": self.properties,
        }
        if request_type != "Create":
            request["PhysicalResourceId"] = self.physical_id
        if request_type == "Update":
            request["OldResourceProperties"] = self.old_properties
        if "ServiceToken" not in self.properties:
            raise ResourceFailed("Invalid service token.")
        answer = self._means.custom_resources.invoke(request, self._cancelled, self._stack.invocations.append)
        data = answer.get("Data") or {}
        attributes = {key: value if isinstance(value, dict | list) else as_text(value) for key, value in data.items()}
        return Made(answer["PhysicalResourceId"], attributes)

    def launched(self, group: str, instance_ids: list[str], *, signals: int, seconds: float, percent: int) -> None:
        """Let instances boot, and wait for their signals."""
        received = Signals(self.progress if signals else lambda _: None)
        if signals:
            self._stack.signals[self.logical_id] = received
        if self._means.on_launch is not None and instance_ids:
            launch = Launch(
                stack_name=self.stack_name,
                logical_id=self.logical_id,
                group=group,
                instance_ids=tuple(instance_ids),
                signal=lambda instance, success: received.receive(instance, success=success),
            )
            threading.Thread(target=self._means.on_launch, args=(launch,), name=f"boot-{group}", daemon=True).start()
        if signals:
            received.wait(signals, seconds=seconds * self._means.patience, percent=percent, cancelled=self._cancelled)
