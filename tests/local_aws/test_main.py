"""The local AWS as a command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from local_aws.__main__ import as_assignments


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send another one Ctrl-C on Windows")
def test_serves_until_it_is_stopped() -> None:
    """The printed variables make boto3 and kubectl work; SIGINT ends the process with nothing left behind."""
    process = subprocess.Popen([sys.executable, "-m", "local_aws"], stdout=subprocess.PIPE, encoding="utf-8")
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        variables = dict(re.findall(r"^export (\w+)='(.*)'$", "".join(lines), re.MULTILINE))
        eks = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"], aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"]
        ).client("eks", endpoint_url=variables["AWS_ENDPOINT_URL"], region_name=variables["AWS_REGION"])
        assert eks.list_clusters()["clusters"] == ["my-cluster"]
        kubectl = shutil.which("kubectl", path=str(Path(sys.executable).parent))
        assert kubectl is not None
        read = subprocess.run(
            [kubectl, "get", "configmap", "aws-auth", "-n", "kube-system", "-o", "yaml"],
            env={**os.environ, **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert "somebody else's entry" in read.stdout, read.stderr
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert not Path(variables["KUBECONFIG"]).exists()


def test_variables_for_both_kinds_of_terminal() -> None:
    """Lines for a POSIX shell, and for PowerShell."""
    variables = {"AWS_REGION": "us-west-2", "CDK_DEFAULT_ACCOUNT": "123456789012"}
    assert as_assignments(variables, windows=False).splitlines()[0] == "export AWS_REGION='us-west-2'"
    assert as_assignments(variables, windows=True).splitlines()[1] == '$env:CDK_DEFAULT_ACCOUNT = "123456789012"'
