"""Who is warned of because they own a ConfigMap as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from windows_nodegroup.handler.config_map import ConfigMap
from windows_nodegroup.handler.rival_writers import rival_writers


def written_by(manager: str, operation: str, key: str = "mapRoles", **annotations: str) -> ConfigMap:
    """Return a map that somebody wrote."""
    fields: dict[str, Any] = {"manager": manager, "operation": operation, "fieldsV1": {"f:data": {f"f:{key}": {}}}}
    return ConfigMap({"metadata": {"managedFields": [fields], "annotations": annotations}})


@pytest.mark.parametrize(
    ("manager", "operation"),
    [("argocd-controller", "Apply"), ("Terraform", "Update"), ("HashiCorp", "Update"), ("pulumi-kubernetes", "Update")],
)
def test_owners_of_the_whole(manager: str, operation: str) -> None:
    """Who applies from a file is warned of by name."""
    assert rival_writers(written_by(manager, operation), "mapRoles") == (manager,)


@pytest.mark.parametrize("manager", ["kubectl-edit", "eksctl", "vpcLambda", "windows-nodegroup"])
def test_editors(manager: str) -> None:
    """Who edits what is there is not."""
    assert rival_writers(written_by(manager, "Update"), "mapRoles") == ()


def test_owners_of_something_else() -> None:
    """Who owns another key of the map is none of our business, and neither are we ourselves."""
    assert rival_writers(written_by("argocd-controller", "Apply", key="mapUsers"), "mapRoles") == ()
    assert rival_writers(written_by("windows-nodegroup", "Apply"), "mapRoles") == ()


def test_last_applied_configuration() -> None:
    """`kubectl apply` leaves what it applied; a map that it applied without the key is no danger."""
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"mapRoles":"[]"}}'}
    assert rival_writers(written_by("kubectl-client-side-apply", "Update", **applied), "mapRoles") == ("kubectl apply",)
    assert rival_writers(written_by("kubectl-client-side-apply", "Update", **applied), "mapUsers") == ()


def test_map_without_a_history() -> None:
    """A map that tells nothing of its writers is nobody's."""
    assert rival_writers(ConfigMap({"metadata": {}}), "mapRoles") == ()
