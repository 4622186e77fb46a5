"""Bringing resources about, and getting rid of them: one pass over a stack."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local_aws.cloudformation import schedule
from local_aws.cloudformation.errors import Cancelled, ResourceFailed
from local_aws.cloudformation.failures import is_missing, reason_of
from local_aws.cloudformation.resources import is_custom, kind_of
from local_aws.cloudformation.stack import Resource, Stack, generated_name
from local_aws.cloudformation.task import Means, StackTask
from local_aws.cloudformation.values import same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from local_aws.cloudformation.resources.kind import Kind, Made
    from local_aws.cloudformation.target import Target
    from local_aws.cloudformation.values import Value


def changed_properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """The names of the properties that differ."""
    return frozenset(name for name in old.keys() | new.keys() if not same(old.get(name), new.get(name)))


class ExistingResources:
    """A stack's resources, for expressions."""

    def __init__(self, resources: Mapping[str, Resource]) -> None:
        """Look at these."""
        self._resources = resources

    def ref(self, logical_id: str) -> str:
        """The physical id."""
        return str(self._resources[logical_id].physical_id)

    def get_att(self, logical_id: str, attribute: str) -> Value:
        """An attribute."""
        resource = self._resources[logical_id]
        if attribute in resource.attributes:
            return resource.attributes[attribute]
        if is_custom(resource.type):
            raise ResourceFailed(
                f"CustomResource attribute error: Vendor response doesn't contain {attribute} attribute"
            )
        raise ResourceFailed(f"Attribute '{attribute}' does not exist on {logical_id}")


class _Cancellation(threading.Event):
    """Set for one deployment, or for all of them because everything ends."""

    def __init__(self, ending: threading.Event) -> None:
        super().__init__()
        self._ending = ending

    def is_set(self) -> bool:
        return super().is_set() or self._ending.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(timeout) or self._ending.is_set()


class Deployment:
    """Works on a stack's resources, in parallel where nothing forbids it. Every step is an event."""

    def __init__(self, stack: Stack, means: Means) -> None:
        """A deployment of this stack."""
        self._stack = stack
        self._means = means
        self._resources = ExistingResources(stack.resources)
        self.cancelled = _Cancellation(means.ending)

    def bring_about(self, target: Target, *, rolling_back: bool = False, skipped: Iterable[str] = ()) -> list[str]:
        """Create and update until the stack's resources are the target's.

        Nothing new starts after a failure, and whoever is waiting stops waiting.

        Returns:
            The logical ids that failed, in the template's order.
        """
        self.cancelled.clear()
        skipped = set(skipped)

        def work(logical_id: str) -> bool:
            if logical_id in skipped:
                self._skip(logical_id, target)
                return True
            return self._guarded(logical_id, target, rolling_back=rolling_back)

        failed = schedule.run(target.dependencies, work, on_failure=self.cancelled.set)
        return [logical_id for logical_id in target.resources if logical_id in failed]

    def get_rid_of(self, victims: list[Resource], *, keeps: Callable[[Resource], bool]) -> list[str]:
        """Delete resources, dependants first. What cannot be deleted stays, and what it needs.

        Returns:
            The logical ids that failed.
        """
        self.cancelled.clear()
        after = {
            index: {
                other
                for other, dependant in enumerate(victims)
                if other != index and victim.logical_id in dependant.dependencies
            }
            for index, victim in enumerate(victims)
        }
        failed = schedule.run(after, lambda index: self._delete(victims[index], keep=keeps(victims[index])))
        return [victim.logical_id for index, victim in enumerate(victims) if index in failed]

    def outputs(self, target: Target) -> list[dict[str, str]]:
        """The target's outputs, now that everything exists."""
        return target.outputs(self._resources)

    def _bring_about(self, logical_id: str, target: Target, *, rolling_back: bool) -> None:
        current = self._stack.resources.get(logical_id)
        if rolling_back and current is not None:
            current = self._take_back(current)
        properties = target.properties(logical_id, self._resources)
        definition = target.resources[logical_id]
        wanted = Resource(
            logical_id=logical_id,
            type=definition.type,
            properties=properties,
            dependencies=target.dependencies[logical_id],
            deletion_policy=definition.deletion_policy,
            update_replace_policy=definition.update_replace_policy,
            metadata=definition.metadata,
        )
        if current is None or current.status == "CREATE_FAILED":
            self._create(wanted, target)
        elif current.unsettled or changed_properties(current.properties, properties):
            self._change(current, wanted, target)
        else:
            _adopt(current, wanted)
            if current.status in ("UPDATE_IN_PROGRESS", "UPDATE_FAILED"):
                self._stack.record(current, "UPDATE_COMPLETE")

    def _take_back(self, current: Resource) -> Resource:
        """In a rollback, use again what an update had replaced. A function is asked to change back instead."""
        old = self._stack.superseded.pop(current.logical_id, None)
        if old is None or is_custom(current.type):
            return current
        self._stack.leftovers.append(current)
        self._stack.resources[current.logical_id] = old
        self._stack.record(old, "UPDATE_IN_PROGRESS")
        return old

    def _create(self, wanted: Resource, target: Target) -> None:
        remains = self._stack.resources.get(wanted.logical_id)
        if remains is not None and remains.physical_id is not None:
            self._stack.leftovers.append(remains)
        self._stack.resources[wanted.logical_id] = wanted
        self._stack.record(wanted, "CREATE_IN_PROGRESS")
        self._make(wanted, target)
        self._stack.record(wanted, "CREATE_COMPLETE")

    def _make(self, wanted: Resource, target: Target) -> None:
        task = self._task(wanted, target)
        try:
            made = kind_of(wanted.type).create(task)
        except (Cancelled, ResourceFailed) as failure:
            named = getattr(failure, "physical_id", None)
            if is_custom(wanted.type):
                # A Delete follows, and needs an id: CloudFormation makes one up.
                wanted.physical_id = named or generated_name(self._stack.name, wanted.logical_id, limit=255)
            raise
        task.initiated(made.physical_id)
        _settle(wanted, made)

    def _change(self, current: Resource, wanted: Resource, target: Target) -> None:
        kind, changed = kind_of(wanted.type), changed_properties(current.properties, wanted.properties)
        refusal = kind.refusal(current.properties, wanted.properties)
        if refusal is not None:
            self._stack.record(current, "UPDATE_IN_PROGRESS")
            raise ResourceFailed(refusal)
        if kind.replaces(changed, current.properties, wanted.properties):
            self._replace(current, wanted, target, kind)
        else:
            self._update(current, wanted, target, kind)

    def _replace(self, current: Resource, wanted: Resource, target: Target, kind: Kind) -> None:
        self._stack.record(
            current,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        )
        name = wanted.properties.get(kind.name_property) if kind.name_property else None
        if name is not None and name == current.properties.get(kind.name_property or ""):
            raise ResourceFailed(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {name} and update the stack again."
            )
        wanted.status = "UPDATE_IN_PROGRESS"
        try:
            self._make(wanted, target)
        except BaseException:
            if wanted.physical_id is not None:
                self._stack.leftovers.append(wanted)
            raise
        self._supersede(current)
        self._stack.resources[wanted.logical_id] = wanted
        self._stack.record(wanted, "UPDATE_COMPLETE")

    def _update(self, current: Resource, wanted: Resource, target: Target, kind: Kind) -> None:
        before = replace(current)
        _adopt(current, wanted)
        current.properties, current.unsettled = wanted.properties, True
        self._stack.record(current, "UPDATE_IN_PROGRESS")
        task = self._task(current, target)
        task.old_properties = before.properties
        made = kind.update(task)
        if made.physical_id != before.physical_id:
            self._supersede(before)
            current.physical_id = made.physical_id
            self._stack.record(
                current,
                "UPDATE_IN_PROGRESS",
                "Requested update required the provider to create a new physical resource",
            )
        _settle(current, made)
        self._stack.record(current, "UPDATE_COMPLETE")

    def _supersede(self, old: Resource) -> None:
        """Of several that a resource has gone through, the first is the one to go back to."""
        if old.logical_id in self._stack.superseded:
            self._stack.leftovers.append(old)
        else:
            self._stack.superseded[old.logical_id] = old

    def _skip(self, logical_id: str, target: Target) -> None:
        resource = self._stack.resources[logical_id]
        resource.unsettled = False
        resource.dependencies = target.dependencies[logical_id]
        self._stack.record(resource, "UPDATE_COMPLETE", "Resource skipped during UpdateRollback")

    def _delete(self, resource: Resource, *, keep: bool) -> bool:
        if keep:
            self._stack.record(resource, "DELETE_SKIPPED")
            self._forget(resource)
            return True
        self._stack.record(resource, "DELETE_IN_PROGRESS")
        try:
            if resource.physical_id is not None:
                kind_of(resource.type).delete(self._task(resource, None))
        except ClientError as error:
            if not is_missing(error):
                self._stack.record(resource, "DELETE_FAILED", reason_of(error))
                return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the stack must come to an end
            self._stack.record(resource, "DELETE_FAILED", reason_of(error))
            return False
        self._stack.record(resource, "DELETE_COMPLETE")
        self._forget(resource)
        return True

    def _forget(self, resource: Resource) -> None:
        if self._stack.resources.get(resource.logical_id) is resource:
            del self._stack.resources[resource.logical_id]
        if self._stack.superseded.get(resource.logical_id) is resource:
            del self._stack.superseded[resource.logical_id]
        self._stack.leftovers = [leftover for leftover in self._stack.leftovers if leftover is not resource]

    def _task(self, resource: Resource, target: Target | None) -> StackTask:
        task = StackTask(self._stack, resource, self._means, self.cancelled)
        if target is not None:
            task.creation_policy, task.update_policy = target.policies(resource.logical_id, self._resources)
        return task

    def _guarded(self, logical_id: str, target: Target, *, rolling_back: bool) -> bool:
        """Whether the resource came about; a failure becomes its status."""
        try:
            self._bring_about(logical_id, target, rolling_back=rolling_back)
        except Exception as error:  # noqa: BLE001 - whatever it is, the stack must come to an end
            # It may have failed before it came to be: its expressions could not be resolved.
            resource = self._stack.resources.setdefault(
                logical_id, Resource(logical_id=logical_id, type=target.resources[logical_id].type)
            )
            creating = resource.status.startswith("CREATE_IN")
            reason = reason_of(error)
            if isinstance(error, Cancelled):
                reason = "Resource creation cancelled" if creating else "Resource update cancelled"
            self._stack.record(resource, "CREATE_FAILED" if creating else "UPDATE_FAILED", reason)
            return False
        return True


def _adopt(current: Resource, wanted: Resource) -> None:
    """Take over what can change without the resource itself."""
    current.dependencies = wanted.dependencies
    current.deletion_policy = wanted.deletion_policy
    current.update_replace_policy = wanted.update_replace_policy
    current.metadata = wanted.metadata


def _settle(resource: Resource, made: Made) -> None:
    resource.attributes = made.attributes
    resource.unsettled = False
