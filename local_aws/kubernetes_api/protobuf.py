"""Bodies in Kubernetes' protobuf envelope, as kubectl's typed commands send them (`create`, `auth can-i`).

Read only: answers are JSON, which every client takes.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.schema import BOOLEAN, BYTES, List, Map, Struct, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.kubernetes_api.schema import Json, Shape

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_VARINT, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}
# Field numbers of the messages in Kubernetes' generated.proto files.
_OBJECT = {1: "metadata", 2: "spec", 3: "status"}
_BINDING = {1: "metadata", 2: "subjects", 3: "roleRef"}
_ROLE = {1: "metadata", 2: "rules"}
_NUMBERS: dict[str, dict[int, str]] = {
    "ObjectMeta": {1: "name", 2: "generateName", 3: "namespace", 11: "labels", 12: "annotations", 14: "finalizers"},
    "ConfigMap": {1: "metadata", 2: "data", 3: "binaryData", 4: "immutable"},
    "Namespace": {1: "metadata"},
    "Role": _ROLE,
    "ClusterRole": _ROLE,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "PolicyRule": {1: "verbs", 2: "apiGroups", 3: "resources", 4: "resourceNames", 5: "nonResourceURLs"},
    "Subject": {1: "kind", 2: "apiGroup", 3: "name", 4: "namespace"},
    "RoleRef": {1: "apiGroup", 2: "kind", 3: "name"},
    "SelfSubjectReview": {1: "metadata"},
    "SelfSubjectAccessReview": _OBJECT,
    "SelfSubjectAccessReviewSpec": {1: "resourceAttributes", 2: "nonResourceAttributes"},
    "ResourceAttributes": {
        1: "namespace",
        2: "verb",
        3: "group",
        4: "version",
        5: "resource",
        6: "subresource",
        7: "name",
    },
    "NonResourceAttributes": {1: "path", 2: "verb"},
}


def to_json(body: bytes) -> dict[str, Any]:
    """Read an enveloped object as the JSON that would mean the same.

    Raises:
        ValueError: It is not such an envelope, or holds a kind that is not read here.
    """
    if not body.startswith(_MAGIC):
        raise ValueError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    api_version, kind = (_text(value) for _, value in _fields(_bytes(envelope[1])))
    if kind not in _NUMBERS:
        raise ValueError(f"no kind {kind!r} is registered")
    return {"kind": kind, "apiVersion": api_version, **_message(shape_of(kind), _bytes(envelope.get(2, b"")))}


def _message(struct: Struct, data: bytes) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for number, value in _fields(data):
        name = _NUMBERS[struct.name].get(number, "")
        shape = struct.fields.get(name)
        match shape:
            case None:
                continue
            case List():
                message.setdefault(name, []).append(_value(shape.items, value))
            case Map():
                pair = dict(_fields(_bytes(value)))
                message.setdefault(name, {})[_text(pair[1])] = _value(shape.values, pair.get(2, b""))
            case _:
                message[name] = _value(shape, value)
    return message


def _value(shape: Shape, value: int | bytes) -> Json:
    if isinstance(shape, Struct):
        return _message(shape, _bytes(value))
    if shape is BOOLEAN:
        return bool(value)
    if shape is BYTES:
        return base64.b64encode(_bytes(value)).decode()
    return _text(value)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Split a message into its fields: numbers with integers or bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind == _LENGTH:
            size, position = _varint(data, position)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"illegal wire type {kind}")
        yield number, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value, position


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message was expected")  # noqa: TRY004 - the input is wrong, not the caller
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()
