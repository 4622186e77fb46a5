"""What a stack is to become: a template with its parameters' values, its conditions decided, its order known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Protocol

from local_aws.cloudformation import rules
from local_aws.cloudformation.errors import Refused, ResourceFailed, unresolved
from local_aws.cloudformation.intrinsics import NO_VALUE, boolean, function_of, resolve
from local_aws.cloudformation.references import references
from local_aws.cloudformation.resources import kind_of
from local_aws.cloudformation.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.cloudformation.aws import Aws
    from local_aws.cloudformation.parameters import Values
    from local_aws.cloudformation.template import ResourceDefinition, Template
    from local_aws.cloudformation.values import Value

_DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):(?P<reference>[^}]+)\}\}")


class Resources(Protocol):
    """The resources that exist, or will."""

    def ref(self, logical_id: str) -> str:
        """The physical id."""
        ...

    def get_att(self, logical_id: str, attribute: str) -> Value:
        """An attribute."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stack sees around itself."""

    aws: Aws
    stack_id: str
    stack_name: str
    #: Other stacks' exports, by name.
    exports: Mapping[str, str]
    notification_arns: tuple[str, ...] = ()


class _NoResources:
    """For conditions and rules: they may not mention resources."""

    def ref(self, logical_id: str) -> str:
        raise Refused(f"Template format error: Unresolved dependencies [{logical_id}]")

    def get_att(self, logical_id: str, attribute: str) -> str:
        raise Refused(f"Template format error: Unresolved dependencies [{logical_id}.{attribute}]")


class _Scope:
    """Names and their values while a template's expressions are resolved."""

    def __init__(
        self, template: Template, parameters: Values, surroundings: Surroundings, resources: Resources
    ) -> None:
        self.mappings = template.section("Mappings")
        self._conditions = template.section("Conditions")
        self._parameters = parameters
        self._surroundings = surroundings
        self._resources = resources
        self._deciding: list[str] = []
        self._decided: dict[str, bool] = {}

    def condition(self, name: str) -> bool:
        if name in self._deciding:
            raise Refused(
                f"Template format error: Circular dependency between conditions: [{', '.join(self._deciding)}]"
            )
        if name not in self._decided:
            self._deciding.append(name)
            self._decided[name] = boolean(self._conditions[name], self)
            self._deciding.pop()
        return self._decided[name]

    def ref(self, name: str) -> Value:
        if name in self._parameters.resolved:
            return self._parameters.resolved[name]
        if name.startswith("AWS::"):
            return self._pseudo_parameter(name)
        return self._resources.ref(name)

    def _pseudo_parameter(self, name: str) -> Value:
        around, aws = self._surroundings, self._surroundings.aws
        return {
            "AWS::AccountId": aws.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": list(around.notification_arns),
            "AWS::Partition": aws.partition,
            "AWS::Region": aws.region,
            "AWS::StackId": around.stack_id,
            "AWS::StackName": around.stack_name,
            "AWS::URLSuffix": aws.url_suffix,
        }[name]

    def get_att(self, logical_id: str, attribute: str) -> Value:
        return self._resources.get_att(logical_id, attribute)

    def availability_zones(self, region: str) -> list[str]:
        aws = self._surroundings.aws
        if region != aws.region:
            raise Refused(f"Template error: Fn::GetAZs knows no zones of {region} from within {aws.region}")
        zones = aws.call("ec2", "describe_availability_zones")["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones)

    def import_value(self, name: str) -> str:
        try:
            return self._surroundings.exports[name]
        except KeyError:
            raise ResourceFailed(f"No export named {name} found.") from None


class Target:
    """A template made concrete for one stack. Values of resources are asked for when their turn comes."""

    def __init__(
        self, template: Template, parameters: Values, surroundings: Surroundings, tags: Mapping[str, str]
    ) -> None:
        """Decide the conditions and order the resources.

        Raises:
            Refused: a condition fails, or resources depend on each other in a circle.
        """
        self.template = template
        self.parameters = parameters
        self.surroundings = surroundings
        self.tags = dict(tags)
        decided = self._scope(_NoResources())
        self.resources: dict[str, ResourceDefinition] = {
            logical_id: replace(
                definition,
                properties=_decide(definition.properties, decided),
                creation_policy=_decide(definition.creation_policy, decided),
                update_policy=_decide(definition.update_policy, decided),
                metadata=_decide(definition.metadata, decided),
            )
            for logical_id, definition in template.resources.items()
            if definition.condition is None or decided.condition(definition.condition)
        }
        self._outputs = {
            name: _decide(output, decided)
            for name, output in template.section("Outputs").items()
            if "Condition" not in output or decided.condition(output["Condition"])
        }
        self.dependencies = {
            logical_id: self._dependencies(definition) for logical_id, definition in self.resources.items()
        }
        self._check_present([*references(list(self._outputs.values()))], "Outputs")
        try:
            TopologicalSorter(self.dependencies).prepare()
        except CycleError as error:
            circle = ", ".join(sorted(set(error.args[1])))
            raise Refused(f"Circular dependency between resources: [{circle}]") from None

    def check_rules(self) -> None:
        """Evaluate the template's `Rules`.

        Raises:
            Refused: an assertion does not hold.
        """
        scope = self._scope(_NoResources())
        rules.check(self.template.section("Rules"), self.parameters, scope, self.surroundings.aws)

    def properties(self, logical_id: str, resources: Resources) -> dict[str, Any]:
        """A resource's properties with every expression resolved, and the stack's tags added.

        Raises:
            ResourceFailed: an expression cannot be resolved.
        """
        definition = self.resources[logical_id]
        properties = self._resolve(definition.properties, resources)
        return kind_of(definition.type).with_stack_tags(properties, self.tags)

    def policies(self, logical_id: str, resources: Resources) -> tuple[dict[str, Any], dict[str, Any]]:
        """A resource's creation and update policies, resolved."""
        definition = self.resources[logical_id]
        return self._resolve(definition.creation_policy, resources), self._resolve(definition.update_policy, resources)

    def outputs(self, resources: Resources) -> list[dict[str, str]]:
        """The outputs as DescribeStacks shows them."""
        described = []
        for name, output in self._outputs.items():
            entry = {"OutputKey": name, "OutputValue": as_text(self._resolve(output["Value"], resources))}
            if "Description" in output:
                entry["Description"] = output["Description"]
            if "Export" in output:
                entry["ExportName"] = as_text(self._resolve(output["Export"]["Name"], resources))
            described.append(entry)
        return described

    def imports(self) -> set[str]:
        """The names of the exports that this stack uses."""
        found: set[str] = set()
        scope = self._scope(_NoResources())
        for value in _import_arguments(
            [self._outputs, *(definition.properties for definition in self.resources.values())]
        ):
            found.add(as_text(resolve(value, scope)))
        return found

    def _scope(self, resources: Resources) -> _Scope:
        return _Scope(self.template, self.parameters, self.surroundings, resources)

    def _resolve(self, value: Value, resources: Resources) -> Value:
        try:
            return _dynamic(resolve(value, self._scope(resources)), self.surroundings.aws)
        except Refused as refused:
            raise ResourceFailed(str(refused)) from refused

    def _dependencies(self, definition: ResourceDefinition) -> set[str]:
        mentioned = [
            *references(
                [definition.properties, definition.creation_policy, definition.update_policy, definition.metadata]
            )
        ]
        self._check_present(mentioned, "Resources")
        explicit = {name for name in definition.depends_on if name in self.resources}
        return explicit | {reference.name for reference in mentioned if reference.name in self.resources}

    def _check_present(self, mentioned: list[Any], block: str) -> None:
        absent = {reference.name for reference in mentioned} & (self.template.resources.keys() - self.resources.keys())
        if absent:
            raise unresolved(absent, block)


def _decide(value: Value, scope: _Scope) -> Value:
    """Replace every `Fn::If` by the branch that is taken, and leave out what has no value."""
    if isinstance(value, list):
        return [item for item in (_decide(item, scope) for item in value) if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name == "Fn::If":
        condition, then, otherwise = value[name]
        return _decide(then if scope.condition(condition) else otherwise, scope)
    if value == {"Ref": "AWS::NoValue"}:
        return NO_VALUE
    decided = {key: _decide(item, scope) for key, item in value.items()}
    return {key: item for key, item in decided.items() if item is not NO_VALUE}


def _import_arguments(value: Value) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _import_arguments(item)]
    if not isinstance(value, dict):
        return []
    if function_of(value) == "Fn::ImportValue":
        return [value["Fn::ImportValue"]]
    return [found for item in value.values() for found in _import_arguments(item)]


def _dynamic(value: Value, aws: Aws) -> Value:
    """Replace `{{resolve:ssm:…}}`."""
    if isinstance(value, list):
        return [_dynamic(item, aws) for item in value]
    if isinstance(value, dict):
        return {key: _dynamic(item, aws) for key, item in value.items()}
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        if match["service"] != "ssm":
            raise Refused(f"dynamic references to {match['service']} are not supported here")
        parameter: str = aws.call("ssm", "get_parameter", Name=match["reference"])["Parameter"]["Value"]
        return parameter

    return _DYNAMIC_REFERENCE.sub(replacement, value)
