"""A template's structure, and what can be said against it before anything runs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation import template_text
from local_aws.cloudformation.errors import Refused, unresolved
from local_aws.cloudformation.references import references
from local_aws.cloudformation.resources import is_custom, is_known, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from local_aws.cloudformation.references import Reference
    from local_aws.cloudformation.resources.kind import Kind
    from local_aws.cloudformation.values import Value

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_RESOURCE_ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
_DELETION_POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
_UPDATE_REPLACE_POLICIES = ("Delete", "Retain")

PSEUDO_PARAMETERS = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)

#: CloudFormation's quotas.
_LIMITS = {"Parameters": 200, "Mappings": 200, "Resources": 500, "Outputs": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDefinition:
    """A resource as the template has it, expressions and all."""

    logical_id: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    condition: str | None = None
    depends_on: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    creation_policy: dict[str, Any] = field(default_factory=dict)
    update_policy: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A well-formed template: every name in it stands for something, every type and property is known."""

    #: Byte for byte as it was given.
    text: str
    body: dict[str, Any]
    resources: dict[str, ResourceDefinition]

    @property
    def description(self) -> str | None:
        """The description, if there is one."""
        return self.body.get("Description")

    def section(self, name: str) -> dict[str, Any]:
        """A section's content; empty if the template has none."""
        return self.body.get(name) or {}


def parse(text: str) -> Template:
    """Read and check a template.

    Raises:
        Refused: with CloudFormation's text, where that is known.
    """
    body = template_text.load(text)
    _check_no_nulls(body, "")
    _check_sections(body)
    resources = {logical_id: _definition(logical_id, content) for logical_id, content in body["Resources"].items()}
    template = Template(text, body, resources)
    _check_types(resources.values())
    _check_conditions(template)
    _check_references(template)
    return template


def _check_no_nulls(value: Value, path: str) -> None:
    if value is None:
        raise Refused(f"[{path}] 'null' values are not allowed in templates: Null values are not allowed in templates")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _check_no_nulls(item, f"{path}/{key}")


def _check_sections(body: Mapping[str, Any]) -> None:
    unknown = sorted(str(key) for key in body if key not in _SECTIONS)
    if unknown:
        raise Refused(f"Invalid template property or properties [{', '.join(unknown)}]")
    if body.get("Transform"):
        raise Refused(f"Template format error: transforms are not supported here: {json.dumps(body['Transform'])}")
    if body.get("AWSTemplateFormatVersion", "2010-09-09") != "2010-09-09":
        raise Refused("Template format error: Unsupported AWSTemplateFormatVersion")
    for section in ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs", "Metadata"):
        content = body.get(section)
        if content is not None and not isinstance(content, dict):
            raise Refused(f"Template format error: '{section}' must be an object.")
        if section in _LIMITS and len(content or {}) > _LIMITS[section]:
            raise Refused(
                f"Template format error: Number of {section.lower()}, {len(content or {})}, "
                f"is greater than maximum allowed, {_LIMITS[section]}"
            )
    if not body.get("Resources"):
        raise Refused("Template format error: At least one Resources member must be defined.")


def _definition(logical_id: str, content: Value) -> ResourceDefinition:
    if not re.fullmatch(r"[A-Za-z0-9]{1,255}", logical_id):
        raise Refused(f"Template format error: Resource name {logical_id} is non alphanumeric.")
    if not isinstance(content, dict):
        raise Refused("Template format error: Every Resources object must be an object.")
    unknown = sorted(content.keys() - _RESOURCE_ATTRIBUTES)
    if unknown:
        raise Refused(f"Invalid template resource property '{unknown[0]}'")
    if not isinstance(content.get("Type"), str):
        raise Refused(
            f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type member."
        )
    depends_on = content.get("DependsOn", ())
    return ResourceDefinition(
        logical_id=logical_id,
        type=content["Type"],
        properties=content.get("Properties") or {},
        condition=content.get("Condition"),
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        deletion_policy=_policy(content, "DeletionPolicy", _DELETION_POLICIES),
        update_replace_policy=_policy(content, "UpdateReplacePolicy", _UPDATE_REPLACE_POLICIES),
        creation_policy=content.get("CreationPolicy") or {},
        update_policy=content.get("UpdatePolicy") or {},
        metadata=content.get("Metadata") or {},
    )


def _policy(content: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = content.get(name, "Delete")
    if value not in allowed:
        raise Refused(f"Template error: {name} {value!r} is not supported here: one of {', '.join(allowed)}")
    return str(value)


def _check_types(definitions: Iterable[ResourceDefinition]) -> None:
    unknown = sorted({definition.type for definition in definitions if not is_known(definition.type)})
    if unknown:
        raise Refused(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    for definition in definitions:
        kind = kind_of(definition.type)
        unsupported = sorted((definition.creation_policy.keys() | definition.update_policy.keys()) - kind.policies)
        if unsupported:
            raise Refused(f"the policy {unsupported[0]} of {definition.logical_id} is not supported here")
        if not is_custom(definition.type):
            _check_properties(definition, kind)


def _check_properties(definition: ResourceDefinition, kind: Kind) -> None:
    problem = None
    if extraneous := sorted(definition.properties.keys() - kind.properties):
        problem = f"extraneous key [{extraneous[0]}] is not permitted"
    elif missing := sorted(kind.required - definition.properties.keys()):
        problem = f"required key [{missing[0]}] not found"
    if problem is not None:
        raise Refused(
            f"Properties validation failed for resource {definition.logical_id} with message: "
            f"#: {problem} ({definition.type})"
        )


def _check_conditions(template: Template) -> None:
    conditions = template.section("Conditions")
    used = {definition.condition for definition in template.resources.values()}
    used |= {output.get("Condition") for output in template.section("Outputs").values()}
    used |= set(_condition_names([template.body["Resources"], template.section("Outputs"), conditions]))
    unknown = sorted(used - conditions.keys() - {None}, key=str)
    if unknown:
        raise Refused(f"Template format error: Unresolved condition dependency {unknown[0]} in the template")
    bad = sorted(
        {reference.name for reference in references(conditions)}
        - template.section("Parameters").keys()
        - PSEUDO_PARAMETERS
    )
    if bad:
        raise Refused(
            f"Template format error: Unresolved dependencies [{', '.join(bad)}]. "
            "Cannot reference resources in the Conditions block of the template"
        )


def _condition_names(value: Value) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _condition_names(item)
    elif isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("Fn::If"), list):
            yield value["Fn::If"][0]
        if len(value) == 1 and isinstance(value.get("Condition"), str):
            yield value["Condition"]
        for item in value.values():
            yield from _condition_names(item)


def _check_references(template: Template) -> None:
    known = template.section("Parameters").keys() | PSEUDO_PARAMETERS | template.resources.keys()
    for definition in template.resources.values():
        mentioned = [
            *references(definition.properties),
            *references(definition.metadata),
            *references(definition.creation_policy),
        ]
        unknown = {reference.name for reference in mentioned} - known
        unknown |= set(definition.depends_on) - template.resources.keys()
        if unknown:
            raise unresolved(unknown, "Resources")
        _check_attributes(template, mentioned)
    outputs = [*references(template.section("Outputs"))]
    unknown = {reference.name for reference in outputs} - known
    if unknown:
        raise unresolved(unknown, "Outputs")
    _check_attributes(template, outputs)


def _check_attributes(template: Template, mentioned: Iterable[Reference]) -> None:
    for reference in mentioned:
        if not reference.attribute:
            continue
        definition = template.resources.get(reference.name)
        if definition is None:
            raise Refused(f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}")
        if not is_custom(definition.type) and reference.attribute not in kind_of(definition.type).attributes:
            raise Refused(
                f"Template error: resource {reference.name} does not support attribute type {reference.attribute} "
                "in Fn::GetAtt"
            )
