"""Kubernetes' `Status` answers: every refusal with the code, reason and words that a kube-apiserver uses.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_aws.kubernetes_api.resources import Resource

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class ApiError(Exception):
    """A refused request; `body` is the `Status` that the client gets."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        """Refuse with an HTTP code, Kubernetes' reason ("" for none), its message and its details."""
        super().__init__(message)
        self.code = code
        self.body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            "details": details or {},
            "code": code,
        }


@dataclass(frozen=True, slots=True)
class Cause:
    """One broken rule of an invalid object."""

    field: str
    reason: str
    message: str

    @classmethod
    def invalid(cls, field: str, value: str, message: str) -> Cause:
        """Name a value that breaks a rule."""
        return cls(field, "FieldValueInvalid", f"Invalid value: {quoted(value)}: {message}")

    @classmethod
    def forbidden(cls, field: str, message: str) -> Cause:
        """Name a field that must not be set or changed."""
        return cls(field, "FieldValueForbidden", f"Forbidden: {message}")

    @classmethod
    def required(cls, field: str, message: str) -> Cause:
        """Name a field that is missing."""
        return cls(field, "FieldValueRequired", f"Required value: {message}")

    @classmethod
    def too_long(cls, field: str, limit: int) -> Cause:
        """Name a value of more than `limit` bytes."""
        return cls(field, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")

    def __str__(self) -> str:
        """Read as it stands in the `Status`' message."""
        return f"{self.field}: {self.message}"


def quoted(text: str) -> str:
    """Quote as Go's `%q` does."""
    return json.dumps(text, ensure_ascii=False)


def details_of(resource: Resource, name: str = "") -> dict[str, Any]:
    """Point at an object, or at a whole resource."""
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}


def bad_request(message: str) -> ApiError:
    """Refuse a request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """Refuse an unknown token."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_acceptable() -> ApiError:
    """Refuse a client that takes no JSON."""
    return ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json")


def not_found(resource: Resource, name: str) -> ApiError:
    """Answer for an object that is not there."""
    return ApiError(404, "NotFound", f"{resource.qualified} {quoted(name)} not found", details_of(resource, name))


def unknown_path() -> ApiError:
    """Answer for a path that leads nowhere."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def method_not_allowed() -> ApiError:
    """Refuse a verb that the resource does not have."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message)


def already_exists(resource: Resource, name: str) -> ApiError:
    """Refuse to create an object again."""
    message = f"{resource.qualified} {quoted(name)} already exists"
    return ApiError(409, "AlreadyExists", message, details_of(resource, name))


def conflict(resource: Resource, name: str, why: str = _MODIFIED) -> ApiError:
    """Refuse a write that rests on an older version."""
    message = f"Operation cannot be fulfilled on {resource.qualified} {quoted(name)}: {why}"
    return ApiError(409, "Conflict", message, details_of(resource, name))


def unsupported_media_type(message: str = "415: Unsupported Media Type") -> ApiError:
    """Refuse a body of another content type."""
    return ApiError(415, "UnsupportedMediaType", message)


def unprocessable() -> ApiError:
    """Refuse a patch that does not apply."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request")


def invalid(resource: Resource | None, name: str, causes: Sequence[Cause]) -> ApiError:
    """Refuse an object that breaks rules; `resource` is None where Kubernetes does not know the kind either."""
    texts = [str(cause) for cause in causes]
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    kind, group = (resource.kind, resource.group) if resource else ("", "")
    details = {key: value for key, value in {"name": name, "group": group, "kind": kind}.items() if value}
    details_with_causes: dict[str, Any] = {
        **details,
        "causes": [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes],
    }
    qualified = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f"{qualified} {quoted(name)} is invalid: {listed}", details_with_causes)


def internal_error(message: str) -> ApiError:
    """Answer for a failure of the server's own."""
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def unavailable() -> ApiError:
    """Answer while the server cannot work."""
    return ApiError(503, "ServiceUnavailable", "the server is currently unable to handle the request")
