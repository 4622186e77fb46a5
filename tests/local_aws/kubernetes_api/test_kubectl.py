"""kubectl against the local API, used as the AWS guide uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.local_aws.kubernetes_api.conftest import AWS_AUTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_aws.kubernetes_api import KubernetesApi

    Kubectl: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"

_MAP_ROLES = """- rolearn: arn:aws:iam::111122223333:role/ng-windows
  username: system:node:{{EC2PrivateDNSName}}
  groups:
    - system:bootstrappers
    - system:nodes
    - eks:kube-proxy-windows
"""
_INDENTED = "".join(f"    {line}\n" for line in _MAP_ROLES.splitlines())
_MANIFEST = f"""apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
data:
  mapRoles: |
{_INDENTED}"""
_RBAC = """apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: writer, namespace: kube-system}
rules:
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [aws-auth]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writer, namespace: kube-system}
subjects:
- {kind: Group, name: writers, apiGroup: rbac.authorization.k8s.io}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: writer}
"""
_NODE = "ip-10-0-0-1.us-west-2.compute.internal"


@pytest.fixture
def environment(kubeconfig: Path, tmp_path: Path) -> dict[str, str]:
    """What kubectl needs, and nothing of the developer's own."""
    return {**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "KUBECACHEDIR": str(tmp_path / "cache")}


@pytest.fixture
def binary() -> str:
    """The kubectl of this Python environment."""
    found = shutil.which("kubectl", path=sysconfig.get_path("scripts"))
    assert found
    return found


@pytest.fixture
def kubectl(binary: str, environment: dict[str, str], tmp_path: Path) -> Kubectl:
    """Runs kubectl with arguments and a standard input; a failure is an error unless `check` is false."""

    def run(*arguments: str, given: str = "", check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
            env=environment | more,
            cwd=tmp_path,
        )

    return run


@pytest.fixture
def applied(api: KubernetesApi, kubectl: Kubectl) -> KubernetesApi:
    """The guide's aws-auth, applied."""
    result = kubectl("apply", "-f", "-", given=_MANIFEST)
    assert (result.stdout, result.stderr) == ("configmap/aws-auth created\n", "")
    return api


def _map_roles(api: KubernetesApi) -> str:
    found = api.config_map("kube-system", "aws-auth")
    assert found is not None
    return str(found["data"]["mapRoles"])


def _managers(api: KubernetesApi) -> list[tuple[str, str]]:
    found = api.config_map("kube-system", "aws-auth")
    assert found is not None
    return [(entry["manager"], entry["operation"]) for entry in found["metadata"]["managedFields"]]


def test_apply_writes_and_sees_what_is_unchanged(applied: KubernetesApi, kubectl: Kubectl) -> None:
    """Apply creates, finds nothing to do, and changes; the server checks the fields, as current kubectl wants it."""
    assert _map_roles(applied) == _MAP_ROLES
    assert kubectl("apply", "-f", "-", given=_MANIFEST).stdout == "configmap/aws-auth unchanged\n"
    changed = _MANIFEST.replace("ng-windows", "other")
    assert kubectl("apply", "--dry-run=server", "-f", "-", given=changed).stdout.endswith("(server dry run)\n")
    assert _map_roles(applied) == _MAP_ROLES
    assert kubectl("apply", "-f", "-", given=changed).stdout == "configmap/aws-auth configured\n"
    assert "role/other" in _map_roles(applied)
    assert _managers(applied) == [("kubectl-client-side-apply", "Update")]


def test_apply_refuses_unknown_fields(api: KubernetesApi, kubectl: Kubectl) -> None:
    """The server's strict validation is shown to the user."""
    result = kubectl("apply", "-f", "-", given=_MANIFEST.replace("\ndata:", "\ndta:"), check=False)
    assert result.returncode == 1
    assert 'strict decoding error: unknown field "dta"' in result.stderr
    assert api.config_map("kube-system", "aws-auth") is None


@pytest.mark.usefixtures("applied")
def test_get_prints_the_servers_table(kubectl: Kubectl) -> None:
    """Name, number of keys and age; other formats print the object."""
    header, row = kubectl("get", "configmap", "-n", "kube-system", "aws-auth").stdout.splitlines()
    assert header.split() == ["NAME", "DATA", "AGE"]
    assert row.split()[:2] == ["aws-auth", "1"]
    everywhere = kubectl("get", "cm", "-A").stdout.splitlines()
    assert [line.split()[:3] for line in everywhere] == [
        ["NAMESPACE", "NAME", "DATA"],
        ["kube-system", "aws-auth", "1"],
    ]
    assert kubectl("get", "cm", "-n", "kube-system", "aws-auth", "-o", "jsonpath={.data.mapRoles}").stdout == _MAP_ROLES


@pytest.mark.usefixtures("applied")
def test_describe_shows_the_map(kubectl: Kubectl) -> None:
    """`kubectl describe configmap -n kube-system aws-auth`, as the guide has it."""
    shown = kubectl("describe", "configmap", "-n", "kube-system", "aws-auth").stdout
    assert "arn:aws:iam::111122223333:role/ng-windows" in shown
    assert "Events:  <none>" in shown


def test_edit_patches_the_map(applied: KubernetesApi, kubectl: Kubectl, tmp_path: Path) -> None:
    """`kubectl edit -n kube-system configmap/aws-auth`, with a script for a person."""
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text('utf-8').replace('ng-windows', 'edited'), 'utf-8')\n",
        "utf-8",
    )
    result = kubectl("edit", "-n", "kube-system", "configmap/aws-auth", EDITOR=f"{sys.executable} {editor}")
    assert result.stdout == "configmap/aws-auth edited\n"
    assert "role/edited" in _map_roles(applied)
    assert applied.requests[-1].content_type == "application/strategic-merge-patch+json"
    assert ("kubectl-edit", "Update") in _managers(applied)


def test_server_side_apply_moves_from_the_other_kind(applied: KubernetesApi, kubectl: Kubectl) -> None:
    """The fields are handed over to the applier; somebody else's change is a conflict until forced."""
    arguments = ("apply", "--server-side", "-f", "-")
    assert kubectl(*arguments, given=_MANIFEST).stdout == "configmap/aws-auth serverside-applied\n"
    assert ("kubectl", "Apply") in _managers(applied)
    applied.put_config_map("kube-system", "aws-auth", {"mapRoles": "[]"}, manager="terraform")
    refused = kubectl(*arguments, given=_MANIFEST, check=False)
    assert 'conflict with "terraform" using v1: .data.mapRoles' in refused.stderr
    kubectl(*arguments, "--force-conflicts", given=_MANIFEST)
    assert _map_roles(applied) == _MAP_ROLES


def test_an_rbac_manifest_grants_what_it_says(api: KubernetesApi, kubectl: Kubectl) -> None:
    """One `kubectl apply`, and `kubectl auth can-i` tells the group's members what they may."""
    result = kubectl("apply", "-f", "-", given=_RBAC)
    assert result.stdout.splitlines() == [
        "role.rbac.authorization.k8s.io/writer created",
        "rolebinding.rbac.authorization.k8s.io/writer created",
    ]
    assert kubectl("apply", "-f", "-", given=_RBAC).stdout.count("unchanged") == 2
    can_i = ("auth", "can-i", "--context", "grouped", "-n", "kube-system")
    assert kubectl(*can_i, "patch", "configmaps/aws-auth").stdout == "yes\n"
    assert kubectl(*can_i, "delete", "configmaps/aws-auth", check=False).stdout == "no\n"
    assert "writers" in kubectl("auth", "whoami", "--context", "grouped").stdout
    assert kubectl("apply", "--context", "grouped", "-f", "-", given=_MANIFEST).stdout == "configmap/aws-auth created\n"
    refused = kubectl("get", "nodes", "--context", "grouped", check=False)
    assert refused.stderr.startswith('Error from server (Forbidden): nodes is forbidden: User "grouped" cannot list')
    assert any(request.user == "grouped" and request.status == 403 for request in api.requests)


def test_typed_commands_send_protobuf(api: KubernetesApi, kubectl: Kubectl) -> None:
    """`kubectl create` makes the same objects as JSON would."""
    kubectl("create", "configmap", "x", "--from-literal=a=b", "--from-literal=c=")
    created = api.config_map("default", "x")
    assert created is not None
    assert created["data"] == {"a": "b", "c": ""}
    again = kubectl("create", "configmap", "x", check=False)
    assert again.stderr == 'error: failed to create configmap: configmaps "x" already exists\n'
    kubectl("create", "namespace", "windows")
    kubectl("create", "role", "r", "--verb=get,list", "--resource=configmaps", "--resource-name=x", "-n", "windows")
    kubectl("create", "rolebinding", "r", "--role=r", "--user=u", "--group=g", "-n", "windows")
    role = api.get("rbac.authorization.k8s.io/v1", "Role", "r", "windows")
    binding = api.get("rbac.authorization.k8s.io/v1", "RoleBinding", "r", "windows")
    assert role is not None
    assert binding is not None
    assert role["rules"] == [
        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["x"]}
    ]
    assert [subject["name"] for subject in binding["subjects"]] == ["u", "g"]
    assert {request.content_type for request in api.requests if request.method == "POST"} == {
        "application/vnd.kubernetes.protobuf"
    }


def test_delete_and_replace_work(applied: KubernetesApi, kubectl: Kubectl) -> None:
    """A replace is a PUT; a delete waits until the object is gone."""
    changed = _MANIFEST.replace("ng-windows", "replaced")
    assert kubectl("replace", "-f", "-", given=changed).stdout == "configmap/aws-auth replaced\n"
    assert "role/replaced" in _map_roles(applied)
    kubectl("delete", "configmap", "-n", "kube-system", "aws-auth")
    assert applied.config_map("kube-system", "aws-auth") is None
    assert [request.method for request in applied.requests if request.path == AWS_AUTH][-2:] == ["DELETE", "GET"]


def test_nodes_are_listed_and_awaited(api: KubernetesApi, kubectl: Kubectl) -> None:
    """Status, roles and age as of a real node; `kubectl wait` sees the condition."""
    info = {"kubeletVersion": "v1.33.5", "osImage": "Windows Server 2022 Datacenter"}
    labels = {"kubernetes.io/os": "windows"}
    api.put_node(_NODE, labels=labels, provider_id="aws:///us-west-2a/i-1", node_info=info)
    header, row = kubectl("get", "nodes", "-o", "wide").stdout.splitlines()
    assert header.split()[:5] == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert row.split()[:3] == [_NODE, "Ready", "<none>"]
    assert "v1.33.5" in row
    assert "Windows Server 2022 Datacenter" in row
    assert kubectl("get", "nodes", "-l", "kubernetes.io/os=linux").stderr == "No resources found\n"
    assert kubectl("wait", "--for=condition=Ready", f"node/{_NODE}", "--timeout=10s").returncode == 0


def test_nodes_are_watched(api: KubernetesApi, binary: str, environment: dict[str, str]) -> None:
    """`kubectl get nodes --watch` shows a node as it joins and becomes ready."""
    api.put_node("first", labels={}, provider_id="aws:///us-west-2a/i-1")
    command = [binary, "get", "nodes", "--watch", "--no-headers"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            seen = [watching.stdout.readline().split()[:2]]
            api.put_node(_NODE, labels={}, provider_id="aws:///us-west-2a/i-2", ready=False)
            seen.append(watching.stdout.readline().split()[:2])
            api.put_node(_NODE, labels={}, provider_id="aws:///us-west-2a/i-2")
            seen.append(watching.stdout.readline().split()[:2])
        finally:
            watching.kill()
    assert seen == [["first", "Ready"], [_NODE, "NotReady"], [_NODE, "Ready"]]


def test_the_version_and_the_resources_are_discovered(kubectl: Kubectl) -> None:
    """`kubectl version` and `kubectl api-resources` say what is served."""
    assert "Server Version: v1.33.0" in kubectl("version").stdout
    names = kubectl("api-resources", "-o", "name").stdout.split()
    assert {"configmaps", "nodes", "namespaces", "roles.rbac.authorization.k8s.io"} <= set(names)
    unknown = kubectl("get", "pods", check=False)
    assert unknown.stderr == 'error: the server doesn\'t have a resource type "pods"\n'
