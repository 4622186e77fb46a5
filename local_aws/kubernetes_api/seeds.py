"""What every new cluster holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.resources import RBAC_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_RBAC = f"{RBAC_GROUP}/v1"


def seed(put: Callable[[dict[str, Any]], object]) -> None:
    """Put the namespaces and the administrators' role into a new cluster."""
    for name in _NAMESPACES:
        put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    every_path = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    role = {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "cluster-admin"}
    masters = {"apiGroup": RBAC_GROUP, "kind": "Group", "name": "system:masters"}
    metadata = {"name": "cluster-admin"}
    put({"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": metadata, "rules": [everything, every_path]})
    put(
        {
            "apiVersion": _RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "subjects": [masters],
            "roleRef": role,
        }
    )
