"""The custom resource that asks the Kubernetes API: over TLS, with the function's own way in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api import Rule, User
from tests.handler.stage import ACCOUNT, CLUSTER, KUBECTL_ROLE, ROLE
from windows_nodegroup.handler import aws, cluster_preflight, preflight_contract
from windows_nodegroup.handler.aws import Session
from windows_nodegroup.handler.cluster_preflight import Kubernetes
from windows_nodegroup.handler.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.handler.stage import Stage

LINUX_MAP = f"""\
- rolearn: {ROLE}
  username: system:node:{{{{EC2PrivateDNSName}}}}
  groups:
  - system:bootstrappers
  - system:nodes
"""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_preflight, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(cluster_preflight, "SETTLE_SECONDS", 0.5)


def ask(stage: Stage, request_type: str = "Create", **properties: object) -> dict[str, Any]:
    """Send a request for the checks inside the cluster through the function's entry; return the answer."""
    event = stage.event(request_type, physical_id=None if request_type == "Create" else f"cluster-preflight/{CLUSTER}")
    event["ResourceType"] = preflight_contract.ClusterPreflight.TYPE
    del event["ResourceProperties"]["RoleArn"]
    event["ResourceProperties"] |= {"NodeRoleArns": ROLE, **properties}
    answer = stage.send(event)
    assert answer["Status"] == "SUCCESS", answer
    return answer


def warnings(stage: Stage, **properties: object) -> list[str]:
    """Return the lines of the warnings."""
    text: str = ask(stage, "Create", **properties)["Data"]["Warnings"]
    return text.splitlines()


def healthy(stage: Stage) -> None:
    """Put a Linux node and the ConfigMap of a cluster with Windows support into the cluster."""
    stage.kubernetes.put_node("ip-10-0-0-1", labels={"kubernetes.io/os": "linux"}, provider_id="aws:///a/i-1")
    stage.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "true"})


def test_a_healthy_cluster(stage: Stage) -> None:
    """A cluster with a Linux node and Windows support gives no warning; the physical id is the cluster's."""
    healthy(stage)
    answer = ask(stage)

    assert answer["Data"] == {"Warnings": "none"}
    assert answer["PhysicalResourceId"] == f"cluster-preflight/{CLUSTER}"


def test_an_empty_cluster(stage: Stage) -> None:
    """A cluster with Windows nodes only and no Windows support gives both warnings, with their cures."""
    stage.kubernetes.put_node("win", labels={"kubernetes.io/os": "windows"}, provider_id="aws:///a/i-2")
    first, second = warnings(stage)

    assert first.startswith(f"cluster {CLUSTER} has no Linux or Fargate node for CoreDNS: add a Linux node group")
    assert second.startswith(f"enable-windows-ipam is unset in cluster {CLUSTER}")


def test_a_shared_role(stage: Stage) -> None:
    """A role that was Linux nodes' is told, before the entry is changed and after."""
    healthy(stage)
    stage.put_map(LINUX_MAP)
    before = warnings(stage)
    stage.succeed("Create")

    assert before == warnings(stage)
    assert before[0].startswith(f"role {ROLE} is mapped as the role of Linux nodes, too")


@pytest.mark.parametrize("together", [False, True])
def test_several_roles(stage: Stage, *, together: bool) -> None:
    """Of the roles of several node groups, in a list or one string, each that is Linux nodes' is told."""
    healthy(stage)
    other = ROLE + ",of-another-group"
    stage.put_map(LINUX_MAP + LINUX_MAP.replace(ROLE, f'"{other}"'))
    roles = [f"{ROLE}-of-its-own", ROLE, other]
    found = warnings(stage, NodeRoleArns=",".join(roles) if together else roles)

    assert [line.split(" is mapped")[0] for line in found] == [f"role {ROLE}", f"role {other}"]


def test_no_role(stage: Stage) -> None:
    """Without a role there is nothing to look at in aws-auth."""
    healthy(stage)
    stage.put_map(LINUX_MAP)

    assert warnings(stage, NodeRoleArns=[]) == ["none"]


def test_a_role_of_ones_own(stage: Stage) -> None:
    """The entry that the function made itself is no sign of Linux nodes."""
    healthy(stage)
    stage.succeed("Create")

    assert warnings(stage) == ["none"]


def test_another_writer(stage: Stage) -> None:
    """Whoever applied the map from a file is named."""
    healthy(stage)
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"mapRoles": ""}})}
    stage.put_map("", annotations=applied)

    assert warnings(stage)[0].startswith(f"aws-auth of cluster {CLUSTER} is written from a file by kubectl apply: add")


def test_a_map_that_cannot_be_read(stage: Stage) -> None:
    """A malformed map is a reason why the role was not checked, and nothing of it is quoted."""
    healthy(stage)
    stage.put_map("- rolearn: [")

    assert warnings(stage)[0].startswith("not checked: PF702 (aws-auth cannot be read: ")


def test_nothing_of_it_there(stage: Stage) -> None:
    """A cluster without aws-auth has nobody's map."""
    healthy(stage)
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")

    assert warnings(stage) == ["none"]


def test_without_the_grant_on_nodes(stage: Stage) -> None:
    """Whoever may read ConfigMaps only is told that nodes were not looked at, at once."""
    healthy(stage)
    rule = Rule(frozenset({"get"}), frozenset({"configmaps"}), namespace="kube-system")
    stage.users["function-key"] = User("function", rules=(rule,))
    start = time.monotonic()

    assert warnings(stage) == ["not checked: PF701 (list nodes is not allowed)"]
    assert time.monotonic() - start < 10


def test_a_fresh_access_entry(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that does not know the function yet is asked again, with a new token."""
    healthy(stage)
    admin, stage.users["function-key"] = stage.users["function-key"], None

    def pause(_deadline: Deadline, _seconds: float) -> None:
        time.sleep(1.05)  # a token of the same second is the same
        stage.users["function-key"] = admin

    monkeypatch.setattr(Deadline, "pause", pause)

    assert warnings(stage) == ["none"]
    assert stage.kubernetes.requests[0].status == 401
    assert len(set(stage.tokens)) == 2


def test_no_way_in(stage: Stage) -> None:
    """A cluster that never knows the function is given up after a while: a warning, not a failure."""
    stage.users["function-key"] = None
    start = time.monotonic()

    assert warnings(stage) == ["not checked: PF701, PF702, PF703, PF704 (the cluster does not know the caller)"]
    assert time.monotonic() - start < 10


def test_through_another_role(stage: Stage) -> None:
    """In mode CONFIG_MAP the kubectl role asks."""
    healthy(stage)
    stage.users["function-key"] = None

    assert warnings(stage, KubectlRoleArn=KUBECTL_ROLE) == ["none"]


def test_a_role_that_cannot_be_assumed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubectl role that does not trust the function is a reason, too, and is tried for all questions together."""
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.1)
    (line,) = warnings(stage, KubectlRoleArn=f"arn:aws:iam::{ACCOUNT}:role/closed")

    assert line.startswith("not checked: PF701, PF702, PF703, PF704 (sts:AssumeRole of ")


def test_no_route(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that cannot be reached is a reason, found in seconds."""
    assert stage.aws.cluster is not None
    monkeypatch.setitem(stage.aws.cluster, "endpoint", "https://127.0.0.1:1")
    (line,) = warnings(stage)

    assert line.startswith("not checked: PF701, PF702, PF703, PF704 (the Kubernetes API is out of reach: ")


def test_an_odd_answer(stage: Stage) -> None:
    """An answer that is neither yes nor no is told by its status."""
    healthy(stage)
    stage.kubernetes.faults.internal_error(1)
    (line,) = warnings(stage)

    assert line.endswith("was answered with 500)")


@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_update_and_delete(stage: Stage, request_type: str) -> None:
    """An Update asks again; a Delete asks nothing."""
    healthy(stage)
    answer = ask(stage, request_type)

    assert answer["PhysicalResourceId"] == f"cluster-preflight/{CLUSTER}"
    assert bool(stage.kubernetes.requests) is (request_type == "Update")


def test_many_nodes_are_read_page_by_page(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are asked for in pages, and no further than the first that will do."""
    asked = []
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}, "metadata": {"name": "good"}}
    pages: Iterator[dict[str, Any]] = iter(
        [{"items": [{"metadata": {"name": "bad"}}], "metadata": {"continue": "a b"}}, {"items": [ready]}]
    )

    class Api:
        def request(self, method: str, path: str) -> dict[str, Any]:
            asked.append((method, path))
            return next(pages)

    kubernetes = Kubernetes(Session.of_function(Deadline(5)), CLUSTER)
    monkeypatch.setattr(kubernetes, "_api", Api)

    assert [node["metadata"]["name"] for node in kubernetes.facts(()).linux_nodes()] == ["bad", "good"]
    assert stage.aws.calls == []
    assert asked == [
        ("GET", "/api/v1/nodes?labelSelector=kubernetes.io%2Fos%3Dlinux&limit=50"),
        ("GET", "/api/v1/nodes?labelSelector=kubernetes.io%2Fos%3Dlinux&limit=50&continue=a+b"),
    ]


def test_the_entry_of_the_function_does_not_load_boto3() -> None:
    """What only the preflight needs is not loaded for the others."""
    package = Path(cluster_preflight.__file__).parents[1]
    script = "import sys, handler.index; sys.exit('boto3' in sys.modules or 'handler.checks.runner' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], cwd=package, check=False).returncode == 0
