"""Templates as text: JSON, and YAML with CloudFormation's short forms (`!Ref`, `!GetAtt`, …)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from local_aws.cloudformation.errors import Refused

if TYPE_CHECKING:
    from local_aws.cloudformation.values import Value

_SHORT_FORMS = (
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
)
_RULE_FORMS = ("Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll")


class _Loader(yaml.SafeLoader):
    """Safe YAML; dates stay text, as in CloudFormation (`Version: 2012-10-17`)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _content(loader: yaml.SafeLoader, node: yaml.Node) -> Value:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return _mapping(loader, node)


def _short_form(name: str) -> None:
    def construct(loader: yaml.SafeLoader, node: yaml.Node) -> dict[str, Any]:
        return {name: _content(loader, node)}

    _Loader.add_constructor(f"!{name.removeprefix('Fn::')}", construct)


def _get_att(loader: yaml.SafeLoader, node: yaml.Node) -> dict[str, Any]:
    content = _content(loader, node)
    return {"Fn::GetAtt": content.split(".", 1) if isinstance(content, str) else content}


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
    keys = [loader.construct_object(key) for key, _ in node.value]
    doubled = {str(key) for key in keys if keys.count(key) > 1}
    if doubled:
        line = node.start_mark.line + 1
        raise Refused(
            "Template format error: YAML not well-formed. "
            f"(duplicate keys {sorted(doubled)} in the mapping at line {line})"
        )
    return loader.construct_mapping(node, deep=True)


for _name in (*_SHORT_FORMS, *_RULE_FORMS):
    _short_form(f"Fn::{_name}")
_short_form("Ref")
_short_form("Condition")
_Loader.add_constructor("!GetAtt", _get_att)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load(text: str) -> dict[str, Any]:
    """The template's content.

    Raises:
        Refused: it is neither, or not a mapping.
    """
    content = _load_json(text) if text.lstrip().startswith("{") else _load_yaml(text)
    if not isinstance(content, dict):
        raise Refused("Template format error: unsupported structure.")
    return content


def _load_json(text: str) -> Value:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} , column {error.colno}"
        raise Refused(f"Template format error: JSON not well-formed. ({where})") from error


def _load_yaml(text: str) -> Value:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with more tags
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "unknown place"
        raise Refused(f"Template format error: YAML not well-formed. ({where}: {error.problem})") from error
    except yaml.YAMLError as error:
        raise Refused(f"Template format error: YAML not well-formed. ({error})") from error
