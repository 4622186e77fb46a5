"""The shape of the served kinds, and reading JSON into it as Go's decoder does."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.kubernetes_api.resources import Resource

Json: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"


class DecodingError(ValueError):
    """A value of another type than the field's, in the words of Go's decoder."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A field of one JSON type; `go` is that type's name in Go."""

    python: type
    go: str


@dataclass(frozen=True, slots=True)
class Map:
    """A map with free keys."""

    values: Scalar


@dataclass(frozen=True, slots=True)
class List:
    """A list of equal things."""

    items: Shape


@dataclass(frozen=True, slots=True)
class Struct:
    """A Go structure: named fields, in the order in which Go prints them."""

    name: str
    fields: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Anything:
    """A field that nothing here looks into."""


Shape: TypeAlias = "Scalar | Map | List | Struct | Anything"

STRING = Scalar(str, "string")
BOOLEAN = Scalar(bool, "bool")
INTEGER = Scalar(int, "int64")
BYTES = Scalar(bytes, "[]uint8")
ANYTHING = Anything()
_STRINGS = List(STRING)

METADATA = Struct(
    "ObjectMeta",
    {
        "name": STRING,
        "generateName": STRING,
        "namespace": STRING,
        "selfLink": STRING,
        "uid": STRING,
        "resourceVersion": STRING,
        "generation": INTEGER,
        "creationTimestamp": STRING,
        "deletionTimestamp": STRING,
        "deletionGracePeriodSeconds": INTEGER,
        "labels": Map(STRING),
        "annotations": Map(STRING),
        "ownerReferences": ANYTHING,
        "finalizers": _STRINGS,
        "managedFields": ANYTHING,
    },
)
_RULES = List(
    Struct(
        "PolicyRule",
        {
            "verbs": _STRINGS,
            "apiGroups": _STRINGS,
            "resources": _STRINGS,
            "resourceNames": _STRINGS,
            "nonResourceURLs": _STRINGS,
        },
    )
)
_SUBJECTS = List(
    Struct("Subject", {"kind": STRING, "apiGroup": STRING, "name": STRING, "namespace": STRING}),
)
_ROLE_REF = Struct("RoleRef", {"apiGroup": STRING, "kind": STRING, "name": STRING})
_ACCESS_REVIEW_SPEC = Struct(
    "SelfSubjectAccessReviewSpec",
    {
        "resourceAttributes": Struct(
            "ResourceAttributes",
            dict.fromkeys(("namespace", "verb", "group", "version", "resource", "subresource", "name"), STRING),
        ),
        "nonResourceAttributes": Struct("NonResourceAttributes", {"path": STRING, "verb": STRING}),
    },
)
_FIELDS: dict[str, dict[str, Shape]] = {
    "ConfigMap": {"immutable": BOOLEAN, "data": Map(STRING), "binaryData": Map(BYTES)},
    "Namespace": {"spec": ANYTHING, "status": ANYTHING},
    "Node": {"spec": ANYTHING, "status": ANYTHING},
    "Event": {},
    "Role": {"rules": _RULES},
    "ClusterRole": {"rules": _RULES, "aggregationRule": ANYTHING},
    "RoleBinding": {"subjects": _SUBJECTS, "roleRef": _ROLE_REF},
    "ClusterRoleBinding": {"subjects": _SUBJECTS, "roleRef": _ROLE_REF},
    "SelfSubjectReview": {"status": ANYTHING},
    "SelfSubjectAccessReview": {"spec": _ACCESS_REVIEW_SPEC, "status": ANYTHING},
}


def shape_of(kind: str) -> Struct:
    """Give the shape of a served kind."""
    return Struct(kind, {"kind": STRING, "apiVersion": STRING, "metadata": METADATA, **_FIELDS[kind]})


def decode(resource: Resource, value: Json) -> tuple[dict[str, Any], list[str]]:
    """Read a JSON value as an object of this resource.

    Returns:
        The object, with its empty and unknown fields left out, and the paths of the unknown fields.

    Raises:
        DecodingError: A value is of the wrong type.
    """
    unknown: list[str] = []
    struct = shape_of(resource.kind)
    if not isinstance(value, dict):
        raise DecodingError(f"json: cannot unmarshal {_json_type(value)} into Go value of type v1.{struct.name}")
    decoded = _decode_struct(struct, value, (), unknown)
    decoded["metadata"] = decoded.get("metadata", {})
    return {"kind": resource.kind, "apiVersion": resource.api_version, **decoded}, unknown


def parse_json(text: bytes) -> Json:
    """Parse JSON.

    Raises:
        DecodingError: It is not JSON; the message is the one of Go's parser.
    """
    try:
        parsed: Json = json.loads(text)
    except UnicodeDecodeError as error:
        raise DecodingError("invalid character '\ufffd' in string literal") from error
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()):
            raise DecodingError("unexpected end of JSON input") from error
        where = next((go for python, go in _GO_PLACES.items() if error.msg.startswith(python)), "in string literal")
        raise DecodingError(f"invalid character {error.doc[error.pos]!r} {where}") from error
    return parsed


_GO_PLACES = {
    "Expecting property name": "looking for beginning of object key string",
    "Expecting value": "looking for beginning of value",
    "Expecting ':'": "after object key",
    "Expecting ','": "after object key:value pair",
    "Extra data": "after top-level value",
}


def _decode_struct(struct: Struct, value: dict[str, Any], path: tuple[str, ...], unknown: list[str]) -> dict[str, Any]:
    unknown.extend(".".join((*path, name)) for name in value if name not in struct.fields)
    decoded = {
        name: _decode(shape, value[name], struct, (*path, name), unknown)
        for name, shape in struct.fields.items()
        if value.get(name) is not None
    }
    # Go's `omitempty`; a boolean is a pointer there, and kept.
    return {name: field for name, field in decoded.items() if field or field is False}


def _decode(shape: Shape, value: Json, struct: Struct, path: tuple[str, ...], unknown: list[str]) -> Json:
    match shape, value:
        case Anything(), _:
            return value
        case Struct(), dict():
            return _decode_struct(shape, value, path, unknown)
        case Map(), dict():
            return {key: _decode(shape.values, entry, struct, path, unknown) for key, entry in sorted(value.items())}
        case List(), list():
            return [_decode(shape.items, item, struct, path, unknown) for item in value]
        case Scalar(), _:
            return _decode_scalar(shape, value, struct, path)
    raise _type_error(shape, value, struct, path)


def _decode_scalar(shape: Scalar, value: Json, struct: Struct, path: tuple[str, ...]) -> Json:
    if value is None:
        return ""
    expected = str if shape is BYTES else shape.python
    if type(value) is not expected:
        raise _type_error(shape, value, struct, path)
    if shape is BYTES and isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise DecodingError("illegal base64 data at input byte 0") from error
    return value


def _type_error(shape: Shape, value: Json, struct: Struct, path: tuple[str, ...]) -> DecodingError:
    field = f"{struct.name}.{'.'.join(path)}"
    return DecodingError(
        f"json: cannot unmarshal {_json_type(value)} into Go struct field {field} of type {_go(shape)}"
    )


def _json_type(value: Json) -> str:
    match value:
        case bool():
            return "bool"
        case dict():
            return "object"
        case list():
            return "array"
        case str():
            return "string"
        case _:
            return "number"


def _go(shape: Shape) -> str:
    match shape:
        case Scalar():
            return shape.go
        case Map():
            return f"map[string]{shape.values.go}"
        case List():
            return f"[]{_go(shape.items)}"
        case Struct():
            return f"v1.{shape.name}"
        case Anything():
            return "interface {}"
