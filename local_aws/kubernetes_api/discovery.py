"""What a client asks before it asks for objects: version, health, groups, resources, and the schemas' catalogue.

kubectl reads from OpenAPI whether the server itself checks unknown fields (`fieldValidation`) and can try a write out
(`dryRun`); it needs no more of the schemas, as it knows these kinds itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.resources import RESOURCES
from local_aws.kubernetes_api.responses import Response, json_response
from local_aws.kubernetes_api.status import unknown_path

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Resource

_GROUPS = sorted({resource.group for resource in RESOURCES} - {""})


def discover(path: str, version: str) -> Response:
    """Answer a path that is no resource, as this Kubernetes version ("1.33").

    Raises:
        ApiError: 404, the path leads nowhere.
    """
    match path.strip("/").split("/"):
        case ["healthz" | "livez" | "readyz"]:
            return Response(200, b"ok", {"Content-Type": "text/plain; charset=utf-8"})
        case ["version"]:
            answer = _version(version)
        case ["api"]:
            answer = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            answer = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(group) for group in _GROUPS]}
        case ["apis", group] if group in _GROUPS:
            answer = {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["api", "v1"]:
            answer = _resources("")
        case ["apis", group, "v1"] if group in _GROUPS:
            answer = _resources(group)
        case ["openapi", "v3", *root]:
            answer = _open_api("/".join(root))
        case _:
            raise unknown_path()
    return json_response(200, answer)


def _version(version: str) -> dict[str, Any]:
    major, _, minor = version.partition(".")
    return {"major": major, "minor": minor, "gitVersion": f"v{version}.0-local"}


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(group: str) -> dict[str, Any]:
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/v1" if group else "v1",
        "resources": [
            {
                "name": resource.plural,
                "singularName": resource.kind.lower(),
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": list(resource.verbs),
                "shortNames": list(resource.short_names),
            }
            for resource in RESOURCES
            if resource.group == group
        ],
    }


def _open_api(root: str) -> dict[str, Any]:
    roots = {f"apis/{group}/v1" if group else "api/v1": group for group in ("", *_GROUPS)}
    if not root:
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in roots}}
    if root not in roots:
        raise unknown_path()
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": dict(_patch_operation(root, resource) for resource in RESOURCES if resource.group == roots[root]),
        "components": {"schemas": {}},
    }


def _patch_operation(root: str, resource: Resource) -> tuple[str, dict[str, Any]]:
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    patch = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}
    return f"/{root}/{namespace}{resource.plural}/{{name}}", {"patch": patch}
