"""lightkube against the local API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.models.rbac_v1 import PolicyRule
from lightkube.resources.core_v1 import ConfigMap, Node
from lightkube.resources.rbac_authorization_v1 import ClusterRole
from lightkube.types import PatchType

if TYPE_CHECKING:
    from pathlib import Path

    from local_aws.kubernetes_api import KubernetesApi


@pytest.fixture
def kube(kubeconfig: Path) -> Client:
    """The administrator."""
    return Client(config=KubeConfig.from_file(str(kubeconfig)), namespace="kube-system", field_manager="lightkube")


def _config_map(version: str | None = None, **data: str) -> ConfigMap:
    metadata = ObjectMeta(name="aws-auth", namespace="kube-system", resourceVersion=version)
    return ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata, data=data)


def test_a_map_lives(kube: Client) -> None:
    """Created, read, patched in every format, replaced, applied, listed and deleted."""
    created = kube.create(_config_map(a="1"))
    assert kube.get(ConfigMap, "aws-auth") == created
    merged = kube.patch(ConfigMap, "aws-auth", {"data": {"b": "2"}}, patch_type=PatchType.MERGE)
    assert merged.data == {"a": "1", "b": "2"}
    operations = [{"op": "remove", "path": "/data/a"}]
    assert kube.patch(ConfigMap, "aws-auth", operations, patch_type=PatchType.JSON).data == {"b": "2"}
    strategic = kube.patch(ConfigMap, "aws-auth", {"data": {"b": None, "c": "3"}})
    assert strategic.data == {"c": "3"}
    assert created.metadata is not None
    with pytest.raises(ApiError) as stale:
        kube.replace(_config_map(created.metadata.resourceVersion, d="4"))
    assert (stale.value.status.code, stale.value.status.reason) == (409, "Conflict")
    assert kube.replace(_config_map(d="4")).data == {"d": "4"}
    assert kube.apply(_config_map(e="5"), field_manager="other").data == {"d": "4", "e": "5"}
    assert [item.data for item in kube.list(ConfigMap, fields={"metadata.name": "aws-auth"})] == [{"d": "4", "e": "5"}]
    kube.delete(ConfigMap, "aws-auth")
    with pytest.raises(ApiError) as absent:
        kube.get(ConfigMap, "aws-auth")
    assert absent.value.status.reason == "NotFound"


def test_cluster_scoped_objects(kube: Client, api: KubernetesApi) -> None:
    """Cluster roles are created, nodes are listed and watched."""
    rule = PolicyRule(apiGroups=[""], resources=["nodes"], verbs=["get", "list"])
    assert kube.create(ClusterRole(metadata=ObjectMeta(name="nodes"), rules=[rule])).rules == [rule]
    api.put_node("n", labels={"kubernetes.io/os": "windows"}, provider_id="aws:///us-west-2a/i-1")
    [node] = kube.list(Node, labels={"kubernetes.io/os": "windows"})
    event, watched = next(iter(kube.watch(Node)))
    assert (event, watched) == ("ADDED", node)
