"""The API's calls that change something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation import operations, options, parameters, template, uploads
from local_aws.cloudformation.change_set import NO_CHANGES, ChangeSet, alters_outputs, change_set_id, preview
from local_aws.cloudformation.errors import Refused, ResourceFailed
from local_aws.cloudformation.operations import Operation
from local_aws.cloudformation.target import Surroundings, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.cloudformation.stack import Stack
    from local_aws.cloudformation.stacks import Stacks
    from local_aws.cloudformation.task import Means

_Request = dict[str, Any]

_UPDATABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
}


class Actions:
    """Create, update, delete."""

    def __init__(self, stacks: Stacks, means: Means, *, join_seconds: Callable[[], float]) -> None:
        """`join_seconds`: how long a call that starts an operation waits for its end before it answers."""
        self._stacks = stacks
        self._means = means
        self._join_seconds = join_seconds
        self._running: dict[str, Operation] = {}

    def create_stack(self, request: _Request) -> dict[str, Any]:
        """CreateStack."""
        name = request["StackName"]
        existing = self._stacks.find(name)
        if existing is not None:
            raise Refused(f"Stack [{name}] already exists", code="AlreadyExistsException")
        stack = self._stacks.new(name)
        target = self._target(stack, request)
        self._refuse_missing(target)
        target.check_rules()
        self._stacks.add(stack)
        options.take(stack, request)
        stack.termination_protection = bool(request.get("EnableTerminationProtection"))
        stack.disable_rollback = bool(request.get("DisableRollback")) or request.get("OnFailure") == "DO_NOTHING"
        self._start(stack, "CREATE_IN_PROGRESS", request, lambda operation: operation.create(target))
        return {"StackId": stack.id}

    def update_stack(self, request: _Request) -> dict[str, Any]:
        """UpdateStack."""
        stack = self._stacks.get(request["StackName"])
        _check_updatable(stack)
        target = self._target(stack, request)
        self._refuse_missing(target)
        if not self._previewed(stack, target) and not _alters_stack(stack, target, request):
            raise Refused("No updates are to be performed.")
        options.take(stack, request)
        stack.disable_rollback = bool(request.get("DisableRollback"))
        self._start(stack, "UPDATE_IN_PROGRESS", request, lambda operation: operation.update(target))
        return {"StackId": stack.id}

    def delete_stack(self, request: _Request) -> dict[str, Any]:
        """DeleteStack. That there is no such stack is fine."""
        stack = self._stacks.find(request["StackName"])
        if stack is None or not stack.exists:
            return {}
        if stack.termination_protection:
            raise Refused(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack.in_progress and not stack.status.startswith("CREATE_"):
            raise Refused(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
        if stack.in_progress:
            self._running[stack.id].cancel()
            stack.idle.wait()
        retained = request.get("RetainResources", [])
        if retained and stack.status != "DELETE_FAILED":
            raise Refused(
                "Invalid operation on stack. RetainResources can only be specified for stacks in DELETE_FAILED"
            )
        self._start(stack, None, request, lambda operation: operation.delete(retained))
        return {}

    def create_change_set(self, request: _Request) -> dict[str, Any]:
        """CreateChangeSet, for a new stack or an existing one."""
        name, kind = request["ChangeSetName"], request.get("ChangeSetType", "UPDATE")
        stack = self._stack_for_change_set(request["StackName"], kind)
        if name in stack.change_sets:
            raise Refused(f"ChangeSet {name} already exists for Stack [{stack.name}]", code="AlreadyExistsException")
        target = self._target(stack, request)
        missing = parameters.missing_resource(target.parameters, self._means.aws)
        changes = [] if missing else self._previewed(stack, target)
        unchanged = not missing and kind == "UPDATE" and not changes and not _alters_stack(stack, target, request)
        reason = missing or (NO_CHANGES if unchanged else None)
        aws = self._means.aws
        change_set = ChangeSet(
            name=name,
            id=change_set_id(name, region=aws.region, account=aws.account, partition=aws.partition),
            type=kind,
            target=target,
            changes=changes,
            status="FAILED" if reason else "CREATE_COMPLETE",
            status_reason=reason,
            execution_status="UNAVAILABLE" if reason else "AVAILABLE",
            request=request,
        )
        if not stack.events:
            stack.token = request.get("ClientToken")
            stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
        stack.change_sets[name] = change_set
        self._stacks.add(stack)
        return {"Id": change_set.id, "StackId": stack.id}

    def _previewed(self, stack: Stack, target: Target) -> list[dict[str, Any]]:
        target.check_rules()
        try:
            return preview(stack, target)
        except ResourceFailed as failure:
            raise Refused(str(failure)) from failure

    def _stack_for_change_set(self, name: str, kind: str) -> Stack:
        stack = self._stacks.find(name)
        if kind == "UPDATE":
            if stack is None or stack.status == "REVIEW_IN_PROGRESS":
                raise Refused(f"Stack [{name}] does not exist")
            _check_updatable(stack)
            return stack
        if stack is None:
            return self._stacks.new(name)
        if stack.status != "REVIEW_IN_PROGRESS":
            raise Refused(f"Stack [{name}] already exists and cannot be created again with the changeSet [{kind}].")
        return stack

    def execute_change_set(self, request: _Request) -> dict[str, Any]:
        """ExecuteChangeSet."""
        change_set, stack = self._stacks.change_set(request)
        if change_set.execution_status != "AVAILABLE":
            raise Refused(
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]",
                code="InvalidChangeSetStatus",
            )
        if stack.in_progress:
            raise Refused(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        target = change_set.target
        options.take(stack, {**change_set.request, **request})
        stack.disable_rollback = bool(request.get("DisableRollback"))
        change_set.execution_status = "EXECUTE_COMPLETE"
        stack.change_set_id = change_set.id
        # Once one is executed, the others no longer describe what would happen.
        stack.change_sets.clear()
        if change_set.type == "CREATE":
            self._start(stack, "CREATE_IN_PROGRESS", request, lambda operation: operation.create(target))
        else:
            self._start(stack, "UPDATE_IN_PROGRESS", request, lambda operation: operation.update(target))
        return {}

    def delete_change_set(self, request: _Request) -> dict[str, Any]:
        """DeleteChangeSet. That there is no such change set is fine."""
        stack = self._stacks.of_change_set(request)
        name = _short_name(request["ChangeSetName"])
        stack.change_sets.pop(name, None)
        return {}

    def rollback_stack(self, request: _Request) -> dict[str, Any]:
        """RollbackStack: back from a failure that was left as it was."""
        stack = self._stacks.get(request["StackName"])
        stack.disable_rollback = False
        if stack.status == "CREATE_FAILED":
            self._start(stack, None, request, lambda operation: operation.roll_back_create("User Initiated"))
        elif stack.status == "UPDATE_FAILED":
            self._start(stack, None, request, lambda operation: operation.roll_back_update("User Initiated"))
        else:
            raise Refused(f"Stack [{stack.name}] cannot be rolled back from status {stack.status}")
        return {"StackId": stack.id}

    def continue_update_rollback(self, request: _Request) -> dict[str, Any]:
        """ContinueUpdateRollback."""
        stack = self._stacks.get(request["StackName"])
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise Refused(
                f"Stack [{stack.name}] is in status {stack.status}: only UPDATE_ROLLBACK_FAILED can be continued"
            )
        skipped = request.get("ResourcesToSkip", [])
        self._start(
            stack, None, request, lambda operation: operation.roll_back_update("User Initiated", skipped=skipped)
        )
        return {}

    def cancel_update_stack(self, request: _Request) -> dict[str, Any]:
        """CancelUpdateStack."""
        stack = self._stacks.get(request["StackName"])
        if stack.status != "UPDATE_IN_PROGRESS":
            raise Refused("CancelUpdateStack cannot be called from current stack status")
        self._running[stack.id].cancel()
        return {}

    def update_termination_protection(self, request: _Request) -> dict[str, Any]:
        """UpdateTerminationProtection."""
        stack = self._stacks.get(request["StackName"])
        stack.termination_protection = bool(request["EnableTerminationProtection"])
        return {"StackId": stack.id}

    def signal_resource(self, request: _Request) -> dict[str, Any]:
        """SignalResource: what cfn-signal sends."""
        stack = self._stacks.get(request["StackName"])
        logical_id = request["LogicalResourceId"]
        if logical_id not in stack.resources:
            raise Refused(f"Resource {logical_id} does not exist for stack {stack.name}")
        resource = stack.resources[logical_id]
        if not stack.in_progress or not resource.status.endswith("_IN_PROGRESS") or logical_id not in stack.signals:
            raise Refused(f"Resource {logical_id} is in {resource.status} state and can not be signaled")
        stack.signals[logical_id].receive(request["UniqueId"], success=request["Status"] == "SUCCESS")
        return {}

    def _target(self, stack: Stack, request: _Request) -> Target:
        options.refuse_unsupported(request)
        previous = stack.target
        text = uploads.template_text(request, previous.template.text if previous else None, self._means.aws)
        parsed = template.parse(text)
        options.check_capabilities(parsed, request.get("Capabilities", []))
        given = previous.parameters.given if previous else None
        values = parameters.values(
            parameters.declare(parsed.section("Parameters")), request.get("Parameters", []), given, self._means.aws
        )
        arns = tuple(request.get("NotificationARNs", stack.notification_arns))
        surroundings = Surroundings(self._means.aws, stack.id, stack.name, self._means.exports(stack), arns)
        if "Tags" in request or previous is None:
            tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        else:
            tags = previous.tags
        return Target(parsed, values, surroundings, tags)

    def _refuse_missing(self, target: Target) -> None:
        missing = parameters.missing_resource(target.parameters, self._means.aws)
        if missing:
            raise Refused(missing)

    def _start(self, stack: Stack, status: str | None, request: _Request, run: Callable[[Operation], None]) -> None:
        retain_except_on_create = bool(request.get("RetainExceptOnCreate"))
        operation = Operation(stack, self._means, retain_except_on_create=retain_except_on_create)
        self._running[stack.id] = operation
        stack.begin(request.get("ClientRequestToken"))
        if status:
            stack.set_status(status, "User Initiated")
        operations.start(stack, lambda: run(operation))
        stack.idle.wait(self._join_seconds())


def _short_name(name: str) -> str:
    return name.split("/")[1] if name.startswith("arn:") else name


def _check_updatable(stack: Stack) -> None:
    if stack.status not in _UPDATABLE:
        raise Refused(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def _alters_stack(stack: Stack, target: Target, request: _Request) -> bool:
    """Whether something of the stack itself changes: outputs, tags, topics."""
    old_tags = stack.target.tags if stack.target else {}
    arns = request.get("NotificationARNs", stack.notification_arns)
    return alters_outputs(stack, target) or target.tags != old_tags or arns != stack.notification_arns
