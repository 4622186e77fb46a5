"""The resource types agree with AWS's own schemas, as cfn-lint ships them."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local_aws.cloudformation.resources import KINDS

#: Attributes that the documentation has and the schemas have not.
_DOCUMENTED = {
    "AWS::EC2::SecurityGroup": {"VpcId"},
    "AWS::EC2::Subnet": {"AvailabilityZone", "CidrBlock", "VpcId"},
    "AWS::EC2::VPC": {"CidrBlock"},
    "AWS::EKS::Nodegroup": {"ClusterName", "NodegroupName"},
    "AWS::SSM::Parameter": {"Type", "Value"},
}


@cache
def _schemas() -> tuple[Path, dict[str, str]]:
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    assert spec.origin is not None
    schemas = Path(spec.origin).parent / "data" / "schemas"
    index: dict[str, str] = json.loads((schemas / "providers" / "us-west-2.json").read_text(encoding="utf-8"))
    return schemas / "resources", index


def _schema(type_name: str) -> dict[str, Any]:
    directory, index = _schemas()
    schema: dict[str, Any] = json.loads((directory / f"{index[type_name]}.json").read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("type_name", sorted(KINDS))
def test_a_type_agrees_with_its_schema(type_name: str) -> None:
    """Its properties and attributes exist, the immutable ones are AWS's, nothing that AWS requires is optional."""
    kind, schema = KINDS[type_name], _schema(type_name)
    immutable = {path.split("/")[2] for path in schema.get("createOnlyProperties", []) if path.count("/") == 2}
    read_only = {path.removeprefix("/properties/").replace("/", ".") for path in schema.get("readOnlyProperties", [])}
    assert kind.properties <= schema["properties"].keys()
    assert kind.immutable == immutable & kind.properties
    assert set(schema.get("required", [])) <= kind.required <= kind.properties
    assert kind.attributes <= read_only | _DOCUMENTED.get(type_name, set())
    assert kind.changing_attributes <= kind.attributes
    assert kind.name_property is None or kind.name_property in kind.immutable
    assert kind.takes_stack_tags == (schema.get("tagging", {}).get("taggable", False) and "Tags" in kind.properties)
