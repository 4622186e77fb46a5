"""Parameters: types, constraints, and values that live elsewhere (Parameter Store, EC2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.values import as_text, is_true

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_aws.cloudformation.aws import Aws

#: How to find out whether a value of an AWS-specific type exists: service, operation, argument.
_EXISTING = {
    "AWS::EC2::AvailabilityZone::Name": ("describe_availability_zones", "ZoneNames"),
    "AWS::EC2::Image::Id": ("describe_images", "ImageIds"),
    "AWS::EC2::Instance::Id": ("describe_instances", "InstanceIds"),
    "AWS::EC2::KeyPair::KeyName": ("describe_key_pairs", "KeyNames"),
    "AWS::EC2::SecurityGroup::GroupName": ("describe_security_groups", "GroupNames"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
    "AWS::EC2::Volume::Id": ("describe_volumes", "VolumeIds"),
}
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(?P<type>.+)>")
_LIST = re.compile(r"List<(?P<type>.+)>")
_CONSTRAINTS = {
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter's declaration."""

    name: str
    #: Of the value as it is used: for Parameter Store's, what is stored there.
    type: str
    #: The value names an entry of Parameter Store.
    stored: bool
    default: str | None
    constraints: Mapping[str, Any]

    @property
    def is_list(self) -> bool:
        """Whether `Ref` gives a list."""
        return self.type == "CommaDelimitedList" or _LIST.fullmatch(self.type) is not None

    @property
    def item_type(self) -> str:
        """The type of the value, or of each value of a list."""
        found = _LIST.fullmatch(self.type)
        return found["type"] if found else self.type

    @property
    def no_echo(self) -> bool:
        """Whether the value is never shown."""
        return is_true(self.constraints.get("NoEcho", False))


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a stack's parameters."""

    declarations: Mapping[str, Parameter]
    #: As given: for Parameter Store's types the entry's name.
    given: Mapping[str, str]
    #: What `Ref` gives.
    resolved: Mapping[str, str | list[str]]

    def described(self) -> list[dict[str, Any]]:
        """For DescribeStacks and DescribeChangeSet."""
        described = []
        for name, declaration in self.declarations.items():
            value = "****" if declaration.no_echo else self.given[name]
            entry = {"ParameterKey": name, "ParameterValue": value}
            if declaration.stored:
                resolved = self.resolved[name]
                entry["ResolvedValue"] = ",".join(resolved) if isinstance(resolved, list) else resolved
            described.append(entry)
        return described


def declare(section: Mapping[str, Any]) -> dict[str, Parameter]:
    """The declarations of a template's `Parameters`.

    Raises:
        Refused: a type or an attribute is unknown.
    """
    return {name: _declaration(name, content) for name, content in section.items()}


def _declaration(name: str, content: Mapping[str, Any]) -> Parameter:
    unknown = sorted(content.keys() - _CONSTRAINTS)
    if unknown:
        raise Refused(f"Invalid template parameter property '{unknown[0]}'")
    if "Type" not in content:
        raise Refused("Template format error: Every Parameters object must contain a Type member.")
    stored = _SSM_VALUE.fullmatch(content["Type"])
    value_type = stored["type"] if stored else content["Type"]
    item = _LIST.fullmatch(value_type)
    known = {"String", "Number", *_EXISTING} if item else {"String", "Number", "CommaDelimitedList", *_EXISTING}
    if (item["type"] if item else value_type) not in known or (item and item["type"] == "String" and not stored):
        raise Refused(f"Template format error: Unrecognized parameter type: {content['Type']}")
    default = content.get("Default")
    return Parameter(
        name=name,
        type=value_type,
        stored=stored is not None,
        default=None if default is None else as_text(default),
        constraints=content,
    )


def values(
    declarations: Mapping[str, Parameter],
    given: Iterable[Mapping[str, Any]],
    previous: Mapping[str, str] | None,
    aws: Aws,
) -> Values:
    """The values of an operation: what was given, what stays as before, and the defaults, all within their constraints.

    Parameter Store is asked anew at every operation, also for a value that stays.

    Raises:
        Refused: a value is missing, unknown or breaks a constraint.
    """
    texts = _chosen(declarations, list(given), previous)
    _check_values(declarations, texts)
    resolved: dict[str, str | list[str]] = {}
    stored = _stored({texts[name] for name, declaration in declarations.items() if declaration.stored}, aws)
    for name, declaration in declarations.items():
        text = stored[texts[name]] if declaration.stored else texts[name]
        resolved[name] = [item.strip() for item in text.split(",")] if declaration.is_list else text
    return Values(declarations, texts, resolved)


def _chosen(
    declarations: Mapping[str, Parameter], given: list[Mapping[str, Any]], previous: Mapping[str, str] | None
) -> dict[str, str]:
    unknown = [parameter["ParameterKey"] for parameter in given if parameter["ParameterKey"] not in declarations]
    if unknown:
        raise Refused(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    chosen = {name: declaration.default for name, declaration in declarations.items()}
    for parameter in given:
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            chosen[name] = parameter.get("ParameterValue", "")
        elif previous is None or name not in previous:
            raise Refused(
                f"Invalid input for parameter key {name}. "
                "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            )
        else:
            chosen[name] = previous[name]
    missing = [name for name, value in chosen.items() if value is None]
    if missing:
        raise Refused(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: value for name, value in chosen.items() if value is not None}


def _check_values(declarations: Mapping[str, Parameter], texts: Mapping[str, str]) -> None:
    for name, declaration in declarations.items():
        text = texts[name]
        items = [item.strip() for item in text.split(",")] if declaration.is_list and not declaration.stored else [text]
        for item in items:
            complaint = _complaint(declaration, item)
            if complaint is None:
                continue
            described = declaration.constraints.get("ConstraintDescription")
            if described and not complaint.startswith("must be a number"):
                raise Refused(f"Parameter {name} failed to satisfy constraint: {described}")
            raise Refused(f"Parameter '{name}' {complaint}")


def _complaint(declaration: Parameter, text: str) -> str | None:
    """What is wrong with one value, in CloudFormation's words."""
    constraints = declaration.constraints
    allowed = constraints.get("AllowedValues")
    if allowed is not None and text not in [as_text(value) for value in allowed]:
        return "must be one of AllowedValues"
    if declaration.item_type == "Number" and not declaration.stored:
        return _number_complaint(constraints, text)
    if "MinLength" in constraints and len(text) < int(constraints["MinLength"]):
        return f"must contain at least {constraints['MinLength']} characters"
    if "MaxLength" in constraints and len(text) > int(constraints["MaxLength"]):
        return f"must contain at most {constraints['MaxLength']} characters"
    if "AllowedPattern" in constraints and not re.fullmatch(constraints["AllowedPattern"], text):
        return f"must match pattern {constraints['AllowedPattern']}"
    return None


def _number_complaint(constraints: Mapping[str, Any], text: str) -> str | None:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return "must be a number"
    if "MinValue" in constraints and float(text) < float(constraints["MinValue"]):
        return f"must be a number not less than {constraints['MinValue']}"
    if "MaxValue" in constraints and float(text) > float(constraints["MaxValue"]):
        return f"must be a number not greater than {constraints['MaxValue']}"
    return None


def _stored(names: set[str], aws: Aws) -> dict[str, str]:
    found: dict[str, str] = {}
    missing = []
    for name in sorted(names):
        try:
            parameter = aws.call("ssm", "get_parameter", Name=name)["Parameter"]
        except ClientError:
            missing.append(name)
        else:
            found[name] = parameter["Value"]
    if missing:
        raise Refused(f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account.")
    return found


def missing_resource(parameters: Values, aws: Aws) -> str | None:
    """Why a value of an AWS-specific type is no good, in CloudFormation's words; None if all of them exist."""
    for name, declaration in parameters.declarations.items():
        if declaration.item_type not in _EXISTING or declaration.stored:
            continue
        value = parameters.resolved[name]
        operation, argument = _EXISTING[declaration.item_type]
        for item in value if isinstance(value, list) else [value]:
            try:
                found = aws.call("ec2", operation, **{argument: [item]})
            except ClientError:
                found = {}
            if not any(
                content for key, content in found.items() if key != "ResponseMetadata" and isinstance(content, list)
            ):
                return f"Parameter validation failed: parameter value {item} for parameter name {name} does not exist"
    return None
