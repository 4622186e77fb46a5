"""From an authenticated request to its answer: authorisation first, then the verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.objects import Objects, Options
from local_aws.kubernetes_api.patching import patch
from local_aws.kubernetes_api.responses import Response, json_response
from local_aws.kubernetes_api.status import (
    ApiError,
    bad_request,
    method_not_allowed,
    unknown_path,
    unsupported_media_type,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from local_aws.kubernetes_api.rbac import Authorizer, User
    from local_aws.kubernetes_api.resources import Resource, Target
    from local_aws.kubernetes_api.store import Store

_BODY_LIMIT = 3 * 1024 * 1024


class Endpoints:
    """Everything that can be asked of the API."""

    def __init__(self, store: Store, authorizer: Authorizer, closing: threading.Event) -> None:
        """Answer from this store, as this authorizer allows."""
        self._store = store
        self._objects = Objects(store)
        self._authorizer = authorizer
        self._closing = closing

    def answer(self, method: str, target: Target, user: User, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer a request.

        Raises:
            ApiError: It is refused.
        """
        self._authorizer.check(user, target)
        if not target.plural:
            raise unknown_path()
        resource = target.resource
        if resource is None or (resource.namespaced and not target.namespace and target.verb not in ("list", "watch")):
            raise unknown_path()
        if target.verb not in resource.verbs or (method == "POST" and target.name):
            raise method_not_allowed()
        if len(body) > _BODY_LIMIT:
            raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_BODY_LIMIT}")
        return self._object(resource, target, headers, body)

    def _object(self, resource: Resource, target: Target, headers: Mapping[str, str], body: bytes) -> Response:
        content_type = headers.get("Content-Type", "").partition(";")[0].strip()
        options = _options(target, headers)
        warnings: list[str] = []
        code = 200
        match target.verb:
            case "get":
                answer = self._objects.get(resource, target)
            case "list":
                answer = self._objects.list(resource, target)
            case "create":
                _check_json(content_type)
                code, answer = 201, self._objects.create(resource, target, body, options, warnings)
            case "update":
                _check_json(content_type)
                answer = self._objects.update(resource, target, body, options, warnings)
            case "patch":
                answer, is_new = patch(self._store, resource, target, content_type, body, options, warnings)
                code = 201 if is_new else 200
            case "delete":
                answer = self._objects.delete(resource, target, body, options)
            case _:
                raise method_not_allowed()
        return json_response(code, answer, warnings)


def _options(target: Target, headers: Mapping[str, str]) -> Options:
    dry_run = target.query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise bad_request(f'invalid dryRun: Unsupported value: "{dry_run}": supported values: "All"')
    from_agent = headers.get("User-Agent", "").partition("/")[0]
    return Options(
        manager=target.query.get("fieldManager") or from_agent or "unknown",
        dry_run=bool(dry_run),
        field_validation=target.query.get("fieldValidation") or "Warn",
    )


def _check_json(content_type: str) -> None:
    if content_type not in ("", "application/json"):
        raise unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json"
        )
