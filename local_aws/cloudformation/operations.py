"""What happens to a stack as a whole: create, update, delete, and the ways back."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_aws.cloudformation.deployment import Deployment
from local_aws.cloudformation.errors import Refused, ResourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_aws.cloudformation.stack import Resource, Stack
    from local_aws.cloudformation.target import Target
    from local_aws.cloudformation.task import Means

_log = logging.getLogger(__name__)


def start(stack: Stack, operation: Callable[[], None]) -> None:
    """Run an operation in a thread of its own. Whatever happens, the stack does not stay in progress."""

    def run() -> None:
        try:
            operation()
        except Exception as error:  # noqa: BLE001 - logged, and the stack says it
            _log.exception("an operation on stack %s broke off", stack.name)
            stack.set_status(_failed(stack.status), f"Internal Failure: {type(error).__name__}: {error}")
        finally:
            stack.idle.set()

    threading.Thread(target=run, name=f"stack-{stack.name}", daemon=True).start()


def _failed(status: str) -> str:
    return f"{status.removesuffix('_IN_PROGRESS').removesuffix('_COMPLETE_CLEANUP')}_FAILED"


class Operation:
    """One operation on a stack. Each method runs to its end."""

    def __init__(self, stack: Stack, means: Means, *, retain_except_on_create: bool = False) -> None:
        """An operation on this stack."""
        self._stack = stack
        self._means = means
        self._deployment = Deployment(stack, means)
        self._retain_except_on_create = retain_except_on_create
        self._cancelled_by_user = False

    def cancel(self) -> None:
        """Let an update fail, so that it rolls back."""
        self._cancelled_by_user = True
        self._deployment.cancelled.set()

    def create(self, target: Target) -> None:
        """Create everything, or roll back."""
        stack = self._stack
        stack.target = target
        reason = self._deploy(target)
        if reason is None:
            self._settle(target)
            stack.set_status("CREATE_COMPLETE")
        elif stack.disable_rollback:
            stack.set_status("CREATE_FAILED", reason)
        else:
            self.roll_back_create(f"{reason} Rollback requested by user.")

    def roll_back_create(self, reason: str | None) -> None:
        """Delete whatever was created."""
        stack = self._stack
        stack.set_status("ROLLBACK_IN_PROGRESS", reason)
        failed = self._deployment.get_rid_of(self._everything(), keeps=self._keeps_on_rollback)
        if failed:
            stack.set_status("ROLLBACK_FAILED", _deletion_failed(failed))
        else:
            stack.set_status("ROLLBACK_COMPLETE")

    def update(self, target: Target) -> None:
        """Bring the stack to the target and clean up, or roll back."""
        stack = self._stack
        stack.target = target
        reason = self._deploy(target)
        if reason is not None:
            if stack.disable_rollback:
                stack.set_status("UPDATE_FAILED", reason)
            else:
                self.roll_back_update(reason)
            return
        self._settle(target)
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        failed = self._clean_up(target, keeps=_keeps)
        stack.set_status(
            "UPDATE_COMPLETE", "Update successful. One or more resources could not be deleted." if failed else None
        )

    def roll_back_update(self, reason: str | None, *, skipped: Iterable[str] = ()) -> None:
        """Bring the stack back to what it was when it was last whole."""
        stack, target = self._stack, self._stack.settled
        if target is None:
            raise ResourceFailed("the stack was never whole: there is nothing to go back to")
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        stack.target = target
        failed = self._deployment.bring_about(target, rolling_back=True, skipped=skipped)
        if failed:
            stack.set_status("UPDATE_ROLLBACK_FAILED", self._deployment_failed(failed))
            return
        self._settle(target)
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(target, keeps=self._keeps_on_rollback)
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")

    def delete(self, retained: Iterable[str]) -> None:
        """Delete everything but what is retained."""
        stack, kept = self._stack, set(retained)
        used = [name for output in stack.outputs if (name := output.get("ExportName")) and self._means.importers(name)]
        if used:
            users = ", ".join(self._means.importers(used[0]))
            stack.set_status("DELETE_FAILED", f"Export {used[0]} cannot be deleted as it is in use by {users}")
            return
        stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
        failed = self._deployment.get_rid_of(
            self._everything(), keeps=lambda resource: resource.logical_id in kept or _keeps(resource)
        )
        if failed:
            stack.set_status("DELETE_FAILED", _deletion_failed(failed))
            return
        stack.deleted = datetime.now(UTC)
        stack.set_status("DELETE_COMPLETE")

    def _deploy(self, target: Target) -> str | None:
        """Why the resources or the outputs could not be brought about; None if they could."""
        failed = self._deployment.bring_about(target)
        if self._cancelled_by_user:
            return "User Initiated"
        if failed:
            return self._deployment_failed(failed)
        try:
            outputs = self._deployment.outputs(target)
        except (ResourceFailed, Refused) as error:
            return str(error)
        taken = self._means.exports(self._stack)
        names = {output["ExportName"] for output in outputs if "ExportName" in output}
        if names & taken.keys():
            return f"Export with name {min(names & taken.keys())} is already exported by another stack."
        gone = {output["ExportName"] for output in self._stack.outputs if "ExportName" in output} - names
        for name in sorted(gone):
            if users := self._means.importers(name):
                return f"Export {name} cannot be deleted as it is in use by {', '.join(users)}"
        return None

    def _settle(self, target: Target) -> None:
        self._stack.outputs = self._deployment.outputs(target)
        self._stack.settled = target

    def _clean_up(self, target: Target, *, keeps: Callable[[Resource], bool]) -> list[str]:
        stack = self._stack
        gone = [resource for logical_id, resource in stack.resources.items() if logical_id not in target.resources]
        replaced = [*stack.superseded.values(), *stack.leftovers]
        superseded = {id(resource) for resource in replaced}

        def kept(resource: Resource) -> bool:
            if id(resource) in superseded and keeps is _keeps:
                return resource.update_replace_policy == "Retain"
            return keeps(resource)

        return self._deployment.get_rid_of([*gone, *replaced], keeps=kept)

    def _everything(self) -> list[Resource]:
        stack = self._stack
        return [*stack.resources.values(), *stack.superseded.values(), *stack.leftovers]

    def _keeps_on_rollback(self, resource: Resource) -> bool:
        return resource.deletion_policy == "Retain" and not self._retain_except_on_create

    def _deployment_failed(self, failed: list[str]) -> str:
        created = [logical_id for logical_id in failed if self._stack.resources[logical_id].status == "CREATE_FAILED"]
        updated = [logical_id for logical_id in failed if logical_id not in created]
        texts = [f"The following resource(s) failed to create: [{', '.join(created)}]."] if created else []
        texts += [f"The following resource(s) failed to update: [{', '.join(updated)}]."] if updated else []
        return " ".join(texts)


def _keeps(resource: Resource) -> bool:
    return resource.deletion_policy in ("Retain", "RetainExceptOnCreate")


def _deletion_failed(failed: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(failed)}]."
