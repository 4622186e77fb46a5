"""Who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api import KubernetesApi, Rule, User
from local_aws.kubernetes_api.rbac import Authorizer
from local_aws.kubernetes_api.resources import target_of
from local_aws.kubernetes_api.store import Store
from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, Client, config_map

if TYPE_CHECKING:
    from collections.abc import Iterable

_RBAC = "rbac.authorization.k8s.io"


def _rules(verbs: Iterable[str], *names: str, resource: str = "configmaps") -> list[dict[str, Any]]:
    named = {"resourceNames": list(names)} if names else {}
    return [{"apiGroups": [""], "resources": [resource], "verbs": list(verbs), **named}]


def _put(api: KubernetesApi, kind: str, name: str, namespace: str = "", **content: object) -> None:
    place = {"namespace": namespace} if namespace else {}
    api.put({"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name, **place}, **content})


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": _RBAC, "kind": kind, "name": name}


def test_a_role_binds_a_group_in_its_namespace(api: KubernetesApi) -> None:
    """The narrow grant: get and patch one map, create any, only in kube-system."""
    _put(
        api,
        "Role",
        "writer",
        "kube-system",
        rules=[*_rules(["get", "patch"], "aws-auth"), *_rules(["create"])],
    )
    _put(
        api,
        "RoleBinding",
        "writer",
        "kube-system",
        subjects=[_reference("Group", "writers")],
        roleRef=_reference("Role", "writer"),
    )
    grouped = Client(api, "grouped")
    assert grouped.ask("POST", MAPS, config_map()).status == 201
    assert grouped.ask("GET", AWS_AUTH).status == 200
    assert grouped.ask("PATCH", AWS_AUTH, {"data": {"a": "b"}}, MERGE).status == 200
    assert grouped.ask("GET", f"{MAPS}/other").status == 403
    assert grouped.ask("PUT", AWS_AUTH, config_map()).status == 403
    assert grouped.ask("DELETE", AWS_AUTH).status == 403
    assert grouped.ask("GET", MAPS).status == 403
    assert grouped.ask("GET", AWS_AUTH.replace("kube-system", "default")).status == 403


def test_a_named_list_needs_no_more_than_the_name(api: KubernetesApi) -> None:
    """Listing with a field selector for one name is covered by a rule for that name."""
    _put(api, "ClusterRole", "lister", rules=_rules(["list", "watch"], "aws-auth"))
    _put(
        api,
        "RoleBinding",
        "lister",
        "kube-system",
        subjects=[_reference("User", "grouped")],
        roleRef=_reference("ClusterRole", "lister"),
    )
    grouped = Client(api, "grouped")
    assert grouped.ask("GET", f"{MAPS}?fieldSelector=metadata.name%3Daws-auth").status == 200
    assert grouped.ask("GET", f"{MAPS}?watch=1&timeoutSeconds=0&fieldSelector=metadata.name%3Daws-auth").status == 200
    assert grouped.ask("GET", MAPS).json["message"] == (
        'configmaps is forbidden: User "grouped" cannot list resource "configmaps" in API group "" in the namespace '
        '"kube-system"'
    )


def test_a_cluster_role_binding_reaches_everywhere(api: KubernetesApi) -> None:
    """Cluster-scoped objects need one; every authenticated user is in `system:authenticated`."""
    limited = Client(api, "limited")
    assert limited.ask("GET", "/api/v1/nodes").json["message"] == (
        'nodes is forbidden: User "limited" cannot list resource "nodes" in API group "" at the cluster scope'
    )
    _put(api, "ClusterRole", "nodes", rules=_rules(["get", "list"], resource="nodes"))
    _put(
        api,
        "ClusterRoleBinding",
        "nodes",
        subjects=[_reference("Group", "system:authenticated")],
        roleRef=_reference("ClusterRole", "nodes"),
    )
    assert limited.ask("GET", "/api/v1/nodes").status == 200
    assert limited.ask("GET", "/api/v1/nodes/x").status == 404
    assert Client(api, None).ask("GET", "/api/v1/nodes").status == 403


def test_a_binding_to_an_absent_role_grants_nothing(api: KubernetesApi) -> None:
    """The role may come later."""
    _put(
        api,
        "ClusterRoleBinding",
        "x",
        subjects=[_reference("Group", "writers")],
        roleRef=_reference("ClusterRole", "absent"),
    )
    assert Client(api, "grouped").ask("GET", AWS_AUTH).status == 403


def test_a_binding_cannot_change_its_role(admin: Client) -> None:
    """Kubernetes wants it deleted and made anew."""
    path = f"/apis/{_RBAC}/v1/clusterrolebindings"
    admin.ask("POST", path, {"metadata": {"name": "x"}, "roleRef": _reference("ClusterRole", "a")})
    changed = admin.ask("PATCH", f"{path}/x", {"roleRef": {"name": "b"}}, MERGE)
    assert (changed.status, changed.json["details"]["causes"][0]["field"]) == (422, "roleRef")
    assert admin.ask("POST", path, {"metadata": {"name": "y"}}).status == 422


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (Rule(frozenset({"get"}), frozenset({"configmaps"})), True),
        (Rule(frozenset({"*"}), frozenset({"*"})), True),
        (Rule(frozenset({"*"}), frozenset({"*"}), namespace="kube-system"), True),
        (Rule(frozenset({"*"}), frozenset({"*"}), namespace="default"), False),
        (Rule(frozenset({"get"}), frozenset({"configmaps"}), frozenset({"other"})), False),
        (Rule(frozenset({"get"}), frozenset({"configmaps"}), frozenset({"aws-auth"})), True),
        (Rule(frozenset({"list"}), frozenset({"configmaps"})), False),
        (Rule(frozenset({"get"}), frozenset({"nodes"})), False),
    ],
)
def test_a_users_own_rules_grant(rule: Rule, allowed: bool) -> None:
    """Rules, as access policies give them, cover verbs, resources, names and namespaces."""
    user = User("x", rules=(rule,))
    assert Authorizer(Store()).allows(user, target_of("GET", AWS_AUTH)) is allowed


def test_anonymous_may_see_the_version_and_nothing_else(api: KubernetesApi) -> None:
    """Health and version are public; discovery needs any token."""
    anonymous, limited = Client(api, None), Client(api, "limited")
    for path in ("/version", "/healthz", "/livez", "/readyz"):
        assert anonymous.ask("GET", path).status == 200
    refused = anonymous.ask("GET", "/api/v1")
    assert (refused.status, refused.json["message"]) == (
        403,
        'forbidden: User "system:anonymous" cannot get path "/api/v1"',
    )
    assert limited.ask("GET", "/api/v1").status == 200


def test_a_cluster_role_can_grant_paths(api: KubernetesApi) -> None:
    """`nonResourceURLs` covers paths that are no resources, with a star at the end."""
    _put(api, "ClusterRole", "paths", rules=[{"nonResourceURLs": ["/api*"], "verbs": ["get"]}])
    _put(
        api,
        "ClusterRoleBinding",
        "paths",
        subjects=[_reference("Group", "system:unauthenticated")],
        roleRef=_reference("ClusterRole", "paths"),
    )
    assert Client(api, None).ask("GET", "/api/v1").status == 200
    assert Client(api, None).ask("GET", "/openapi/v3").status == 403


def test_everybody_may_ask_about_themselves(api: KubernetesApi) -> None:
    """An access review answers with what the authorisation would."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    attributes = {"verb": "get", "resource": "configmaps", "namespace": "kube-system", "name": "aws-auth"}
    limited = Client(api, "limited")
    asked = limited.ask("POST", path, {"spec": {"resourceAttributes": attributes}})
    assert (asked.status, asked.json["status"]) == (201, {"allowed": True})
    attributes["verb"] = "patch"
    assert limited.ask("POST", path, {"spec": {"resourceAttributes": attributes}}).json["status"] == {"allowed": False}
    url = {"nonResourceAttributes": {"verb": "get", "path": "/version"}}
    assert limited.ask("POST", path, {"spec": url}).json["status"] == {"allowed": True}
    assert Client(api, None).ask("POST", path, {"spec": url}).status == 403
