"""The `Rules` section: assertions over parameters, made before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.intrinsics import CONDITION_FUNCTIONS, boolean, function_of, resolve
from local_aws.cloudformation.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.aws import Aws
    from local_aws.cloudformation.intrinsics import Scope
    from local_aws.cloudformation.parameters import Values
    from local_aws.cloudformation.values import Value

#: What `Fn::ValueOf` can ask of a value: operation, argument, list in the answer, attributes by their names in it.
_ATTRIBUTES: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "AWS::EC2::Subnet::Id": (
        "describe_subnets",
        "SubnetIds",
        "Subnets",
        {"AvailabilityZone": "AvailabilityZone", "VpcId": "VpcId"},
    ),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds", "SecurityGroups", {}),
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds", "Vpcs", {}),
}
_RULE_ATTRIBUTES = {"Assertions", "RuleCondition"}


def check(rules: Mapping[str, Any], parameters: Values, scope: Scope, aws: Aws) -> None:
    """Evaluate the rules.

    Raises:
        Refused: assertions do not hold (the texts are the template's), or a rule is malformed.
    """
    evaluation = _Evaluation(parameters, scope, aws)
    failed = []
    for name, rule in rules.items():
        unknown = rule.keys() - _RULE_ATTRIBUTES
        if unknown or not rule.get("Assertions"):
            raise Refused(
                f"Template format error: Rule {name} must have Assertions and may have a RuleCondition, nothing else"
            )
        if "RuleCondition" in rule and not evaluation.holds(rule["RuleCondition"]):
            continue
        failed += [
            assertion.get("AssertDescription", f"Rule {name} is not satisfied")
            for assertion in rule["Assertions"]
            if not evaluation.holds(assertion["Assert"])
        ]
    if failed:
        raise Refused(" ".join(failed))


class _Evaluation:
    """Rule-specific functions on top of the conditions' ones."""

    def __init__(self, parameters: Values, scope: Scope, aws: Aws) -> None:
        self._parameters = parameters
        self._scope = scope
        self._aws = aws
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Fn::Contains": self._contains,
            "Fn::EachMemberEquals": self._each_equals,
            "Fn::EachMemberIn": self._each_in,
            "Fn::RefAll": self._ref_all,
            "Fn::ValueOf": self._value_of,
            "Fn::ValueOfAll": self._value_of_all,
        }

    def holds(self, value: Value) -> bool:
        return boolean(self._reduce(value), self._scope)

    def _reduce(self, value: Value) -> Value:
        """Apply the rule functions, innermost first, then the conditions' functions."""
        if isinstance(value, list):
            return [self._reduce(item) for item in value]
        name = function_of(value)
        if name is None:
            if isinstance(value, dict):
                raise Refused("Template format error: Rules may only hold rule-specific intrinsic functions")
            return value
        if name in self._functions:
            argument = value[name] if name == "Fn::ValueOf" else self._reduce(value[name])
            return self._functions[name](argument)
        if name in CONDITION_FUNCTIONS:
            return resolve({name: self._reduce(value[name])}, self._scope)
        if name == "Ref":
            return resolve(value, self._scope)
        raise Refused(f"Template format error: {name} is no rule-specific intrinsic function")

    def _contains(self, argument: Value) -> bool:
        members, wanted = argument
        return as_text(wanted) in _texts(members)

    def _each_equals(self, argument: Value) -> bool:
        members, wanted = argument
        return all(member == as_text(wanted) for member in _texts(members))

    def _each_in(self, argument: Value) -> bool:
        members, allowed = argument
        return set(_texts(members)) <= set(_texts(allowed))

    def _ref_all(self, parameter_type: str) -> list[str]:
        """Every value that the template's parameters of this type have."""
        return [value for name in self._of_type(parameter_type) for value in _texts(self._parameters.resolved[name])]

    def _value_of_all(self, argument: Value) -> list[str]:
        parameter_type, attribute = argument
        return [value for name in self._of_type(parameter_type) for value in self._attribute_values(name, attribute)]

    def _value_of(self, argument: Value) -> str | list[str]:
        name, attribute = argument
        if name not in self._parameters.declarations:
            raise Refused(f"Template format error: Fn::ValueOf refers to {name!r}, which is no parameter")
        found = self._attribute_values(name, attribute)
        return found if self._parameters.declarations[name].is_list else found[0]

    def _of_type(self, parameter_type: str) -> list[str]:
        return [
            name
            for name, declaration in self._parameters.declarations.items()
            if declaration.item_type == parameter_type
        ]

    def _attribute_values(self, name: str, attribute: str) -> list[str]:
        declaration = self._parameters.declarations[name]
        if declaration.item_type not in _ATTRIBUTES:
            raise Refused(f"Template format error: Fn::ValueOf does not support parameters of type {declaration.type}")
        operation, argument, answer, names = _ATTRIBUTES[declaration.item_type]
        found = []
        for value in _texts(self._parameters.resolved[name]):
            (described,) = self._aws.call("ec2", operation, **{argument: [value]})[answer]
            if attribute.startswith("Tags."):
                tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
                found.append(tags.get(attribute.removeprefix("Tags."), ""))
            elif attribute in names:
                found.append(described[names[attribute]])
            else:
                raise Refused(
                    f"Template format error: {declaration.item_type} has no attribute {attribute!r} for Fn::ValueOf"
                )
        return found


def _texts(value: Value) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else [as_text(value)]
