"""The wait for Ready nodes: whom it counts, when it ends, and what it says about those that are missing."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from local_aws.kubernetes_api import Rule, User
from tests.handler.stage import ACCOUNT, CLUSTER, KUBECTL_ROLE, ROLE
from tests.handler.windows_stage import GROUP, Group, Surroundings
from windows_nodegroup.handler import aws as signed_calls
from windows_nodegroup.handler import readiness
from windows_nodegroup.handler.aws_auth import upsert
from windows_nodegroup.handler.contract import NodesReady

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.handler.secrets import Watch
    from tests.handler.stage import Stage

#: How long nodes are waited for: some looks, since tests look every few milliseconds. The invocation has far more time,
#: so that a machine that is busy elsewhere for a moment changes nothing.
SECONDS = 2

CONFIG_MAPS = Rule(frozenset({"get"}), frozenset({"configmaps"}), namespace="kube-system")
NODES = Rule(frozenset({"get", "list"}), frozenset({"nodes"}))


@pytest.fixture
def aws(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """The services around a cluster that can run Windows pods, and that has no node yet."""
    monkeypatch.setattr(readiness, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "SETTLE_SECONDS", 0.3)
    monkeypatch.setattr(signed_calls, "CALL_SECONDS", 0.1)
    stage.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "true"})
    stage.put_map(upsert(None, ROLE).text)
    return Surroundings(stage)


def event(stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create") -> dict[str, Any]:
    """Return a request to wait."""
    made = stage.event(kind, physical_id=None if kind == "Create" else f"nodes-ready/{CLUSTER}/{GROUP}")
    common = {
        "ServiceToken": "arn:function",
        "ClusterName": CLUSTER,
        "AutoScalingGroupName": GROUP,
        "NodeRoleArn": ROLE,
        "TimeoutSeconds": str(SECONDS),
    }
    made |= {"ResourceType": NodesReady.TYPE, "ResourceProperties": {**common, **properties}}
    return made


def warnings(stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create") -> str:
    """Send a request that succeeds; return its warnings."""
    answer = stage.send(event(stage, properties, kind=kind))
    assert answer["Status"] == "SUCCESS", answer
    assert answer["PhysicalResourceId"] == f"nodes-ready/{CLUSTER}/{GROUP}"
    text: str = answer["Data"]["Warnings"]
    return text


def reason(stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create", seconds: float = 30) -> str:
    """Send a request that fails in time; return the reason."""
    start = time.monotonic()
    answer = stage.send(event(stage, properties, kind=kind), seconds=seconds)
    assert answer["Status"] == "FAILED", answer
    assert time.monotonic() - start < seconds
    text: str = answer["Reason"]
    return text


def join(stage: Stage, number: int, *, ready: bool = True, **condition: str) -> None:
    """Let the node of an instance join, or report anew."""
    name = f"ip-10-0-0-{number}"
    labels = {"kubernetes.io/os": "windows"}
    node = stage.kubernetes.put_node(name, labels=labels, provider_id=f"aws:///us-west-2a/i-{number}", ready=ready)
    if condition:
        node["status"]["conditions"] = [{"type": "Ready", "status": "False", **condition}]
        stage.kubernetes.put(node)


def instances(*numbers: int, state: str = "InService") -> dict[str, str]:
    """Return instances of a group."""
    return {f"i-{number}": state for number in numbers}


def test_all_are_ready(stage: Stage, aws: Surroundings) -> None:
    """When as many nodes are Ready as are desired, the wait is over at once; the id is the group's."""
    aws.group = Group(2, instances(1, 2))
    join(stage, 1)
    join(stage, 2)
    assert warnings(stage) == "none"


def test_they_become_ready(stage: Stage, aws: Surroundings, watch: Watch) -> None:
    """It waits for nodes that join and become Ready meanwhile, and logs the progress."""
    aws.group = Group(2, instances(1, 2))
    join(stage, 1)
    looks = iter(range(100))

    def progress() -> None:
        look = next(looks)
        if look in {2, 4}:
            join(stage, 2, ready=look == 4)

    stage.kubernetes.faults.meanwhile(progress, count=10, method="GET")
    before = len(watch.texts)
    assert warnings(stage) == "none"
    progresses = [text for text in watch.texts[before:] if "waiting for nodes" in text]
    assert len(progresses) > 2
    assert "'ready': 1, 'desired': 2, 'missing': ('i-2',)" in progresses[0]
    assert "'ready': 2, 'desired': 2, 'missing': ()" in progresses[-1]


def test_none_are_desired(stage: Stage, aws: Surroundings) -> None:
    """A group of no instances is ready, without a look at the cluster."""
    assert aws.group == Group(0)
    assert warnings(stage) == "none"
    assert stage.kubernetes.requests == []


def test_others_do_not_count(stage: Stage, aws: Surroundings) -> None:
    """Instances that are on their way out, stand by or wait in a warm pool do not count, nor do others' nodes."""
    aws.group = Group(2, {**instances(1), "i-2": "Terminating:Wait", "i-3": "Standby", "i-4": "Warmed:Running"})
    for number in range(1, 6):
        join(stage, number)
    assert reason(stage).startswith(f"1 of 2 nodes of {GROUP} are Ready after ")
    aws.group.instances["i-5"] = "Pending:Proceed"
    assert warnings(stage) == "none"


def test_old_nodes_that_are_replaced(stage: Stage, aws: Surroundings) -> None:
    """Nodes of instances that the group has let go are nobody's failure."""
    aws.group = Group(1, {"i-1": "Terminating", "i-2": "InService"})
    join(stage, 1, ready=False)
    join(stage, 2)
    assert warnings(stage, kind="Update") == "none"


def test_weights(stage: Stage, aws: Surroundings) -> None:
    """Where instances have weights, the desired capacity is a sum of them."""
    aws.group = Group(6, instances(1, 2), {"i-1": 4, "i-2": 2})
    join(stage, 1)
    assert reason(stage).startswith("4 of 6 nodes")
    join(stage, 2)
    assert warnings(stage) == "none"


def test_the_group_changes_meanwhile(stage: Stage, aws: Surroundings) -> None:
    """What an autoscaler adds during the wait is not waited for; what it takes away neither."""
    aws.group = group = Group(2, instances(1))
    join(stage, 1)

    def grow() -> None:
        group.desired = 5

    stage.kubernetes.faults.meanwhile(grow, count=1)
    assert reason(stage).startswith("1 of 2 nodes")

    def shrink() -> None:
        group.desired = 1

    stage.kubernetes.faults.meanwhile(shrink, count=1)
    assert warnings(stage) == "none"


def test_no_such_group(stage: Stage, aws: Surroundings) -> None:
    """A group that does not exist is a failure at once."""
    aws.group = None
    assert reason(stage).startswith(f"Auto Scaling group {GROUP} does not exist in us-west-2 [WNG932]")


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("seconds", ["soon", "-1", "1.5"])
def test_wrong_time(stage: Stage, seconds: str) -> None:
    """A time that is no whole number is refused."""
    assert reason(stage, {"TimeoutSeconds": seconds}).startswith(f"TimeoutSeconds is {seconds!r}: give a whole number")


def test_given_time(stage: Stage, aws: Surroundings) -> None:
    """It waits as long as it is told, and no longer than it can."""
    aws.group = Group(1)
    start = time.monotonic()
    assert f" are Ready after {SECONDS} seconds: " in reason(stage)
    assert time.monotonic() - start < 15
    assert re.search(" are Ready after [23] seconds: ", reason(stage, {"TimeoutSeconds": "3600"}, seconds=8))


def test_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are asked for page by page, with what each page says of the next; only Windows nodes."""
    asked = []
    pages: Iterator[dict[str, Any]] = iter(
        [{"items": [{"a": 1}, {"b": 2}], "metadata": {"continue": "x y"}}, {"items": [{"c": 3}], "metadata": {}}]
    )

    class Api:
        def request(self, method: str, path: str) -> dict[str, Any]:
            asked.append((method, path))
            return next(pages)

    monkeypatch.setattr(readiness, "_PAGE", 2)
    assert list(readiness._Watch._windows_nodes(cast("Any", Api()))) == [{"a": 1}, {"b": 2}, {"c": 3}]
    query = "/api/v1/nodes?labelSelector=kubernetes.io%2Fos%3Dwindows&limit=2"
    assert asked == [("GET", query), ("GET", f"{query}&continue=x+y")]


def test_kubernetes_is_in_trouble(stage: Stage, aws: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble that passes, before or after the first look, does not end the wait."""
    monkeypatch.setattr(readiness, "SETTLE_SECONDS", 20)
    aws.group = Group(1, instances(1))
    stage.kubernetes.faults.unauthorized(1)
    stage.kubernetes.faults.internal_error(1)
    stage.kubernetes.faults.reset(1)
    stage.kubernetes.faults.meanwhile(lambda: join(stage, 1), count=1)
    assert warnings(stage) == "none"


@pytest.mark.usefixtures("aws")
def test_delete(stage: Stage) -> None:
    """A Delete does nothing."""
    answer = stage.send(event(stage, kind="Delete"))
    assert answer["Status"] == "SUCCESS"
    assert stage.kubernetes.requests == []
    assert [method for method, _ in stage.aws.calls] == ["PUT"]


# What is missing, and why.


def test_not_authorised(stage: Stage, aws: Surroundings) -> None:
    """Instances whose role nothing authorises: the reason names them and the role."""
    stage.put_map("")
    aws.group = Group(7, instances(*range(1, 8)))
    text = reason(stage)
    assert text.startswith(
        f"0 of 7 nodes of {GROUP} are Ready after {SECONDS} seconds: i-1, i-2, i-3, i-4, i-5 and 2 more did not"
    )
    assert f"did not join: {ROLE} is not authorized: add it to aws-auth [WNG931]" in text


def test_authorised_in_part(stage: Stage, aws: Surroundings) -> None:
    """A role that lacks a group in aws-auth: the reason names the group."""
    stage.put_map(upsert(None, ROLE).text.replace("system:nodes", "system:else"))
    aws.group = Group(1, instances(1))
    assert f"{ROLE} lacks system:nodes in aws-auth: add them" in reason(stage)


@pytest.mark.parametrize(
    ("entry", "mode", "fault"),
    [
        ("EC2_LINUX", "API_AND_CONFIG_MAP", f"the access entry of {ROLE} is of type EC2_LINUX, and Windows nodes need"),
        (None, "API", f"{ROLE} is not authorized: make an access entry of type EC2_WINDOWS"),
        ("EC2_WINDOWS", "API", "their role is authorized, so see on one of them (Session Manager) whether it reaches"),
        (None, "CONFIG_MAP", "their role is authorized, so see on one of them (Session Manager) whether it reaches"),
    ],
)
def test_access_entries(stage: Stage, aws: Surroundings, entry: str | None, mode: str, fault: str) -> None:
    """An access entry counts where the cluster's mode reads it, and the role's type with it."""
    assert stage.aws.cluster is not None
    stage.aws.cluster["accessConfig"] = {"authenticationMode": mode}
    stage.aws.access_entries = {ROLE: entry} if entry else {}
    aws.group = Group(1, instances(1))
    assert f"i-1 did not join: {fault}" in reason(stage)


def test_nobody_knows_why(stage: Stage, aws: Surroundings) -> None:
    """Without the permissions to look for the cause, the reason still names the instances and where to look."""
    stage.users["function-key"] = User("function", rules=(NODES,))
    stage.aws.access_entries = None
    aws.denied = {"autoscaling:DescribeScalingActivities"}
    aws.group = Group(2, instances(1))
    text = reason(stage)
    assert "only 1 of 2 are launched: see the group's activities; i-1 did not join: see on one of them" in text
    assert "event log EKS and C:\\ProgramData\\Amazon\\EC2Launch\\log" in text


def test_not_ready(stage: Stage, aws: Surroundings) -> None:
    """Nodes that joined and are not Ready: the reason has their conditions' words, and that addresses are off."""
    stage.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "false"})
    aws.group = Group(3, instances(1, 2, 3))
    join(stage, 1, reason="KubeletNotReady", message="container runtime network not ready: cni config uninitialized")
    join(stage, 2, status="Unknown", reason="NodeStatusUnknown", message="Kubelet stopped posting node status.")
    join(stage, 3)
    node = stage.kubernetes.get("v1", "Node", "ip-10-0-0-1")
    assert node is not None
    node["status"]["conditions"].append({"type": "MemoryPressure", "status": "True", "reason": "KubeletHasNoMemory"})
    stage.kubernetes.put(node)
    text = reason(stage)
    assert text.startswith(f"1 of 3 nodes of {GROUP} are Ready after ")
    assert (
        "i-1 (ip-10-0-0-1) is not Ready: KubeletNotReady: container runtime network not ready: cni config uninitialized"
        "; KubeletHasNoMemory; i-2 (ip-10-0-0-2) is not Ready: NodeStatusUnknown: Kubelet stopped posting node status."
        '; without enable-windows-ipam: "true" in kube-system/amazon-vpc-cni pods get no addresses [WNG931]'
    ) in text


def test_not_reported(stage: Stage, aws: Surroundings) -> None:
    """A node without conditions has not reported yet."""
    aws.group = Group(1, instances(1))
    join(stage, 1, ready=False)
    assert "i-1 (ip-10-0-0-1) is not Ready: kubelet has not reported" in reason(stage)


def test_not_launched(stage: Stage, aws: Surroundings) -> None:
    """Instances that the group cannot launch: the reason has the latest failure in AWS's words."""
    words = (
        "Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than allowed."
    )
    aws.group = Group(2, {}, activities=[("Successful", ""), ("Failed", words), ("Failed", "an older one")])
    assert f"only 0 of 2 are launched: {words} [WNG931]" in reason(stage)


def test_short_reason(stage: Stage, aws: Surroundings) -> None:
    """However much there is to tell, the answer fits and the code is in it."""
    aws.group = Group(50, instances(*range(40)), activities=[("Failed", "x" * 3000)])
    for number in range(40):
        join(stage, number, reason="KubeletNotReady", message="y" * 3000)
    answer = stage.send(event(stage))
    assert len(json.dumps(answer)) < 4096
    assert "[WNG931]" in answer["Reason"]


# What cannot be seen.


def test_without_the_grant(stage: Stage, aws: Surroundings) -> None:
    """A function that may not list nodes gives a warning within seconds: success rests on the signals."""
    stage.users["function-key"] = User("function", rules=(CONFIG_MAPS,))
    aws.group = Group(1, instances(1))
    start = time.monotonic()
    assert warnings(stage) == (
        "not checked whether the nodes are Ready: the function may not list nodes (HTTP 403): bind it to get and list "
        "on nodes: success rests on the nodes' signals [WNG933]"
    )
    assert time.monotonic() - start < 15


def test_a_stranger(stage: Stage, aws: Surroundings) -> None:
    """A function that the cluster does not know gives the same warning."""
    stage.users["function-key"] = None
    aws.group = Group(1, instances(1))
    assert "the function may not list nodes (HTTP 401)" in warnings(stage)


def test_with_the_grant_only(stage: Stage, aws: Surroundings) -> None:
    """To get and list nodes is all that it takes in Kubernetes."""
    stage.users["function-key"] = User("function", rules=(NODES,))
    aws.group = Group(1, instances(1))
    join(stage, 1)
    assert warnings(stage) == "none"


def test_through_another_role(stage: Stage, aws: Surroundings) -> None:
    """In mode CONFIG_MAP the kubectl role looks; AWS is asked as the function."""
    stage.users["function-key"] = None
    aws.group = Group(1, instances(1))
    join(stage, 1)
    assert warnings(stage, {"KubectlRoleArn": KUBECTL_ROLE}) == "none"


def test_a_role_that_cannot_be_assumed(stage: Stage, aws: Surroundings) -> None:
    """A kubectl role that does not trust the function is a warning, too."""
    aws.group = Group(1, instances(1))
    closed = f"arn:aws:iam::{ACCOUNT}:role/closed"
    assert f"sts:AssumeRole of {closed} failed" in warnings(stage, {"KubectlRoleArn": closed})


def test_no_route(stage: Stage, aws: Surroundings) -> None:
    """An endpoint out of reach is a warning, found in seconds."""
    assert stage.aws.cluster is not None
    stage.aws.cluster["endpoint"] = "https://127.0.0.1:1"
    aws.group = Group(1, instances(1))
    text = warnings(stage)
    assert text.startswith("not checked whether the nodes are Ready: no connection to 127.0.0.1:1: ")
    assert text.endswith("[WNG933]")


def test_the_group_may_not_be_described(stage: Stage, aws: Surroundings) -> None:
    """Without the permission to describe the group nobody knows for whom to wait."""
    aws.denied = {"autoscaling:DescribeAutoScalingGroups"}
    assert "autoscaling:DescribeAutoScalingGroups failed (AccessDenied: not authorized" in warnings(stage)


def test_nothing_is_seen_in_time(stage: Stage, aws: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is over before anything was seen, that is a warning as well."""
    monkeypatch.setattr(readiness, "SETTLE_SECONDS", 60)
    stage.kubernetes.faults.internal_error(1000)
    aws.group = Group(1, instances(1))
    assert "not checked whether the nodes are Ready: HTTP 500" in warnings(stage)


# A stack's rollback.


def test_rollback(stage: Stage, aws: Surroundings) -> None:
    """During a rollback nobody waits."""
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    aws.group = Group(1)
    assert warnings(stage, kind="Update") == "none"
    assert aws.actions == ["cloudformation:DescribeStacks"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", None])
def test_update(stage: Stage, aws: Surroundings, status: str | None) -> None:
    """An Update waits again; where nobody may know whether it is a rollback, what is missing is a warning."""
    aws.stack_status = status
    aws.group = Group(1, instances(1))
    text = reason(stage, kind="Update") if status else warnings(stage, kind="Update")
    assert f"0 of 1 nodes of {GROUP} are Ready" in text
