"""Change sets: what an update would do, without doing it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.deployment import ExistingResources, changed_properties
from local_aws.cloudformation.errors import Refused, ResourceFailed
from local_aws.cloudformation.intrinsics import KNOWN_AFTER_APPLY
from local_aws.cloudformation.references import references
from local_aws.cloudformation.resources import is_custom, kind_of
from local_aws.cloudformation.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_aws.cloudformation.stack import Resource, Stack
    from local_aws.cloudformation.target import Target
    from local_aws.cloudformation.template import ResourceDefinition
    from local_aws.cloudformation.values import Value

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """A change set of a stack."""

    name: str
    id: str
    type: str
    target: Target
    changes: list[dict[str, Any]]
    status: str
    status_reason: str | None
    execution_status: str
    request: Mapping[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


def change_set_id(name: str, *, region: str, account: str, partition: str) -> str:
    """A new change set's ARN."""
    return f"arn:{partition}:cloudformation:{region}:{account}:changeSet/{name}/{uuid.uuid4()}"


def preview(stack: Stack, target: Target) -> list[dict[str, Any]]:
    """The changes that bringing the stack to the target means, as DescribeChangeSet shows them, values included.

    Raises:
        Refused: the target wants a resource to become another type.
    """
    retyped = [
        logical_id
        for logical_id, resource in stack.resources.items()
        if logical_id in target.resources and target.resources[logical_id].type != resource.type
    ]
    if retyped:
        raise Refused(
            "Update of resource type is not permitted. "
            f"The new template modifies resource type of the following resources: [{', '.join(retyped)}]"
        )
    foreseen = _Foreseen(stack.resources)
    changes = []
    for logical_id in TopologicalSorter(target.dependencies).static_order():
        change = _change(stack, target, logical_id, foreseen)
        if change is not None:
            changes.append(change)
    gone = [resource for logical_id, resource in stack.resources.items() if logical_id not in target.resources]
    return [*sorted(changes, key=_place(target)), *(_removal(resource) for resource in gone)]


def alters_outputs(stack: Stack, target: Target) -> bool:
    """Whether the target's outputs are others than the stack's."""
    try:
        return target.outputs(_Foreseen(stack.resources)) != stack.outputs
    except ResourceFailed:
        return True


def without_values(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change as it is shown to those who do not ask for property values."""
    shown = {key: value for key, value in change.items() if key not in ("BeforeContext", "AfterContext")}
    hidden = ("BeforeValue", "AfterValue", "Path", "AttributeChangeType")
    shown["Details"] = [
        {**detail, "Target": {key: value for key, value in detail["Target"].items() if key not in hidden}}
        for detail in change.get("Details", [])
    ]
    return shown


def _place(target: Target) -> Value:
    order = {logical_id: place for place, logical_id in enumerate(target.resources)}
    return lambda change: order[change["LogicalResourceId"]]


class _Foreseen(ExistingResources):
    """Resources as they will be: what only the execution knows is a marker."""

    def __init__(self, resources: Mapping[str, Resource]) -> None:
        super().__init__(resources)
        #: None: everything is open.
        self.open: dict[str, frozenset[str] | None] = {}

    def ref(self, logical_id: str) -> str:
        return KNOWN_AFTER_APPLY if self.open.get(logical_id, frozenset()) is None else super().ref(logical_id)

    def get_att(self, logical_id: str, attribute: str) -> Value:
        attributes = self.open.get(logical_id, frozenset())
        if attributes is None or attribute in attributes:
            return KNOWN_AFTER_APPLY
        return super().get_att(logical_id, attribute)


class _Everything(frozenset[str]):
    """Contains every attribute."""

    def __contains__(self, item: object) -> bool:
        return True


def _change(stack: Stack, target: Target, logical_id: str, foreseen: _Foreseen) -> dict[str, Any] | None:
    definition = target.resources[logical_id]
    current = stack.resources.get(logical_id)
    if current is None or current.status == "CREATE_FAILED":
        foreseen.open[logical_id] = None
        properties = target.properties(logical_id, foreseen)
        return {
            "Action": "Add",
            "LogicalResourceId": logical_id,
            "ResourceType": definition.type,
            "Scope": [],
            "Details": [],
            "AfterContext": _context(properties, definition.metadata),
        }
    properties = target.properties(logical_id, foreseen)
    changed = changed_properties(current.properties, properties)
    scope = _scope(current, definition, changed)
    if not scope and not current.unsettled:
        return None
    kind = kind_of(definition.type)
    replaced = bool(changed) and kind.replaces(changed, current.properties, properties)
    if replaced:
        foreseen.open[logical_id] = None
    elif changed:
        foreseen.open[logical_id] = _Everything() if is_custom(definition.type) else kind.changing_attributes
    raw = _raw_properties(stack, logical_id)
    details = [_detail(name, current.properties, properties, definition, raw) for name in sorted(changed)]
    details += [_attribute_detail(attribute) for attribute in scope if attribute not in ("Properties", "Tags")]
    policy = {"PolicyAction": f"ReplaceAnd{current.update_replace_policy}"} if replaced else {}
    return {
        **policy,
        "Action": "Modify",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": current.physical_id,
        "ResourceType": definition.type,
        "Replacement": "True" if replaced else "False",
        "Scope": scope,
        "Details": details,
        "BeforeContext": _context(current.properties, current.metadata),
        "AfterContext": _context(properties, definition.metadata),
    }


def _removal(resource: Resource) -> dict[str, Any]:
    return {
        "PolicyAction": "Delete" if resource.deletion_policy == "Delete" else "Retain",
        "Action": "Remove",
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
        "BeforeContext": _context(resource.properties, resource.metadata),
    }


def _context(properties: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    return json.dumps({"Properties": properties, **({"Metadata": metadata} if metadata else {})})


def _scope(current: Resource, definition: ResourceDefinition, changed: Iterable[str]) -> list[str]:
    names = set(changed)
    scope = ["Properties"] if names - {"Tags"} else []
    scope += ["Tags"] if "Tags" in names else []
    scope += ["Metadata"] if current.metadata != definition.metadata else []
    scope += ["DeletionPolicy"] if current.deletion_policy != definition.deletion_policy else []
    scope += ["UpdateReplacePolicy"] if current.update_replace_policy != definition.update_replace_policy else []
    return scope


def _raw_properties(stack: Stack, logical_id: str) -> Mapping[str, Any]:
    definition = stack.target.resources.get(logical_id) if stack.target else None
    return definition.properties if definition else {}


def _attribute_detail(attribute: str) -> dict[str, Any]:
    return {
        "Target": {"Attribute": attribute, "RequiresRecreation": "Never"},
        "Evaluation": "Static",
        "ChangeSource": "DirectModification",
    }


def _detail(
    name: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    definition: ResourceDefinition,
    raw_before: Mapping[str, Any],
) -> dict[str, Any]:
    kind = kind_of(definition.type)
    change_type = "Add" if name not in old else "Remove" if name not in new else "Modify"
    after = _value(new[name]) if name in new else None
    is_tags = name == "Tags"
    target = {
        "Attribute": "Tags" if is_tags else "Properties",
        "Name": None if is_tags else name,
        "RequiresRecreation": "Always" if kind.replaces(frozenset({name}), old, new) else "Never",
        "Path": f"/Properties/{name}",
        "BeforeValue": _value(old[name]) if name in old else None,
        "AfterValue": after,
        "AttributeChangeType": change_type,
    }
    return {
        "Target": target,
        "Evaluation": "Dynamic" if after and KNOWN_AFTER_APPLY in after else "Static",
        **_source(name, definition, raw_before),
    }


def _source(name: str, definition: ResourceDefinition, raw_before: Mapping[str, Any]) -> dict[str, str]:
    """Where a change comes from: the template's own text, or something that it mentions."""
    raw = definition.properties.get(name)
    if raw is None or raw != raw_before.get(name):
        return {"ChangeSource": "DirectModification"}
    mentioned = [*references(raw)]
    for reference in mentioned:
        if reference.attribute:
            return {"ChangeSource": "ResourceAttribute", "CausingEntity": f"{reference.name}.{reference.attribute}"}
    for reference in mentioned:
        if reference.name.startswith("AWS::"):
            continue
        return {"ChangeSource": "ParameterReference", "CausingEntity": reference.name}
    return {"ChangeSource": "DirectModification"}


def _value(value: Value) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else as_text(value)
