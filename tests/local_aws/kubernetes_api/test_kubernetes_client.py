"""The official Python client against the local API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

if TYPE_CHECKING:
    from pathlib import Path

    from local_aws.kubernetes_api import KubernetesApi

_PLACE: dict[str, Any] = {"name": "aws-auth", "namespace": "kube-system"}


@pytest.fixture
def connection(api: KubernetesApi, tmp_path: Path) -> client.ApiClient:
    """A connection as the administrator."""
    authority = tmp_path / "ca.pem"
    authority.write_bytes(api.certificate_authority_pem)
    configuration = client.Configuration(host=api.url, api_key={"authorization": "Bearer admin"})
    configuration.ssl_ca_cert = str(authority)
    return client.ApiClient(configuration)


@pytest.fixture
def core(connection: client.ApiClient) -> client.CoreV1Api:
    """The core group."""
    return client.CoreV1Api(connection)


def _config_map(**data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name="aws-auth"), data=data)


def test_a_map_lives(core: client.CoreV1Api) -> None:
    """Created, read, patched, replaced, listed and deleted; stale writes are conflicts."""
    created = core.create_namespaced_config_map("kube-system", _config_map(a="1"))
    assert core.read_namespaced_config_map(**_PLACE) == created
    patched = core.patch_namespaced_config_map(**_PLACE, body={"data": {"b": "2"}})
    assert patched.data == {"a": "1", "b": "2"}
    created.data = {"c": "3"}
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map(**_PLACE, body=created)
    assert (stale.value.status, stale.value.reason) == (409, "Conflict")
    patched.data = {"c": "3"}
    assert core.replace_namespaced_config_map(**_PLACE, body=patched).data == {"c": "3"}
    listed = core.list_config_map_for_all_namespaces(field_selector="metadata.name=aws-auth")
    assert [item.data for item in listed.items] == [{"c": "3"}]
    deleted = core.delete_namespaced_config_map(**_PLACE)
    assert isinstance(deleted, dict)
    assert (deleted["status"], deleted["details"]["name"]) == ("Success", "aws-auth")
    with pytest.raises(ApiException) as absent:
        core.read_namespaced_config_map(**_PLACE)
    assert absent.value.status == 404


def test_a_watch_yields_objects(core: client.CoreV1Api, api: KubernetesApi) -> None:
    """Events come as the client's own types."""
    api.put_config_map("kube-system", "aws-auth", {"a": "1"})
    watcher = watch.Watch()  # type: ignore[no-untyped-call]  # the package has types, this module has none
    events = watcher.stream(core.list_namespaced_config_map, "kube-system", timeout_seconds=1)  # type: ignore[no-untyped-call]
    event = next(iter(events))
    assert (event["type"], event["object"].data) == ("ADDED", {"a": "1"})


def test_roles_and_reviews(connection: client.ApiClient) -> None:
    """RBAC objects and questions about oneself have their types, too."""
    rbac = client.RbacAuthorizationV1Api(connection)
    rule = client.V1PolicyRule(api_groups=[""], resources=["configmaps"], verbs=["get"])
    role = client.V1Role(metadata=client.V1ObjectMeta(name="reader"), rules=[rule])
    assert rbac.create_namespaced_role("kube-system", role).rules == [rule]
    attributes = client.V1ResourceAttributes(verb="get", resource="nodes")
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    answered = client.AuthorizationV1Api(connection).create_self_subject_access_review(review)
    assert answered.status == client.V1SubjectAccessReviewStatus(allowed=True)


def test_nodes_have_conditions(core: client.CoreV1Api, api: KubernetesApi) -> None:
    """A node that was put is a node to the client."""
    api.put_node("n", labels={"kubernetes.io/os": "windows"}, provider_id="aws:///us-west-2a/i-1")
    [node] = core.list_node(label_selector="kubernetes.io/os=windows").items
    assert node.spec == client.V1NodeSpec(provider_id="aws:///us-west-2a/i-1")
    assert node.status == client.V1NodeStatus(conditions=[client.V1NodeCondition(type="Ready", status="True")])
