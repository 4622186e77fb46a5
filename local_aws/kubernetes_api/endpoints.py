"""From an authorised request to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api import tables
from local_aws.kubernetes_api.discovery import discover
from local_aws.kubernetes_api.objects import Objects
from local_aws.kubernetes_api.patching import patch
from local_aws.kubernetes_api.requests import Options, media_type, read_object, read_options
from local_aws.kubernetes_api.resources import (
    NAMESPACES,
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_REVIEWS,
    Key,
    Resource,
    Target,
)
from local_aws.kubernetes_api.responses import Response, json_response
from local_aws.kubernetes_api.reviews import review
from local_aws.kubernetes_api.server_side_apply import APPLY_PATCH, apply
from local_aws.kubernetes_api.status import ApiError, bad_request, method_not_allowed, not_acceptable, unknown_path
from local_aws.kubernetes_api.watching import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from local_aws.kubernetes_api.rbac import Authorizer, User
    from local_aws.kubernetes_api.store import Store

_BODY_LIMIT = 3 * 1024 * 1024


class Endpoints:
    """Everything that can be asked of the API."""

    def __init__(self, store: Store, authorizer: Authorizer, version: str, closing: threading.Event) -> None:
        """Answer from this store, as this authorizer allows, as this Kubernetes version ("1.33")."""
        self._store = store
        self._objects = Objects(store)
        self._authorizer = authorizer
        self._version = version
        self._closing = closing

    def answer(self, method: str, target: Target, user: User, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer a request that this user may make.

        Raises:
            ApiError: It is refused.
        """
        if not target.plural:
            if method != "GET":
                raise method_not_allowed()
            return discover(target.path, self._version)
        resource = target.resource
        if resource is None or not _is_scoped_well(resource, target):
            raise unknown_path()
        names_one = method in ("PUT", "PATCH", "DELETE")
        if target.verb not in resource.verbs or (method != "GET" and names_one is not bool(target.name)):
            raise method_not_allowed()
        if len(body) > _BODY_LIMIT:
            raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_BODY_LIMIT}")
        accept = headers.get("accept", "*/*")
        if not any(type_ in accept for type_ in ("application/json", "application/*", "*/*")):
            raise not_acceptable()
        if any(name.startswith("impersonate-") for name in headers):
            raise bad_request("impersonation is not served by the local Kubernetes API: use a token of that user")
        key = Key(resource, target.namespace if resource.namespaced else "", target.name)
        if target.verb in ("get", "list", "watch"):
            return self._read(key, target, as_table=tables.is_wanted(accept))
        if resource in (SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS):
            question = read_object(resource, media_type(headers), body, Options())
            return json_response(201, review(resource, question, user, self._authorizer))
        return self._write(key, target, headers, body)

    def _read(self, key: Key, target: Target, *, as_table: bool) -> Response:
        include = target.query.get("includeObject", "Metadata")

        def shown(manifest: dict[str, Any]) -> dict[str, Any]:
            if not as_table:
                return manifest
            return tables.table(key.resource, [manifest], manifest["metadata"]["resourceVersion"], include)

        if target.verb == "watch":
            stream = Watch.of(key, target.query, shown).lines(self._store, self._closing)
            return Response(200, headers={"Content-Type": "application/json"}, stream=stream)
        if target.verb == "get":
            return json_response(200, shown(self._objects.get(key)))
        found, version = self._objects.find(key, target.query)
        if as_table:
            return json_response(200, tables.table(key.resource, found, version, include))
        return json_response(200, _list_of(key.resource, found, version))

    def _write(self, key: Key, target: Target, headers: Mapping[str, str], body: bytes) -> Response:
        content_type = media_type(headers)
        options = read_options(target.query, headers)
        code = 200
        match target.verb:
            case "create":
                code = 201
                answer = self._objects.create(key, read_object(key.resource, content_type, body, options), options)
            case "update":
                answer = self._objects.update(key, read_object(key.resource, content_type, body, options), options)
            case "patch" if content_type == APPLY_PATCH:
                answer, is_new = apply(self._store, key, body, options)
                code = 201 if is_new else 200
            case "patch":
                answer = patch(self._store, key, content_type, body, options)
            case _:
                answer = self._objects.delete(key, body, options)
        return json_response(code, answer, options.warnings)


def _is_scoped_well(resource: Resource, target: Target) -> bool:
    if resource.namespaced:
        return bool(target.namespace) or target.verb in ("list", "watch")
    # A namespace counts as being in itself.
    return not target.namespace or resource is NAMESPACES


def _list_of(resource: Resource, items: list[dict[str, Any]], version: str) -> dict[str, Any]:
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": version},
        # Items of a list do not repeat what they are.
        "items": [{name: item[name] for name in item if name not in ("kind", "apiVersion")} for item in items],
    }
