"""The function's roles let it do its work and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from windows_nodegroup.__main__ import main
from windows_nodegroup.manifests.function_rbac import DEFAULT_GROUP, function_rbac, function_rbac_yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_aws import LocalAws, LocalCluster

_GROUP = "team:windows"
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)


@pytest.fixture(scope="module")
def cluster(aws: LocalAws) -> LocalCluster:
    """A cluster with both ConfigMaps, and some others' objects."""
    made = aws.create_cluster("rbac", aws_auth="[]\n", vpc=False)
    made.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "false"})
    made.kubernetes.put_config_map("kube-system", "coredns", {"Corefile": ""})
    made.kubernetes.put_config_map("default", "aws-auth", {"mapRoles": ""})
    return made


@pytest.fixture(scope="module")
def function(aws: LocalAws, cluster: LocalCluster) -> str:
    """A role whose access entry names a group and nothing else."""
    arn = str(aws.client("iam").create_role(RoleName="rbac-function", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"])
    aws.client("eks").create_access_entry(clusterName=cluster.name, principalArn=arn, kubernetesGroups=[_GROUP])
    return arn


@pytest.fixture
def kubectl(cluster: LocalCluster, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs kubectl as a role; by default as the cluster's creator."""
    binary = shutil.which("kubectl", path=sysconfig.get_path("scripts"))
    assert binary

    def run(*arguments: str, role: str = "", given: str = "") -> subprocess.CompletedProcess[str]:
        config = cluster.kubeconfig(tmp_path / "kubeconfig", role)
        environment = {**os.environ, "KUBECONFIG": str(config), "HOME": str(tmp_path)}
        return subprocess.run(
            [binary, *arguments], env=environment, input=given, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_one_apply_lets_the_function_in(
    cluster: LocalCluster, function: str, kubectl: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Before, the function may do nothing; after one `kubectl apply`, its work and no more."""
    assert kubectl("get", "configmap", "-n", "kube-system", "aws-auth", role=function).returncode == 1
    applied = kubectl("apply", "-f", "-", given=function_rbac_yaml(_GROUP))
    assert applied.returncode == 0, applied.stderr
    assert len(applied.stdout.splitlines()) == 4

    system = ("-n", "kube-system")
    patch = ("--type=merge", "--patch", '{"data":{"enable-windows-ipam":"true"}}')
    allowed = [
        ("get", "configmap", *system, "aws-auth"),
        ("patch", "configmap", *system, "amazon-vpc-cni", *patch),
        ("create", "configmap", *system, "anything"),
        ("get", "nodes"),
    ]
    for arguments in allowed:
        done = kubectl(*arguments, role=function)
        assert done.returncode == 0, done.stderr
    forbidden = [
        ("get", "configmap", *system, "coredns"),
        ("get", "configmaps", *system),
        ("patch", "configmap", *system, "coredns", *patch),
        ("delete", "configmap", *system, "aws-auth"),
        ("get", "configmap", "-n", "default", "aws-auth"),
        ("delete", "node", "any"),
        ("get", "clusterroles"),
    ]
    for arguments in forbidden:
        done = kubectl(*arguments, role=function)
        assert done.returncode == 1, arguments
        assert "forbidden" in done.stderr.lower(), done.stderr
    assert kubectl("auth", "can-i", "get", "secrets", *system, role=function).stdout.strip() == "no"
    assert (cluster.kubernetes.config_map("kube-system", "amazon-vpc-cni") or {})["data"] == {
        "enable-windows-ipam": "true"
    }


def test_without_nodes() -> None:
    """The permission to see nodes can be left out; nothing of the whole cluster remains then."""
    assert {manifest["kind"] for manifest in function_rbac(nodes=False)} == {"Role", "RoleBinding"}


def test_every_binding_names_the_group_and_a_role_that_is_there() -> None:
    """No binding is without its role, and none binds anybody else."""
    manifests = function_rbac(_GROUP)
    roles = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests if "rules" in manifest}
    bindings = [manifest for manifest in manifests if "roleRef" in manifest]
    assert {(binding["roleRef"]["kind"], binding["roleRef"]["name"]) for binding in bindings} == roles
    for binding in bindings:
        assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": _GROUP}]
        assert binding["metadata"].get("namespace") == ("kube-system" if binding["kind"] == "RoleBinding" else None)


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[Any]:
    assert main(["rbac", *arguments]) == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the manifests as YAML, with the group and without nodes as asked."""
    assert _printed(capsys) == function_rbac(DEFAULT_GROUP)
    assert _printed(capsys, "--group", _GROUP, "--no-nodes") == function_rbac(_GROUP, nodes=False)


def test_command_refuses_reserved_groups(capsys: pytest.CaptureFixture[str]) -> None:
    """A group that no access entry may name is refused here already."""
    with pytest.raises(SystemExit):
        main(["rbac", "--group", "system:masters"])
    assert "'system:masters': use a name that begins with none of system:" in capsys.readouterr().err


def test_command_starts_without_cdk() -> None:
    """The command loads no AWS CDK, which takes half a second and may not be installed."""
    code = (
        "import sys; from windows_nodegroup.__main__ import main; main(['rbac']); assert 'aws_cdk' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
