"""What a call may say besides its template: taken, or refused; never silently left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.resources import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.cloudformation.stack import Stack
    from local_aws.cloudformation.template import Template

#: Options with the values that say nothing more than what is done anyway. `ImportExistingResources` is not among them:
#: the CDK CLI's bootstrap asks for it, and a resource that exists is not passed over then, its creation fails.
_DEFAULTS: dict[str, tuple[object, ...]] = {
    "ChangeSetType": ("CREATE", "UPDATE"),
    "DeploymentConfig": ({"Mode": "STANDARD"},),
    "DeploymentMode": (),
    "OnFailure": ("ROLLBACK", "DO_NOTHING"),
    "OnStackFailure": ("ROLLBACK",),
    "ResourceTypes": ([],),
    "ResourcesToImport": ([],),
    "RollbackConfiguration": ({}, {"RollbackTriggers": []}),
    "StackPolicyBody": (),
    "StackPolicyDuringUpdateBody": (),
    "StackPolicyDuringUpdateURL": (),
    "StackPolicyURL": (),
    "TimeoutInMinutes": (),
}


def refuse_unsupported(request: Mapping[str, Any]) -> None:
    """See that the request asks for nothing that is not done here.

    Raises:
        Refused: it does.
    """
    for name, accepted in _DEFAULTS.items():
        if name in request and request[name] not in accepted:
            raise Refused(f"{name} {request[name]!r} is not supported here")


def take(stack: Stack, request: Mapping[str, Any]) -> None:
    """Keep what the request says of the stack itself."""
    stack.updated = datetime.now(UTC) if stack.target else None
    stack.role_arn = request.get("RoleARN", stack.role_arn)
    stack.capabilities = request.get("Capabilities", stack.capabilities)
    stack.notification_arns = request.get("NotificationARNs", stack.notification_arns)
    stack.rollback_configuration = request.get("RollbackConfiguration", stack.rollback_configuration)


def check_capabilities(parsed: Template, acknowledged: list[str]) -> None:
    """IAM resources must be acknowledged.

    Raises:
        Refused: they are not.
    """
    needed = set()
    for definition in parsed.resources.values():
        kind = kind_of(definition.type)
        if kind.needs_iam_capability:
            named = kind.name_property is not None and kind.name_property in definition.properties
            needed.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if "CAPABILITY_NAMED_IAM" in needed:
        needed = {"CAPABILITY_NAMED_IAM"}
    if "CAPABILITY_NAMED_IAM" in acknowledged:
        needed.discard("CAPABILITY_IAM")
    if not needed <= set(acknowledged):
        raise Refused(
            f"Requires capabilities : [{', '.join(sorted(needed))}]", code="InsufficientCapabilitiesException"
        )
