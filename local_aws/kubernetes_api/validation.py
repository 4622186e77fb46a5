"""What Kubernetes checks before it stores an object: names, sizes, keys, immutability.

Source: kubernetes/kubernetes, pkg/apis/core/validation, and
https://kubernetes.io/docs/concepts/configuration/configmap/
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.status import Cause

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Resource

CONFIG_MAP_LIMIT = 1024 * 1024
ANNOTATIONS_LIMIT = 256 * 1024

_NAME_LENGTH = 253
_LABEL_LENGTH = 63
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
_QUALIFIED_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"

_NOT_A_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_NOT_A_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{_CONFIG_KEY}')"
)
_NOT_A_QUALIFIED_NAME = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED_NAME}')"
)
_NOT_A_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_LABEL_VALUE}')"
)
_IMMUTABLE = "field is immutable when `immutable` is set"


def problems(resource: Resource, new: dict[str, Any], old: dict[str, Any] | None) -> list[Cause]:
    """List what is wrong with an object that is about to be created (`old` is None) or changed."""
    causes = _metadata(resource, new["metadata"])
    if resource.kind == "ConfigMap":
        if old and old.get("immutable"):
            causes += _changes_of_immutable(old, new)
        causes += _config_map(new)
    elif resource.kind in ("RoleBinding", "ClusterRoleBinding"):
        causes += _binding(new, old)
    return causes


def _metadata(resource: Resource, metadata: dict[str, Any]) -> list[Cause]:
    causes = []
    name = metadata.get("name", "")
    if not name:
        causes.append(Cause.required("metadata.name", "name or generateName is required"))
    elif not resource.group:
        is_label = resource.kind == "Namespace"
        longest = _LABEL_LENGTH if is_label else _NAME_LENGTH
        if len(name) > longest:
            causes.append(Cause.invalid("metadata.name", name, f"must be no more than {longest} bytes"))
        if not re.fullmatch(_LABEL if is_label else _SUBDOMAIN, name):
            causes.append(Cause.invalid("metadata.name", name, _NOT_A_LABEL if is_label else _NOT_A_SUBDOMAIN))
    for key, value in metadata.get("labels", {}).items():
        causes += _qualified_name("metadata.labels", key)
        if len(value) > _LABEL_LENGTH:
            causes.append(Cause.invalid("metadata.labels", value, f"must be no more than {_LABEL_LENGTH} bytes"))
        elif not re.fullmatch(_LABEL_VALUE, value):
            causes.append(Cause.invalid("metadata.labels", value, _NOT_A_LABEL_VALUE))
    annotations = metadata.get("annotations", {})
    for key in annotations:
        causes += _qualified_name("metadata.annotations", key.lower())
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        causes.append(Cause.too_long("metadata.annotations", ANNOTATIONS_LIMIT))
    return causes


def _qualified_name(field: str, key: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    causes = []
    if slash and not prefix:
        causes.append(Cause.invalid(field, key, "prefix part must be non-empty"))
    elif slash and not re.fullmatch(_SUBDOMAIN, prefix):
        causes.append(Cause.invalid(field, key, f"prefix part {_NOT_A_SUBDOMAIN}"))
    if not name:
        causes.append(Cause.invalid(field, key, "name part must be non-empty"))
    elif len(name) > _LABEL_LENGTH:
        causes.append(Cause.invalid(field, key, f"name part must be no more than {_LABEL_LENGTH} bytes"))
    if not re.fullmatch(_QUALIFIED_NAME, name):
        causes.append(Cause.invalid(field, key, _NOT_A_QUALIFIED_NAME))
    return causes


def _config_map(manifest: dict[str, Any]) -> list[Cause]:
    data, binary = manifest.get("data", {}), manifest.get("binaryData", {})
    causes = []
    for field, values in (("data", data), ("binaryData", binary)):
        for key in values:
            causes += [Cause.invalid(f"{field}[{key}]", key, message) for message in _config_key_problems(key)]
    causes += [
        Cause.invalid(f"data[{key}]", key, "duplicate of key present in binaryData") for key in data if key in binary
    ]
    size = sum(len(value.encode()) for value in data.values())
    size += sum(len(base64.b64decode(value)) for value in binary.values())
    if size > CONFIG_MAP_LIMIT:
        causes.append(Cause.too_long("[]", CONFIG_MAP_LIMIT))
    return causes


def _config_key_problems(key: str) -> list[str]:
    problems_found = []
    if len(key) > _NAME_LENGTH:
        problems_found.append(f"must be no more than {_NAME_LENGTH} bytes")
    if not re.fullmatch(_CONFIG_KEY, key):
        problems_found.append(_NOT_A_CONFIG_KEY)
    if key in (".", ".."):
        problems_found.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems_found.append("must not start with '..'")
    return problems_found


def _changes_of_immutable(old: dict[str, Any], new: dict[str, Any]) -> list[Cause]:
    causes = [] if new.get("immutable") else [Cause.forbidden("immutable", _IMMUTABLE)]
    changed = (field for field in ("data", "binaryData") if old.get(field) != new.get(field))
    return causes + [Cause.forbidden(field, _IMMUTABLE) for field in changed]


def _binding(new: dict[str, Any], old: dict[str, Any] | None) -> list[Cause]:
    role = new.get("roleRef", {})
    if old and role != old.get("roleRef"):
        return [Cause("roleRef", "FieldValueInvalid", "Invalid value: cannot change roleRef")]
    return [] if role.get("name") else [Cause.required("roleRef.name", "")]
