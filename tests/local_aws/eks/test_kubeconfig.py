"""A kubeconfig for the real `kubectl`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster


def _kubectl(kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kubectl = shutil.which("kubectl", path=str(Path(sys.executable).parent))
    assert kubectl is not None
    return subprocess.run(
        [kubectl, f"--kubeconfig={kubeconfig}", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_kubectl_enters_as_the_creator(aws: LocalAws, tmp_path: Path) -> None:
    """Kubectl gets a token from the kubeconfig's command and reads a ConfigMap."""
    cluster = aws.create_cluster("for-kubectl", aws_auth="[]\n")
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
    read = _kubectl(kubeconfig, "get", "configmap", "aws-auth", "-n", "kube-system", "-o", "json")
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout)["data"] == {"mapRoles": "[]\n"}


def test_kubectl_is_refused_as_a_stranger(cluster: LocalCluster, new_role: Callable[[], str], tmp_path: Path) -> None:
    """As a role that is not mapped, kubectl must log in."""
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", role_arn=new_role())
    read = _kubectl(kubeconfig, "get", "configmaps", "-n", "kube-system")
    assert read.returncode == 1
    assert "must be logged in" in read.stderr
