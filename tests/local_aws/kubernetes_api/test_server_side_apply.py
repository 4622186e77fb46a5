"""Field ownership, and server-side apply that rests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, Answer, Client, config_map

if TYPE_CHECKING:
    from local_aws.kubernetes_api import KubernetesApi

_APPLY = "application/apply-patch+yaml"


def _owned(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{entry['manager']} {entry['operation']}": entry["fieldsV1"] for entry in manifest["metadata"]["managedFields"]
    }


def _apply(client: Client, manager: str, body: dict[str, Any], *, force: bool = False) -> Answer:
    forced = "&force=true" if force else ""
    return client.ask("PATCH", f"{AWS_AUTH}?fieldManager={manager}{forced}", body, _APPLY)


def test_a_changed_field_changes_its_owner(admin: Client) -> None:
    """Who changes a key owns it, the others keep theirs; `fieldManager` names the writer, or else the User-Agent."""
    admin.ask("POST", f"{MAPS}?fieldManager=a", config_map(data={"x": "1", "y": "1"}))
    changed = admin.ask("PATCH", AWS_AUTH, {"data": {"y": "2"}}, MERGE, **{"User-Agent": "b/1.0 (linux)"}).json
    assert _owned(changed) == {
        "a Update": {"f:data": {".": {}, "f:x": {}}},
        "b Update": {"f:data": {"f:y": {}}},
    }
    removed = admin.ask("PATCH", f"{AWS_AUTH}?fieldManager=b", {"data": {"x": None}}, MERGE).json
    assert _owned(removed) == {"a Update": {"f:data": {".": {}}}, "b Update": {"f:data": {"f:y": {}}}}


def test_annotations_and_labels_are_owned_by_key(admin: Client) -> None:
    """As kubectl's last-applied annotation is, which passes through unchanged."""
    annotation = {"kubectl.kubernetes.io/last-applied-configuration": '{"a":"b"}\n'}
    created = admin.ask("POST", f"{MAPS}?fieldManager=k", config_map(annotations=annotation, labels={"a": "b"})).json
    assert created["metadata"]["annotations"] == annotation
    fields = {f"f:{key}": dict[str, Any]() for key in annotation}
    assert _owned(created)["k Update"] == {
        "f:metadata": {"f:annotations": {".": {}, **fields}, "f:labels": {".": {}, "f:a": {}}}
    }


def test_a_direct_write_has_its_manager(api: KubernetesApi) -> None:
    """A foreign writer of a test owns what it writes."""
    written = api.put_config_map("kube-system", "aws-auth", {"mapRoles": "[]"}, manager="terraform", labels={"a": "b"})
    assert _owned(written)["terraform Update"]["f:data"] == {".": {}, "f:mapRoles": {}}
    assert written["metadata"]["labels"] == {"a": "b"}


def test_an_apply_creates_and_owns(admin: Client) -> None:
    """Applying what is absent is 201; applying it again changes nothing."""
    created = _apply(admin, "me", config_map(data={"mapRoles": "a"}))
    assert created.status == 201
    assert _owned(created.json) == {"me Apply": {"f:data": {"f:mapRoles": {}}}}
    again = _apply(admin, "me", config_map(data={"mapRoles": "a"}))
    assert (again.status, again.json) == (200, created.json)


def test_an_apply_of_what_others_own_is_a_conflict(admin: Client) -> None:
    """Another value of a foreign key is 409 with a cause; the same value is shared."""
    admin.ask("POST", f"{MAPS}?fieldManager=other", config_map(data={"mapRoles": "a", "mapUsers": "b"}))
    conflict = _apply(admin, "me", config_map(data={"mapRoles": "c"}))
    assert conflict.status == 409
    assert conflict.json["message"] == 'Apply failed with 1 conflict: conflict with "other" using v1: .data.mapRoles'
    assert conflict.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "other" using v1', "field": ".data.mapRoles"}
    ]
    both = _apply(admin, "me", config_map(data={"mapRoles": "c", "mapUsers": "c"}))
    assert both.json["message"] == (
        'Apply failed with 2 conflicts: conflicts with "other" using v1:\n- .data.mapRoles\n- .data.mapUsers'
    )
    shared = _apply(admin, "me", config_map(data={"mapRoles": "a"}))
    assert _owned(shared.json)["other Update"] == {"f:data": {".": {}, "f:mapRoles": {}, "f:mapUsers": {}}}
    assert _owned(shared.json)["me Apply"] == {"f:data": {"f:mapRoles": {}}}


def test_a_forced_apply_takes_over(admin: Client) -> None:
    """As Terraform does: the key changes hands, other keys stay."""
    admin.ask("POST", f"{MAPS}?fieldManager=other", config_map(data={"mapRoles": "a", "mapUsers": "b"}))
    forced = _apply(admin, "Terraform", config_map(data={"mapRoles": "c"}), force=True).json
    assert forced["data"] == {"mapRoles": "c", "mapUsers": "b"}
    assert _owned(forced) == {
        "Terraform Apply": {"f:data": {"f:mapRoles": {}}},
        "other Update": {"f:data": {".": {}, "f:mapUsers": {}}},
    }


def test_what_is_no_longer_applied_goes_unless_others_own_it(admin: Client) -> None:
    """An applier removes its own keys by leaving them out."""
    _apply(admin, "me", config_map(data={"mine": "1", "shared": "1"}))
    _apply(admin, "you", config_map(data={"shared": "1"}))
    left = _apply(admin, "me", config_map(labels={"a": "b"})).json
    assert left["data"] == {"shared": "1"}
    assert "data" not in _apply(admin, "you", config_map()).json


def test_an_apply_names_its_manager_and_its_object(admin: Client) -> None:
    """Without a manager, with another name, of another version or with owners in it, it is refused."""
    nameless = admin.ask("PATCH", AWS_AUTH, config_map(), _APPLY)
    assert (nameless.status, nameless.json["message"]) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )
    assert _apply(admin, "me", config_map("other")).status == 400
    assert _apply(admin, "me", config_map(namespace="default")).status == 400
    assert _apply(admin, "me", config_map(managedFields=[{"manager": "x"}])).status == 400
    assert admin.ask("PATCH", f"{AWS_AUTH}?fieldManager=me", "a: [", _APPLY).status == 400
    _apply(admin, "me", config_map())
    assert _apply(admin, "me", config_map(resourceVersion="1", data={"a": "b"})).status == 409


def test_owners_can_be_handed_over_by_a_patch(admin: Client) -> None:
    """Writing `managedFields` itself replaces them, as kubectl does when it moves to server-side apply."""
    admin.ask("POST", f"{MAPS}?fieldManager=old", config_map(data={"a": "b"}))
    replace = [{"op": "replace", "path": "/metadata/managedFields/0/manager", "value": "new"}]
    patched = admin.ask("PATCH", AWS_AUTH, replace, "application/json-patch+json")
    assert list(_owned(patched.json)) == ["new Update"]


def test_an_apply_into_an_absent_namespace_is_not_found(admin: Client) -> None:
    """As a POST would be."""
    path = "/api/v1/namespaces/nope/configmaps/x?fieldManager=me"
    assert admin.ask("PATCH", path, config_map("x"), _APPLY).json["message"] == 'namespaces "nope" not found'
