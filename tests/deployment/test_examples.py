"""The example apps, each deployed to the local AWS by the command in its docstring, and destroyed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import ManualArgs, lint_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_aws import LocalAws

_ROOT = Path(__file__).parents[2]
_PATIENCE = 180


@pytest.fixture
def deploy(bootstrapped: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs `cdk deploy` with an example, elsewhere than in the project: it writes what it looked up beside it."""
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))

    def run(example: str, *arguments: str) -> None:
        app = f'"{sys.executable}" -m examples.{example}'
        done = bootstrapped.cdk(
            "deploy", "--require-approval=never", *arguments, "--app", app, cwd=tmp_path, timeout=_PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def _destroy(aws: LocalAws, stack: str) -> None:
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.3})


def _findings(directory: Path, stack: str, region: str, *, ignored: Sequence[str] = ()) -> list[str]:
    """What the linter says of a template that the CLI has left behind."""
    config = ManualArgs(regions=[region], ignore_checks=[*ignored])
    return [str(match) for match in lint_file(directory / "cdk.out" / f"{stack}.template.json", config)]


def test_three_node_groups(bootstrapped: LocalAws, deploy: Callable[..., None], tmp_path: Path) -> None:
    """Three groups come up on a cluster that is looked up, each as it was asked for, and go without a trace."""
    cluster = bootstrapped.create_cluster("with-three", version="1.34", aws_auth="[]\n")
    deploy("three_node_groups", "--context", f"cluster={cluster.name}")
    assert _findings(tmp_path, "ThreeNodeGroups", bootstrapped.region) == []
    general, batch, legacy = _groups(bootstrapped, cluster.name)
    assert (general["DesiredCapacity"], batch["DesiredCapacity"], legacy["DesiredCapacity"]) == (1, 0, 1)
    assert len(batch["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]) == 3
    hints = {tag["Key"]: tag["Value"] for tag in batch["Tags"]}
    assert hints["k8s.io/cluster-autoscaler/node-template/label/workload"] == "batch"
    assert hints["k8s.io/cluster-autoscaler/node-template/taint/workload"] == "batch:NoSchedule"
    assert legacy["TerminationPolicies"] == ["OldestInstance"]
    assert [boot.joined for boot in bootstrapped.nodes.boots if boot.cluster == cluster.name] == [True, True]
    _destroy(bootstrapped, "ThreeNodeGroups")
    assert _groups(bootstrapped, cluster.name) == []
    config_map = cluster.kubernetes.config_map("kube-system", "aws-auth") or {}
    assert config_map["data"]["mapRoles"] == "[]\n"


def test_new_cluster(bootstrapped: LocalAws, deploy: Callable[..., None], tmp_path: Path) -> None:
    """Linux and Windows nodes join a cluster that the same stack makes, and all of it goes again."""
    eks = bootstrapped.client("eks")
    before = set(eks.list_clusters()["clusters"])
    deploy("new_cluster")
    # CDK has its cluster depend on the whole VPC, and so on subnets to which it refers anyway.
    assert _findings(tmp_path, "NewCluster", bootstrapped.region, ignored=["W3005"]) == []
    (name,) = set(eks.list_clusters()["clusters"]) - before
    assert len(eks.list_nodegroups(clusterName=name)["nodegroups"]) == 1
    assert [boot.joined for boot in bootstrapped.nodes.boots if boot.cluster == name] == [True]
    _destroy(bootstrapped, "NewCluster")
    assert set(eks.list_clusters()["clusters"]) == before


def _groups(aws: LocalAws, cluster: str) -> list[dict[str, Any]]:
    """The cluster's Auto Scaling groups in the order of the example."""
    found = aws.client("autoscaling").describe_auto_scaling_groups(
        Filters=[{"Name": "tag-key", "Values": [f"kubernetes.io/cluster/{cluster}"]}]
    )["AutoScalingGroups"]
    order = ("General", "Batch", "Legacy")
    return sorted(found, key=lambda group: next(i for i, n in enumerate(order) if n in group["AutoScalingGroupName"]))
