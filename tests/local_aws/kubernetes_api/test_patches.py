"""The patch formats by their specifications' own examples, and through the API."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, Client, config_map

if TYPE_CHECKING:
    from local_aws.kubernetes_api.schema import Json

_STRATEGIC = "application/strategic-merge-patch+json"


# RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_follow_their_specification(document: Json, patch: Json, result: Json) -> None:
    """Every example of RFC 7396 comes out as it says, and the document stays as it was."""
    before = copy.deepcopy(document)
    assert merge_patch(document, patch) == result
    assert document == before


# RFC 6902, appendix A, and pointers of RFC 6901.
@pytest.mark.parametrize(
    ("document", "operations", "result"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
        ({"a": [1, 2, 3]}, [{"op": "remove", "path": "/a/1"}], {"a": [1, 3]}),
        ({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}], {"a": 2}),
        ({"a": {"b": 1}, "c": {}}, [{"op": "move", "from": "/a/b", "path": "/c/d"}], {"a": {}, "c": {"d": 1}}),
        ({"a": [1, 2, 3]}, [{"op": "move", "from": "/a/0", "path": "/a/2"}], {"a": [2, 3, 1]}),
        ({"a": {"b": []}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": []}, "c": {"b": []}}),
        ({"a": [1, 2]}, [{"op": "test", "path": "/a/1", "value": 2}], {"a": [1, 2]}),
        ({"a/b": 1, "m~n": 2}, [{"op": "test", "path": "/a~1b", "value": 1}], {"a/b": 1, "m~n": 2}),
        ({"m~n": 2}, [{"op": "remove", "path": "/m~0n"}], {}),
        ({"": 1}, [{"op": "replace", "path": "/", "value": 2}], {"": 2}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
        ({"a": 1}, [{"op": "add", "path": "/b", "value": None, "extra": 5}], {"a": 1, "b": None}),
    ],
)
def test_json_patches_follow_their_specification(document: Json, operations: list[Any], result: Json) -> None:
    """The operations do what RFC 6902 says, and the document stays as it was."""
    before = copy.deepcopy(document)
    assert json_patch(document, operations) == result
    assert document == before


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "remove", "path": "/b"}],
        [{"op": "replace", "path": "/b", "value": 1}],
        [{"op": "add", "path": "/b/c", "value": 1}],
        [{"op": "add", "path": "/list/5", "value": 1}],
        [{"op": "add", "path": "/list/01x", "value": 1}],
        [{"op": "add", "path": "b", "value": 1}],
        [{"op": "jump", "path": "/a"}],
        [{"op": "add", "path": "/b"}],
        ["add"],
        {"op": "add"},
    ],
)
def test_a_json_patch_that_does_not_apply_is_an_error(operations: Json) -> None:
    """A missing path, a failed test and a malformed operation raise."""
    with pytest.raises(PatchError):
        json_patch({"a": 1, "list": []}, operations)


def test_a_strategic_merge_patch_knows_its_directives() -> None:
    """Null deletes, `$patch` replaces or deletes, `$retainKeys` keeps, lists are replaced."""
    document = {"data": {"a": "1", "b": "2"}, "rules": [1], "metadata": {"labels": {"x": "y"}}}
    assert strategic_merge_patch(document, {"data": {"a": None, "c": "3"}})["data"] == {"b": "2", "c": "3"}
    assert strategic_merge_patch(document, {"data": {"$patch": "replace", "c": "3"}})["data"] == {"c": "3"}
    assert strategic_merge_patch(document, {"data": {"$patch": "delete"}})["data"] == {}
    assert strategic_merge_patch(document, {"data": {"$retainKeys": ["b"]}})["data"] == {"b": "2"}
    assert strategic_merge_patch(document, {"rules": [2]})["rules"] == [2]


@pytest.mark.parametrize("patch", [{"$setElementOrder/x": []}, {"data": {"$patch": "jump"}}])
def test_other_directives_are_refused(admin: Client, patch: dict[str, Any]) -> None:
    """What is not understood is 422 rather than stored."""
    admin.ask("POST", MAPS, config_map())
    assert admin.ask("PATCH", AWS_AUTH, patch, _STRATEGIC).status == 422


@pytest.mark.parametrize("content_type", ["application/merge-patch+json", _STRATEGIC])
def test_a_patch_that_is_no_object_is_refused(admin: Client, content_type: str) -> None:
    """A merge patch of a list would replace the object."""
    admin.ask("POST", MAPS, config_map())
    assert admin.ask("PATCH", AWS_AUTH, [], content_type).status == 400


def test_a_patch_cannot_move_an_object(admin: Client) -> None:
    """The namespace, the uid and the creation's time stay."""
    created = admin.ask("POST", MAPS, config_map()).json
    merge = "application/merge-patch+json"
    moved = admin.ask("PATCH", AWS_AUTH, {"metadata": {"namespace": "default"}}, merge)
    assert moved.json["message"] == (
        "the namespace of the object (default) does not match the namespace on the request (kube-system)"
    )
    assert admin.ask("PATCH", AWS_AUTH, {"metadata": {"uid": "x"}}, merge).status == 409
    assert admin.ask("PATCH", AWS_AUTH, {"metadata": {"creationTimestamp": None}}, merge).json == created
