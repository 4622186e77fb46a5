"""Direct access, without requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_aws.kubernetes_api import ApiError
from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, Client, config_map

if TYPE_CHECKING:
    from local_aws.kubernetes_api import KubernetesApi

_PLACE = ("v1", "ConfigMap", "aws-auth", "kube-system")


def test_objects_are_put_got_and_deleted(api: KubernetesApi, admin: Client) -> None:
    """What is put directly is what requests see, and the other way round."""
    assert api.get(*_PLACE) is None
    put = api.put(config_map(namespace="kube-system", data={"a": "b"}))
    assert put == api.get(*_PLACE) == admin.ask("GET", AWS_AUTH).json
    assert api.put(config_map(namespace="kube-system", data={"a": "b"})) == put
    api.delete(*_PLACE)
    assert admin.ask("GET", AWS_AUTH).status == 404
    with pytest.raises(ApiError, match='configmaps "aws-auth" not found'):
        api.delete(*_PLACE)


def test_what_kubernetes_would_refuse_is_refused(api: KubernetesApi) -> None:
    """Direct access is checked like any other."""
    with pytest.raises(ApiError, match="a valid config key"):
        api.put_config_map("kube-system", "x", {"bad key": ""})
    with pytest.raises(ApiError, match='namespaces "nope" not found'):
        api.put_config_map("nope", "x", {})
    with pytest.raises(ValueError, match="v1 Pod is not served by the local Kubernetes API"):
        api.get("v1", "Pod", "x")


def test_a_new_cluster_has_its_namespaces_and_administrators(api: KubernetesApi, admin: Client) -> None:
    """As every cluster has."""
    namespaces = admin.ask("GET", "/api/v1/namespaces").json["items"]
    assert [item["metadata"]["name"] for item in namespaces] == [
        "default",
        "kube-node-lease",
        "kube-public",
        "kube-system",
    ]
    assert api.get("rbac.authorization.k8s.io/v1", "ClusterRole", "cluster-admin") is not None


@pytest.mark.parametrize("path", ["/apis/rbac.authorization.k8s.io", "/openapi/v3/api/v1"])
def test_discovery_answers_each_group(admin: Client, path: str) -> None:
    """By group, and for the schemas by group and version."""
    assert admin.ask("GET", path).status == 200


@pytest.mark.parametrize("path", ["/apis/apps", "/apis/apps/v1", "/openapi/v3/apis/apps/v1", "/openapi/v2"])
def test_discovery_knows_no_other_group(admin: Client, path: str) -> None:
    """A group that is not served is not found."""
    assert admin.ask("GET", path).status == 404
