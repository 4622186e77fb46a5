"""`cdk deploy -c cluster=… -c name=…`: the project's own app, with nothing given but names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_aws import LocalAws, LocalCluster

_APP = Path(__file__).parents[2] / "app.py"
_PATIENCE = 180


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where a user calls the CLI, and where it keeps what it looked up."""
    settings = json.loads((_APP.parent / "cdk.json").read_text(encoding="utf-8"))
    settings["app"] = f'"{sys.executable}" "{_APP}"'
    (tmp_path / "cdk.json").write_text(json.dumps(settings), encoding="utf-8")
    return tmp_path


def _cdk(aws: LocalAws, directory: Path, *arguments: str, cluster: str, returncode: int = 0) -> str:
    context = ("-c", f"cluster={cluster}", "-c", "name=ng-windows", "-c", "nodes=1")
    done = aws.cdk(*arguments, *context, cwd=directory, timeout=_PATIENCE)
    output = done.stdout + done.stderr
    assert done.returncode == returncode, output
    return output


def _map_roles(cluster: LocalCluster) -> str:
    config_map: dict[str, Any] = cluster.kubernetes.config_map("kube-system", "aws-auth") or {"data": {}}
    return str(config_map["data"].get("mapRoles"))


def test_names_are_enough(bootstrapped: LocalAws, directory: Path) -> None:
    """Looked up, deployed, joined, and destroyed; the second command asks nothing of Cloud Control any more."""
    cluster = bootstrapped.create_cluster("by-name", version="1.34", aws_auth="[]\n")
    _cdk(bootstrapped, directory, "deploy", "--require-approval=never", cluster=cluster.name)
    stack = f"WindowsNodeGroup-{cluster.name}-ng-windows"
    (described,) = bootstrapped.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    assert outputs["NodeInstanceRole"] in _map_roles(cluster)
    assert [boot.joined for boot in bootstrapped.nodes.boots if boot.cluster == cluster.name] == [True]
    lookups = [call for call in bootstrapped.calls if call.service == "cloudcontrol"]
    context = json.loads((directory / "cdk.context.json").read_text(encoding="utf-8"))
    assert {answer["Identifier"] for (answer,) in context.values()} == {cluster.name, cluster.subnet_ids[0]}
    _cdk(bootstrapped, directory, "destroy", "--force", cluster=cluster.name)
    assert [call for call in bootstrapped.calls if call.service == "cloudcontrol"] == lookups
    assert _map_roles(cluster) == "[]\n"


def test_function_of_a_closed_cluster(bootstrapped: LocalAws, directory: Path) -> None:
    """Where not everybody may reach the endpoint, the function is put into those of the subnets that are private."""
    cluster = bootstrapped.create_cluster("closed", version="1.34")
    ec2 = bootstrapped.client("ec2")
    private = ec2.create_subnet(VpcId=cluster.vpc_id, CidrBlock="10.0.128.0/19")["Subnet"]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=cluster.subnet_ids[0], ConnectivityType="private")["NatGateway"]
    table = ec2.create_route_table(VpcId=cluster.vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=private)
    cluster.record.subnet_ids = [*cluster.subnet_ids, private]
    cluster.record.public_access_cidrs = ["203.0.113.0/24"]
    _cdk(bootstrapped, directory, "synth", "--quiet", cluster=cluster.name)
    path = directory / "cdk.out" / f"WindowsNodeGroup-{cluster.name}-ng-windows.template.json"
    template = json.loads(path.read_text(encoding="utf-8"))
    (function,) = (one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function")
    assert function["Properties"]["VpcConfig"]["SubnetIds"] == [private]


def test_wrong_case(bootstrapped: LocalAws, directory: Path) -> None:
    """A name with the wrong case ends at synthesis, with the reason; nothing is deployed and nothing kept."""
    bootstrapped.create_cluster("in-lower-case", vpc=False)
    output = _cdk(bootstrapped, directory, "deploy", cluster="In-Lower-Case", returncode=1)
    assert "AWS::EKS::Cluster In-Lower-Case could not be looked up in account" in output
    assert "capitals included" in output
    assert json.loads((directory / "cdk.context.json").read_text(encoding="utf-8")) == {}
    stacks = bootstrapped.client("cloudformation").describe_stacks()["Stacks"]
    assert not [stack for stack in stacks if "Lower" in stack["StackName"]]
