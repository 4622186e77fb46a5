"""A ConfigMap's manifest, as kubectl prints it, with the map's text exactly as the cluster has it."""

from __future__ import annotations

import json
import math
import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windows_nodegroup.handler.aws_auth import MalformedMap
from windows_nodegroup.handler.aws_auth_composer import compose
from windows_nodegroup.handler.aws_auth_document import Mapping, Node, Scalar, Sequence, target
from windows_nodegroup.handler.entry_edit import MAP_ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LEVELS = 100


class UnusableError(ValueError):
    """What was given cannot be worked with: the text says why, and the cure."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A ConfigMap."""

    members: dict[str, Any]
    #: The list whose only item the ConfigMap is, without it.
    around: dict[str, Any] | None = None

    @classmethod
    def read(cls, text: str) -> Manifest:
        """Read a manifest, in JSON or YAML.

        Raises:
            UnusableError: It is not a ConfigMap's.
        """
        manifest = cls.find(text)
        if manifest is None:
            raise UnusableError(
                "this is no ConfigMap's manifest: give what"
                " `kubectl -n kube-system get configmap aws-auth -o yaml` prints [no-manifest]"
            )
        return manifest

    @classmethod
    def find(cls, text: str) -> Manifest | None:
        """Return the manifest, or None if the text is something else.

        Raises:
            UnusableError: It is a manifest, but not that of one ConfigMap whose values are text.
        """
        members, more = _parsed(text)
        if not isinstance(members, dict) or "kind" not in members:
            return None
        if more:
            raise UnusableError("there are several documents: give one manifest [several-documents]")
        _refuse_what_json_lacks(members)
        around = None
        match members:
            case {"kind": "List" | "ConfigMapList", "items": [{"kind": "ConfigMap"} as item]}:
                around, members = members, item
        kind = members["kind"]
        if kind != "ConfigMap":
            cure = "take the item out of the list" if str(kind).endswith("List") else "give the ConfigMap aws-auth"
            raise UnusableError(f"this is the manifest of a {kind}, not of a ConfigMap: {cure} [kind]")
        metadata = _mapping(members, "metadata")
        name, namespace = metadata.get("name", "aws-auth"), metadata.get("namespace") or "kube-system"
        if name != "aws-auth":
            raise UnusableError(f"this is the ConfigMap {name}: the authenticator reads aws-auth alone [name]")
        if namespace != "kube-system":
            raise UnusableError(
                f"this is the ConfigMap of namespace {namespace}: the authenticator reads the one of kube-system alone"
                " [namespace]"
            )
        if not isinstance(_mapping(members, "data").get(MAP_ROLES), str | None):
            raise UnusableError(f"data.{MAP_ROLES} is not text: write it as a block, `{MAP_ROLES}: |` [not-text]")
        return cls(members, around)

    @property
    def map_roles(self) -> str | None:
        """The value of `mapRoles`; None when there is no such key."""
        found: str | None = _mapping(self.members, "data").get(MAP_ROLES)
        return found

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations by name."""
        return _mapping(_mapping(self.members, "metadata"), "annotations")

    def with_map_roles(self, text: str) -> Manifest:
        """Return the manifest with that value of `mapRoles`, and everything else as it is.

        Raises:
            UnusableError: Kubernetes would not take it.
        """
        if self.members.get("immutable"):
            raise UnusableError(
                "the ConfigMap is immutable, and Kubernetes refuses to change it: take `immutable` out of the manifest,"
                " and give it to `kubectl replace --force`, which deletes the ConfigMap and makes it anew [immutable]"
            )
        return replace(self, members=self.members | {"data": _mapping(self.members, "data") | {MAP_ROLES: text}})

    def with_annotation(self, name: str, value: str | None) -> Manifest:
        """Return the manifest with that annotation, or for None without; what then is empty goes, too."""
        annotations = _without(self.annotations, name) | ({} if value is None else {name: value})
        metadata = _mapping(self.members, "metadata") | {"annotations": annotations}
        metadata = metadata if annotations else _without(metadata, "annotations")
        members = self.members | {"metadata": metadata}
        return replace(self, members=members if metadata else _without(members, "metadata"))

    def as_json(self) -> str:
        """Return the manifest as kubectl reads it, within its list if it came in one."""
        members = self.members if self.around is None else self.around | {"items": [self.members]}
        return json.dumps(members, ensure_ascii=False, indent=2) + "\n"


def content(file: str) -> str:
    """Return the text of a file, or of standard input for `-`, without touching its line ends.

    Raises:
        OSError: It cannot be read.
        UnusableError: Standard input is closed, or it is not UTF-8.
    """
    if file == "-" and sys.stdin is None:
        raise UnusableError("standard input is closed: name a FILE, or pipe something in [no-input]")
    octets = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableError(f"{file} is not UTF-8: {error.reason} at byte {error.start} [encoding]") from None


def map_roles(text: str) -> str | None:
    """Return the value of `mapRoles` in a manifest, or the text itself if it is no manifest.

    Raises:
        UnusableError: It is a manifest, but not that of one ConfigMap whose values are text.
    """
    manifest = Manifest.find(text)
    return text if manifest is None else manifest.map_roles


def _mapping(members: dict[str, Any], key: str) -> dict[str, Any]:
    found = members.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnusableError(f"{key} is not a mapping, so this is no ConfigMap [no-manifest]")
    return found


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: member for key, member in members.items() if key != name}


def _refuse_what_json_lacks(members: dict[str, Any]) -> None:
    try:
        json.dumps(members, allow_nan=False)
    except ValueError:
        raise UnusableError("there is NaN or an infinite number in it, which no JSON has [not-json]") from None


def _parsed(text: str) -> tuple[object, bool]:
    """Return the text's first document as JSON's values, read as kubectl reads it, and whether another follows."""
    try:
        return json.loads(text.removeprefix("\ufeff")), False
    except (ValueError, RecursionError):
        pass
    documents = _documents(text)
    first = None
    try:
        first = next(documents, None)
        return first, next(documents, None) is not None
    except MalformedMap:
        return first, first is not None


def _documents(text: str) -> Iterator[object]:
    """Yield the values of the documents that say something: kubectl passes over others."""
    more = True
    while more:
        document = compose(text)
        if document.root is not None and document.root.depth > _MOST_LEVELS:
            raise MalformedMap(f"it nests deeper than {_MOST_LEVELS} levels")
        value = document.root and _value(document.root)
        if value is not None:
            yield value
        more, text = document.more, text[document.end :].removeprefix("...")


def _value(node: Node) -> object:
    found = target(node)
    if isinstance(found, Sequence):
        return [_value(item) for item in found.items]
    if isinstance(found, Mapping):
        return {_key(field.key): _value(field.value) for field in found.fields.values()}
    return found.value if isinstance(found, Scalar) else None


def _key(node: Node) -> str:
    """Return a key as JSON has it: https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go."""
    found = target(node)
    value = found.value if isinstance(found, Scalar) else None
    if isinstance(value, bool):
        return str(value).lower()
    return _single(value) if isinstance(value, float) else str(value)


def _single(value: float) -> str:
    """Return a number as Go writes a `float32` with as few digits as tell it from others."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        single = math.copysign(math.inf, value)
    if not math.isfinite(single):
        return {"inf": ".inf", "-inf": "-.inf"}.get(str(single), ".nan")
    forms = (f"{single:.{digits}e}" for digits in range(9))
    shortest = next(form for form in forms if struct.pack("f", float(form)) == struct.pack("f", single))
    return f"{float(shortest):.9g}" if int(shortest.partition("e")[2]) in range(-4, 6) else shortest
