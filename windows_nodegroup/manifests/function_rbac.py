"""What the function may do in a cluster, and no more: Kubernetes roles, bound to the group that its access entry names.

`AmazonEKSEditPolicy`, the narrowest of EKS's own policies that suffices, also lets its bearer read the secrets of
`kube-system`. With these roles the function reads and changes two ConfigMaps, and sees the nodes if it is to wait for
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdk8s import ApiObject, ApiObjectMetadata, App, Chart, JsonPatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

DEFAULT_GROUP = "windows-nodegroup:function"
"""The Kubernetes group that the roles are bound to, unless another is named."""

NAME = "windows-nodegroup-function"
"""The name of the roles and their bindings."""

CONFIG_MAPS = ("aws-auth", "amazon-vpc-cni")
"""The ConfigMaps in `kube-system` that the function reads and patches."""

_RBAC = "rbac.authorization.k8s.io"
_VERSION = f"{_RBAC}/v1"


class ConfigMapsRbac(Chart):
    """Lets a group read, patch and create the function's ConfigMaps in `kube-system`."""

    def __init__(self, scope: Construct, construct_id: str, *, group: str = DEFAULT_GROUP) -> None:
        """Makes a role and its binding.

        Args:
            scope: The cdk8s app.
            construct_id: The chart's id.
            group: The Kubernetes group.
        """
        super().__init__(scope, construct_id, namespace="kube-system")
        rules = [
            {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "resourceNames": list(CONFIG_MAPS),
                "verbs": ["get", "patch"],
            },
            # The name of what does not exist yet cannot be checked.
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
        ]
        _role_for_group(self, "Role", rules, group)


class NodesRbac(Chart):
    """Lets a group see the nodes, so that a deployment can wait until the new ones are Ready.

    A chart's namespace is stamped on whatever is in it, so the kinds of the whole cluster have this one to themselves.
    """

    def __init__(self, scope: Construct, construct_id: str, *, group: str = DEFAULT_GROUP) -> None:
        """Makes a cluster role and its binding.

        Args:
            scope: The cdk8s app.
            construct_id: The chart's id.
            group: The Kubernetes group.
        """
        super().__init__(scope, construct_id)
        rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
        _role_for_group(self, "ClusterRole", rules, group)


def function_rbac(group: str = DEFAULT_GROUP, *, nodes: bool = True) -> list[dict[str, Any]]:
    """The manifests, for `cluster.add_manifest(…)`.

    Args:
        group: The Kubernetes group.
        nodes: Whether the function may see the nodes.
    """
    return [manifest for chart in _charts(App(), group, nodes=nodes) for manifest in chart.to_json()]


def function_rbac_yaml(group: str = DEFAULT_GROUP, *, nodes: bool = True) -> str:
    """The manifests as one YAML text, for `kubectl apply -f -`.

    Args:
        group: The Kubernetes group.
        nodes: Whether the function may see the nodes.
    """
    app = App()
    _charts(app, group, nodes=nodes)
    return str(app.synth_yaml())


def _charts(app: App, group: str, *, nodes: bool) -> list[Chart]:
    charts: list[Chart] = [ConfigMapsRbac(app, "ConfigMaps", group=group)]
    return [*charts, NodesRbac(app, "Nodes", group=group)] if nodes else charts


def _role_for_group(chart: Chart, kind: str, rules: Sequence[Mapping[str, Any]], group: str) -> None:
    metadata = ApiObjectMetadata(name=NAME)
    role = ApiObject(chart, kind, api_version=_VERSION, kind=kind, metadata=metadata)
    role.add_json_patch(JsonPatch.add("/rules", rules))
    binding = ApiObject(chart, f"{kind}Binding", api_version=_VERSION, kind=f"{kind}Binding", metadata=metadata)
    binding.add_json_patch(
        JsonPatch.add("/subjects", [{"apiGroup": _RBAC, "kind": "Group", "name": group}]),
        JsonPatch.add("/roleRef", {"apiGroup": _RBAC, "kind": kind, "name": NAME}),
    )
