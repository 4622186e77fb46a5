"""What the recorded exchanges leave out about ConfigMaps."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, Answer, Client, config_map


@pytest.fixture
def stored(admin: Client) -> dict[str, Any]:
    """The map aws-auth, as stored."""
    return admin.ask("POST", MAPS, config_map(data={"mapRoles": "[]"})).json


def _check(answer: Answer, status: int, message: str) -> None:
    assert (answer.status, answer.json["message"]) == (status, message)


@pytest.mark.usefixtures("stored")
def test_a_write_without_change_keeps_the_version(admin: Client, stored: dict[str, Any]) -> None:
    """A patch and a PUT of what is there already, by another writer too, give the same version and owners."""
    patched = admin.ask("PATCH", AWS_AUTH, {"data": {"mapRoles": "[]"}}, MERGE, **{"User-Agent": "other/1"})
    put = admin.ask("PUT", AWS_AUTH, config_map(data={"mapRoles": "[]"}))
    assert patched.json == put.json == stored


def test_versions_rise_over_the_whole_cluster(admin: Client) -> None:
    """Each write of any object has a higher version than all writes before it."""
    versions = [
        int(admin.ask("POST", MAPS, config_map(name)).json["metadata"]["resourceVersion"]) for name in ("a", "b", "c")
    ]
    assert versions == sorted(set(versions))


@pytest.mark.usefixtures("stored")
def test_a_dry_run_answers_as_if_and_writes_nothing(admin: Client) -> None:
    """`dryRun=All` gives the result of a create, patch, PUT and delete, and leaves everything as it was."""
    created = admin.ask("POST", f"{MAPS}?dryRun=All", config_map("other"))
    assert (created.status, created.json["metadata"]["name"]) == (201, "other")
    assert admin.ask("GET", f"{MAPS}/other").status == 404
    patched = admin.ask("PATCH", f"{AWS_AUTH}?dryRun=All", {"data": {"mapRoles": "x"}}, MERGE)
    assert patched.json["data"] == {"mapRoles": "x"}
    assert admin.ask("PUT", f"{AWS_AUTH}?dryRun=All", config_map(data={})).json.get("data") is None
    assert admin.ask("DELETE", f"{AWS_AUTH}?dryRun=All").status == 200
    assert admin.ask("GET", AWS_AUTH).json["data"] == {"mapRoles": "[]"}


def test_another_dry_run_is_refused(admin: Client) -> None:
    """`dryRun` knows one value; `fieldValidation` knows three."""
    assert admin.ask("POST", f"{MAPS}?fieldValidation=Maybe", config_map()).status == 422
    _check(
        admin.ask("POST", f"{MAPS}?dryRun=Some", config_map()),
        422,
        ' "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
    )


@pytest.mark.parametrize(
    ("precondition", "message"),
    [
        ({"uid": "other"}, "the UID in the precondition (other) does not match the UID in record"),
        ({"resourceVersion": "1"}, "the ResourceVersion in the precondition (1) does not match the ResourceVersion"),
    ],
)
def test_a_delete_with_a_failed_precondition_is_a_conflict(
    admin: Client, stored: dict[str, Any], precondition: dict[str, str], message: str
) -> None:
    """DELETE with another uid or version is 409 and deletes nothing."""
    answer = admin.ask("DELETE", AWS_AUTH, {"preconditions": precondition})
    assert answer.status == 409
    assert message in answer.json["message"]
    assert admin.ask("GET", AWS_AUTH).json == stored


def test_a_delete_with_right_preconditions_deletes(admin: Client, stored: dict[str, Any]) -> None:
    """DELETE with the stored uid and version answers Success with the uid."""
    metadata = stored["metadata"]
    wanted = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    answer = admin.ask("DELETE", AWS_AUTH, {"preconditions": wanted})
    assert answer.json["details"] == {"name": "aws-auth", "kind": "configmaps", "uid": metadata["uid"]}
    assert admin.ask("GET", AWS_AUTH).status == 404


def test_a_put_for_another_object_of_the_name_is_a_conflict(admin: Client, stored: dict[str, Any]) -> None:
    """A uid that is not the stored one is 409: the object was made anew since it was read."""
    answer = admin.ask("PUT", AWS_AUTH, config_map(uid="other"))
    assert answer.status == 409
    assert f"UID in object meta: {stored['metadata']['uid']}" in answer.json["message"]


@pytest.mark.usefixtures("stored")
def test_a_put_without_a_name_is_refused(admin: Client) -> None:
    """The body of a PUT names its object."""
    _check(
        admin.ask("PUT", AWS_AUTH, {"data": {}}),
        400,
        "the name of the object (aws-auth based on URL) was undeterminable: name must be provided",
    )


def test_a_create_with_a_version_is_refused(admin: Client) -> None:
    """Only what exists has a version."""
    answer = admin.ask("POST", MAPS, config_map(resourceVersion="1"))
    _check(answer, 500, "resourceVersion should not be set on objects to be created")


def test_a_generated_name_is_made_unique(admin: Client) -> None:
    """`generateName` is a prefix."""
    body = {"metadata": {"generateName": "x-"}}
    names = {admin.ask("POST", MAPS, body).json["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("x-") and len(name) == 7 for name in names)


def test_annotations_are_limited_to_256_kib_of_keys_and_values(admin: Client) -> None:
    """Exactly 262144 bytes pass, one more is 422."""
    key = "example.com/x"
    fitting = {key: "x" * (262_144 - len(key))}
    assert admin.ask("POST", MAPS, config_map(annotations=fitting)).status == 201
    _check(
        admin.ask("PATCH", AWS_AUTH, {"metadata": {"annotations": {key: fitting[key] + "x"}}}, MERGE),
        422,
        'ConfigMap "aws-auth" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    )


def test_values_are_counted_in_bytes(admin: Client) -> None:
    """1 MiB means UTF-8 bytes, and those that base64 stands for."""
    for text, status in (("é" * 524_288, 201), ("é" * 524_288 + "x", 422)):
        # Not escaped: escapes of that many characters are over the limit of a request.
        body = json.dumps(config_map("a", {"x": text}), ensure_ascii=False).encode()
        assert admin.ask("POST", MAPS, body, "application/json").status == status
    binary = base64.b64encode(b"x" * 1_048_577).decode()
    assert admin.ask("POST", MAPS, {**config_map("c"), "binaryData": {"x": binary}}).status == 422


def test_binary_data_is_base64_and_has_keys_of_its_own(admin: Client) -> None:
    """What is no base64 is 400; a key in both maps is 422."""
    broken = admin.ask("POST", MAPS, {**config_map(), "binaryData": {"x": "?"}})
    assert broken.status == 400
    assert "illegal base64 data" in broken.json["message"]
    twice = admin.ask("POST", MAPS, {**config_map(data={"x": ""}), "binaryData": {"x": "eA=="}})
    _check(
        twice,
        422,
        'ConfigMap "aws-auth" is invalid: data[x]: Invalid value: "x": duplicate of key present in binaryData',
    )


def test_an_immutable_map_stays_so(admin: Client) -> None:
    """`immutable` cannot be taken back; both changes are reported."""
    admin.ask("POST", MAPS, {**config_map(data={"a": "b"}), "immutable": True})
    why = "Forbidden: field is immutable when `immutable` is set"
    _check(
        admin.ask("PUT", AWS_AUTH, config_map(data={"a": "c"})),
        422,
        f'ConfigMap "aws-auth" is invalid: [immutable: {why}, data: {why}]',
    )
    assert admin.ask("PATCH", AWS_AUTH, {"metadata": {"labels": {"a": "b"}}}, MERGE).status == 200


@pytest.mark.parametrize("key", [".", "..", "..x", "x" * 254, "", "a/b"])
def test_bad_keys_are_invalid(admin: Client, key: str) -> None:
    """A key of a ConfigMap could be a file's name."""
    assert admin.ask("POST", MAPS, config_map(data={key: ""})).status == 422


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"bad key": "x"}},
        {"labels": {"a": "bad value"}},
        {"labels": {"a": "x" * 64}},
        {"labels": {"/a": "x"}},
        {"labels": {"a" * 64: "x"}},
        {"labels": {"Bad_Prefix/a": "x"}},
        {"annotations": {"a/b/c": "x"}},
        {"annotations": {"example.com/": "x"}},
        {"name": "x" * 254},
        {"name": ""},
    ],
)
def test_bad_metadata_is_invalid(admin: Client, metadata: dict[str, Any]) -> None:
    """Names, labels and keys of annotations follow Kubernetes' syntax."""
    assert admin.ask("POST", MAPS, {"metadata": {"name": "x", **metadata}}).status == 422


def test_unknown_fields_are_warned_of_refused_or_dropped(admin: Client) -> None:
    """`fieldValidation` decides; the field is stored in no case."""
    body = {**config_map("a"), "dta": {"x": "y"}}
    warned = admin.ask("POST", MAPS, body)
    assert warned.headers["Warning"] == '299 - "unknown field \\"dta\\""'
    assert "dta" not in warned.json
    _check(
        admin.ask("POST", f"{MAPS}?fieldValidation=Strict", body),
        400,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
    )
    ignored = admin.ask("PUT", f"{MAPS}/a?fieldValidation=Ignore", body)
    assert ignored.headers["Warning"] is None
    _check(
        admin.ask("PATCH", f"{MAPS}/a?fieldValidation=Strict", {"metadata": {"x": 1}}, MERGE),
        400,
        'strict decoding error: unknown field "metadata.x"',
    )


_AS_A_MAP = 'in version "v1" cannot be handled as a ConfigMap: '
_UNMARSHAL = f"ConfigMap {_AS_A_MAP}json: cannot unmarshal"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"data": {"a": 5}}, f"{_UNMARSHAL} number into Go struct field ConfigMap.data of type string"),
        ({"metadata": "x"}, f"{_UNMARSHAL} string into Go struct field ConfigMap.metadata of type v1.ObjectMeta"),
        (
            {"metadata": {"finalizers": {}}},
            f"{_UNMARSHAL} object into Go struct field ObjectMeta.metadata.finalizers of type []string",
        ),
        ({"data": []}, f"{_UNMARSHAL} array into Go struct field ConfigMap.data of type map[string]string"),
        (
            {"metadata": {"annotations": {"a": True}}},
            f"{_UNMARSHAL} bool into Go struct field ObjectMeta.metadata.annotations of type string",
        ),
        ({"kind": "Secret"}, f"Secret {_AS_A_MAP}converting (v1.Secret) to (ConfigMap): unknown conversion"),
        ({"apiVersion": "v2"}, "the API version in the data (v2) does not match the expected API version (v1)"),
    ],
)
def test_bodies_of_other_shapes_are_bad_requests(admin: Client, body: dict[str, Any], message: str) -> None:
    """A wrong type, kind or version is 400 in the words of Go's decoder."""
    _check(admin.ask("POST", MAPS, {**config_map(), **body}), 400, message)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{nope", "invalid character 'n' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 2}', "invalid character '2' after object key:value pair"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("{", "unexpected end of JSON input"),
        ("[]", "json: cannot unmarshal array into Go value of type v1.ConfigMap"),
    ],
)
def test_bodies_that_are_no_json_objects_are_bad_requests(admin: Client, text: str, why: str) -> None:
    """The message says what Go's parser stumbled over."""
    answer = admin.ask("POST", MAPS, text, "application/json")
    assert answer.status == 400
    assert why in answer.json["message"]


def test_null_is_an_empty_value(admin: Client) -> None:
    """A null in a map of strings is the empty string, as Go decodes it; a null field is absent."""
    created = admin.ask("POST", MAPS, {**config_map(data={"a": None}), "binaryData": None}).json
    assert created["data"] == {"a": ""}
    assert "binaryData" not in created


def test_a_body_of_another_media_type_is_refused(admin: Client) -> None:
    """Only JSON and Kubernetes' protobuf are read."""
    assert admin.ask("POST", MAPS, "a: b", "application/yaml").status == 415


def test_what_would_be_silently_ignored_is_refused(admin: Client) -> None:
    """Impersonation, and bodies without a length."""
    assert admin.ask("GET", MAPS, **{"Impersonate-User": "x"}).status == 400
    assert admin.ask("POST", MAPS, "{}", "application/json", **{"Transfer-Encoding": "chunked"}).status == 411


def test_a_client_that_takes_no_json_is_refused(admin: Client) -> None:
    """406, as everything is answered in JSON."""
    assert admin.ask("GET", MAPS, Accept="text/html").status == 406


def test_a_body_over_three_mib_is_refused(admin: Client) -> None:
    """413, before anything is read of it."""
    answer = admin.ask("POST", MAPS, "x" * 3_145_729, "application/json")
    _check(answer, 413, "Request entity too large: limit is 3145728")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", AWS_AUTH, 405),
        ("PUT", MAPS, 405),
        ("DELETE", MAPS, 405),
        ("DELETE", "/api/v1/namespaces/default", 405),
        ("POST", "/version", 405),
        ("GET", f"{AWS_AUTH}/status", 404),
        ("GET", "/api/v1/pods", 404),
        ("GET", "/api/v1/namespaces/default/nodes", 404),
        ("POST", "/api/v1/configmaps", 404),
        ("GET", "/apis/apps/v1/deployments", 404),
        ("GET", "/nothing", 404),
    ],
)
def test_what_is_not_served_is_refused(admin: Client, method: str, path: str, status: int) -> None:
    """Other methods and other paths are 405 and 404, never an empty success."""
    assert admin.ask(method, path, config_map() if method in ("POST", "PUT") else None).status == status
