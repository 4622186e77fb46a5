"""The project's own app, deployed by the real CDK CLI: the whole way, and what a malformed map does to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local_aws import LocalAws, LocalCluster

_ROOT = Path(__file__).parents[2]
_STACK = "WindowsNodeGroup"
_PATIENCE = 180

#: Others' entries, with what must survive: comments, indents, quotes, no newline at the end.
_AWS_AUTH = """\
# ask the platform team before you edit this
- rolearn: arn:aws:iam::123456789012:role/linux-nodes   # eksctl made this one
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes

-   "rolearn": "arn:aws:iam::123456789012:role/OnCall"
    "username": "on-call"
    "groups": ["system:masters"]   # no newline follows"""


@pytest.fixture(scope="session")
def assembly(bootstrapped: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `cdk synth` makes of `app.py`."""
    directory = tmp_path_factory.mktemp("app") / "assembly"
    done = bootstrapped.cdk("synth", "--quiet", "--output", str(directory), cwd=_ROOT, timeout=_PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def _deploy(aws: LocalAws, assembly: Path, cluster: LocalCluster) -> tuple[int, str]:
    """Deploy with the parameters of AWS's own template: exit code and output."""
    values = {
        "ClusterName": cluster.name,
        "ClusterControlPlaneSecurityGroup": cluster.control_plane_security_group_id,
        "NodeGroupName": "ng-windows",
        "NodeAutoScalingGroupMinSize": "1",
        "NodeAutoScalingGroupDesiredCapacity": "2",
        "NodeAutoScalingGroupMaxSize": "3",
        "KeyName": aws.key_pair_name,
        "VpcId": cluster.vpc_id,
        "NodeSecurityGroups": cluster.security_group_id,
        "Subnets": ",".join(cluster.subnet_ids),
    }
    parameters = [argument for name, value in values.items() for argument in ("--parameters", f"{name}={value}")]
    command = ("deploy", _STACK, "--app", str(assembly), "--require-approval=never", *parameters)
    done = aws.cdk(*command, cwd=assembly.parent, timeout=_PATIENCE)
    return done.returncode, done.stdout + done.stderr


def _destroy(aws: LocalAws, assembly: Path) -> None:
    done = aws.cdk("destroy", _STACK, "--app", str(assembly), "--force", cwd=assembly.parent, timeout=_PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def _map_roles(cluster: LocalCluster) -> str:
    config_map = cluster.kubernetes.config_map("kube-system", "aws-auth")
    assert config_map is not None
    return str(config_map["data"]["mapRoles"])


def test_nodes_are_authorised_before_they_launch_and_nothing_is_left(bootstrapped: LocalAws, assembly: Path) -> None:
    """Deployed: every node joins at once, others' bytes stay. Destroyed: the map is as it was, byte for byte."""
    aws = bootstrapped
    cluster = aws.create_cluster("main-job", aws_auth=_AWS_AUTH)
    code, output = _deploy(aws, assembly, cluster)
    assert code == 0, output
    cloudformation = aws.client("cloudformation")
    outputs = {
        item["OutputKey"]: item["OutputValue"]
        for item in cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]["Outputs"]
    }
    assert outputs["NodeInstanceRole"] in _map_roles(cluster)
    assert _map_roles(cluster).startswith(_AWS_AUTH)
    boots = [boot for boot in aws.nodes.boots if boot.cluster == cluster.name]
    assert [(boot.joined, boot.success) for boot in boots] == [(True, True)] * 2
    deployed = cloudformation.get_template(StackName=_STACK, TemplateStage="Original")["TemplateBody"]
    assert deployed == json.loads((assembly / f"{_STACK}.template.json").read_text("utf-8"))
    _destroy(aws, assembly)
    assert _map_roles(cluster) == _AWS_AUTH


def test_malformed_map_stops_the_deployment_and_is_left_alone(bootstrapped: LocalAws, assembly: Path) -> None:
    """The reason names the line, nothing was launched, the map is untouched, and the rollback removed everything."""
    aws = bootstrapped
    text = _AWS_AUTH + "\n- rolearn: {{SessionName}}"
    cluster = aws.create_cluster("malformed", aws_auth=text)
    code, output = _deploy(aws, assembly, cluster)
    assert code == 1, output
    assert "line" in output
    assert _map_roles(cluster) == text
    assert not [boot for boot in aws.nodes.boots if boot.cluster == cluster.name]
    status = aws.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"][0]["StackStatus"]
    assert status == "ROLLBACK_COMPLETE"
    assert not [name for name in aws.functions.functions if name.startswith(_STACK)]
    _destroy(aws, assembly)
    with pytest.raises(ClientError, match="does not exist"):
        aws.client("cloudformation").describe_stacks(StackName=_STACK)


def test_stack_stays_with_its_cluster(bootstrapped: LocalAws, assembly: Path) -> None:
    """Another ClusterName is refused with the cure before anything changes, and the stack goes on where it was."""
    aws = bootstrapped
    here, there = (aws.create_cluster(name, aws_auth=_AWS_AUTH) for name in ("here", "there"))
    code, output = _deploy(aws, assembly, here)
    assert code == 0, output
    entered = _map_roles(here)
    assert entered != _AWS_AUTH
    code, output = _deploy(aws, assembly, there)
    assert code == 1, output
    assert "cannot be changed from here to there" in output
    assert "WNG917" in output
    status = aws.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert (_map_roles(here), _map_roles(there)) == (entered, _AWS_AUTH)
    assert not [boot for boot in aws.nodes.boots if boot.cluster == there.name]
    _destroy(aws, assembly)
    assert _map_roles(here) == _AWS_AUTH
