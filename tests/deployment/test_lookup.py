"""A cluster looked up by its name, as an app with a context lookup does it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_aws import LocalAws

_APP = """
import os
import aws_cdk as cdk

app = cdk.App()
here = cdk.Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
stack = cdk.Stack(app, "Lookup", env=here)
found = cdk.ContextProvider.get_value(
    stack,
    provider="cc-api-provider",
    props={
        "typeName": "AWS::EKS::Cluster",
        "exactIdentifier": app.node.get_context("cluster"),
        "propertiesToReturn": ["Version", "ResourcesVpcConfig.SubnetIds", "AccessConfig.AuthenticationMode"],
    },
    dummy_value=[{}],
).value
cdk.CfnOutput(stack, "Found", value=str(found))
app.synth()
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with an app that looks a cluster up."""
    (tmp_path / "app.py").write_text(_APP)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{Path(sys.executable).name} app.py"}))
    return tmp_path


def test_cluster_is_found_and_kept_in_the_context(bootstrapped: LocalAws, app: Path) -> None:
    """The CLI asks Cloud Control through the bootstrap's lookup role, and keeps the answer."""
    cluster = bootstrapped.create_cluster("to-look-up", version="1.33")
    before = len(bootstrapped.calls)
    done = bootstrapped.cdk("synth", "--quiet", "-c", f"cluster={cluster.name}", cwd=app, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    ((found,),) = json.loads((app / "cdk.context.json").read_text()).values()
    assert found["Version"] == "1.33"
    assert found["ResourcesVpcConfig.SubnetIds"] == list(cluster.subnet_ids)
    assert found["AccessConfig.AuthenticationMode"] == "API_AND_CONFIG_MAP"
    (call,) = (call for call in bootstrapped.calls[before:] if call.service == "cloudcontrol")
    assert ":assumed-role/cdk-hnb659fds-lookup-role-" in call.caller


def test_unknown_cluster_fails_with_its_name(bootstrapped: LocalAws, app: Path) -> None:
    """A wrong name is an error of the synthesis."""
    done = bootstrapped.cdk("synth", "--quiet", "-c", "cluster=no-such-cluster", cwd=app, timeout=180)
    assert done.returncode == 1
    assert "no-such-cluster" in done.stdout + done.stderr
