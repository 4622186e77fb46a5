"""The life of an entry of aws-auth, as sequences of CloudFormation's real events to the product's function.

Each sequence ends in the right map and in exactly one answer to each event, and none leaves CloudFormation waiting.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from botocore.exceptions import ClientError

from local_aws import LocalAws
from local_aws.kubernetes_api import KubernetesApi
from tests.deployment.entry_stage import AWS_AUTH, Function, Stage, eventually, new_role, trust
from windows_nodegroup.handler import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_aws import LocalCluster

#: A resource that cannot be made, because there is no such role.
BROKEN = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["nobody"]}}

#: A map from which the authenticator reads nothing.
MALFORMED = AWS_AUTH + "\n\t- rolearn: tab"

#: What the function must never say: tokens, signatures, and what stands in others' entries.
SECRET = re.compile(r"k8s-aws-v1\.|Bearer |AWS4-HMAC-SHA256|X-Amz-[A-Z]|on-call|eksctl|system:masters")

GROUPS = ["system:bootstrappers", "system:nodes", "eks:kube-proxy-windows"]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A local AWS; in the end, each request was answered once, and nothing secret or foreign was said."""
    with LocalAws() as aws:
        made = Stage(aws)
        yield made
        answers = made.answers()
        assert {len(given) for given in answers} == {1}
        said = "".join(map(aws.function_logs, aws.functions.function_names())) + str(answers)
        assert SECRET.findall(said) == []


@pytest.fixture(scope="module")
def function(stage: Stage) -> Function:
    """The function, as the construct deploys it."""
    return stage.function()


@pytest.fixture(scope="module")
def hurried(stage: Stage) -> Function:
    """The function with a short timeout."""
    return stage.function(timeout=6)


def arn(name: str) -> str:
    """Return the ARN of a role of nodes."""
    return f"arn:aws:iam::123456789012:role/{name}"


def map_of(cluster: LocalCluster) -> str:
    """Return the map's text."""
    manifest = cluster.kubernetes.config_map("kube-system", "aws-auth")
    assert manifest is not None
    text: str = manifest["data"]["mapRoles"]
    return text


def added(cluster: LocalCluster) -> list[str]:
    """Return the names of the roles whose entries were added to what others had written; they are as they must be."""
    text = map_of(cluster)
    assert text.startswith(AWS_AUTH)
    entries: list[dict[str, Any]] = yaml.safe_load(text)[2:]
    assert all(entry["groups"] == GROUPS for entry in entries)
    assert all(entry["username"] == "system:node:{{EC2PrivateDNSName}}" for entry in entries)
    assert all(entry["rolearn"].count("/") == 1 for entry in entries)
    return [entry["rolearn"].rpartition("/")[2] for entry in entries]


def writes(cluster: LocalCluster) -> int:
    """Return how often the map was written through the API."""
    return sum(request.method != "GET" and request.status in {200, 201} for request in cluster.kubernetes.requests)


def node_role(path: str) -> dict[str, Any]:
    """Return a role of nodes for a template."""
    properties = {"AssumeRolePolicyDocument": trust(Service="ec2.amazonaws.com"), "Path": path}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def test_created_left_alone_updated_and_deleted(stage: Stage, function: Function) -> None:
    """Nothing is sent where nothing changed, nothing is written where nothing changes, and nothing is left."""
    cluster, stack = stage.cluster(function), stage.stack()
    entry = function.entry(cluster, arn("a"))
    assert stack.create(Entry=entry) == "CREATE_COMPLETE"
    assert added(cluster) == ["a"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack.update(Entry=entry)
    assert stack.update(Entry=function.entry(cluster, arn("a"), ServiceTimeout=500)) == "UPDATE_COMPLETE"
    assert writes(cluster) == 1
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert stack.exchanges() == [("Create", "a", "SUCCESS"), ("Update", "a", "SUCCESS"), ("Delete", "a", "SUCCESS")]


def test_no_map_at_first(stage: Stage, function: Function) -> None:
    """Where there was no map, one without entries is left."""
    cluster, stack = stage.cluster(function, aws_auth=None), stage.stack()
    assert stack.create(Entry=function.entry(cluster, arn("a"))) == "CREATE_COMPLETE"
    assert [entry["rolearn"] for entry in yaml.safe_load(map_of(cluster))] == [arn("a")]
    assert stack.delete() == "DELETE_COMPLETE"
    assert yaml.safe_load(map_of(cluster)) == []


def test_another_role(stage: Stage, function: Function) -> None:
    """The new role's entry comes first, then the old one's goes."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    assert stack.update(Entry=function.entry(cluster, arn("b"))) == "UPDATE_COMPLETE"
    assert added(cluster) == ["b"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert stack.exchanges() == [
        *(("Create", "a", "SUCCESS"), ("Update", "b", "SUCCESS"), ("Delete", "a", "SUCCESS")),
        ("Delete", "b", "SUCCESS"),
    ]


def test_another_way_to_write_the_role(stage: Stage, function: Function) -> None:
    """A path, or other case, makes no other role: nothing is written, and no Delete follows."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("nodes")))
    assert stack.update(Entry=function.entry(cluster, arn("eks/windows/Nodes"))) == "UPDATE_COMPLETE"
    assert added(cluster) == ["nodes"]
    assert writes(cluster) == 1
    assert [exchange.request for exchange in stack.exchanges()] == ["Create", "Update"]


def test_another_logical_id(stage: Stage, function: Function) -> None:
    """Renamed in the template, the new resource asks for the entry before the old one gives it up: it stays."""
    cluster, stack = stage.cluster(function), stage.stack()
    entry = function.entry(cluster, arn("a"))
    stack.create(Entry=entry)
    text = map_of(cluster)
    assert stack.update(Renamed=entry) == "UPDATE_COMPLETE"
    assert map_of(cluster) == text
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert [exchange.request for exchange in stack.exchanges()] == ["Create", "Create", "Delete", "Delete"]


def test_another_role_in_place_of_the_stacks_own(stage: Stage, function: Function) -> None:
    """When the stack's role is replaced, its entry is, too; the role's path does not stand in the map."""
    cluster, stack = stage.cluster(function), stage.stack()
    entry = function.entry(cluster, {"Fn::GetAtt": ["Role", "Arn"]})
    stack.create(Role=node_role("/"), Entry=entry)
    (before,) = added(cluster)
    assert stack.update(Role=node_role("/eks/"), Entry=entry) == "UPDATE_COMPLETE"
    (after,) = added(cluster)
    assert before != after
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH


def test_create_is_rolled_back(stage: Stage, function: Function) -> None:
    """Another resource fails afterwards: the entry goes again."""
    cluster, stack = stage.cluster(function), stage.stack()
    broken = {**BROKEN, "DependsOn": "Entry"}
    assert stack.create(Entry=function.entry(cluster, arn("a")), Broken=broken) == "ROLLBACK_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert stack.exchanges() == [("Create", "a", "SUCCESS"), ("Delete", "a", "SUCCESS")]


def test_update_is_rolled_back(stage: Stage, function: Function) -> None:
    """Another resource fails afterwards: the old role comes back as an Update, and the new one's entry goes."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    text = map_of(cluster)
    broken = {**BROKEN, "DependsOn": "Entry"}
    status = stack.update(Entry=function.entry(cluster, arn("b")), Broken=broken)
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert map_of(cluster) == text
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert stack.exchanges() == [
        *(("Create", "a", "SUCCESS"), ("Update", "b", "SUCCESS")),
        *(("Update", "a", "SUCCESS"), ("Delete", "b", "SUCCESS"), ("Delete", "a", "SUCCESS")),
    ]


def test_update_that_is_refused_is_rolled_back(stage: Stage, function: Function) -> None:
    """The new role cannot be authorised: nothing has changed when the old properties come back."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    text = map_of(cluster)
    assert stack.update(Entry=function.entry(cluster, arn("OnCall"))) == "UPDATE_ROLLBACK_COMPLETE"
    assert "[WNG911]" in stack.reasons()
    assert map_of(cluster) == text
    assert stack.exchanges()[1:] == [("Update", "OnCall", "FAILED"), ("Update", "a", "SUCCESS")]


def test_update_whose_answer_comes_too_late_is_rolled_back(
    stage: Stage, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an Update has written for whose answer nobody waited any longer is undone by the rollback."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    text = map_of(cluster)
    cluster.kubernetes.faults.slow(6, method="PATCH")
    monkeypatch.setattr(stage.aws.cloudformation.custom_resources, "patience", 3 / contract.SERVICE_TIMEOUT_SECONDS)
    assert stack.update(Entry=function.entry(cluster, arn("b"))) == "UPDATE_ROLLBACK_COMPLETE"
    assert map_of(cluster) == text
    assert stack.exchanges()[1:] == [("Update", "b", "SUCCESS"), ("Update", "a", "SUCCESS")]
    assert map_of(cluster) == text


@pytest.mark.parametrize("moment", ["before it reads", "before it writes", "after it has written"])
def test_create_is_cancelled(stage: Stage, function: Function, moment: str) -> None:
    """Another resource fails while the Create runs: the Delete comes at the same time, and nothing is left."""
    cluster, other, stack = stage.cluster(function), stage.cluster(function, aws_auth=MALFORMED), stage.stack()
    begun, deleted = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        deleted.wait(60)

    def fail_in_the_middle() -> None:
        if moment == "after it has written":
            eventually(lambda: map_of(cluster) != AWS_AUTH)
        else:
            begun.wait(60)

    if moment == "after it has written":
        cluster.kubernetes.faults.slow(4, method="PATCH")
    else:
        cluster.kubernetes.faults.meanwhile(hold, method="GET" if moment == "before it reads" else "PATCH")
    other.kubernetes.faults.meanwhile(fail_in_the_middle, method="GET")
    entry, failing = function.entry(cluster, arn("a")), function.entry(other, arn("a"))
    assert stack.create(Entry=entry, Failing=failing) == "ROLLBACK_COMPLETE"
    deleted.set()
    assert "Resource creation cancelled" in stack.reasons()
    assert [exchange.request for exchange in stack.exchanges()] == ["Create", "Create", "Delete", "Delete"]
    (cancelled,) = (invocation for invocation in stack.invocations if invocation.abandoned)
    assert (cancelled.request["RequestType"], cancelled.request["LogicalResourceId"]) == ("Create", "Entry")
    assert (b"[WNG916]" in cancelled.answers[0].body) == (moment != "after it has written")
    assert map_of(cluster) == AWS_AUTH
    assert map_of(other) == MALFORMED


def test_create_fails(stage: Stage, function: Function) -> None:
    """A map that cannot be read is left as it is; the reason names the line, and the stack can be created again."""
    cluster, stack = stage.cluster(function, aws_auth=MALFORMED), stage.stack()
    assert stack.create(Entry=function.entry(cluster, arn("a"))) == "ROLLBACK_COMPLETE"
    assert "line 11" in stack.reasons()
    assert "[WNG910]" in stack.reasons()
    assert map_of(cluster) == MALFORMED
    assert writes(cluster) == 0
    assert stack.exchanges() == [("Create", "a", "FAILED"), ("Delete", "a", "SUCCESS")]
    assert stack.delete() == "DELETE_COMPLETE"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": AWS_AUTH})
    assert stack.create(Entry=function.entry(cluster, arn("a"))) == "CREATE_COMPLETE"
    assert added(cluster) == ["a"]


def test_failed_create_is_kept_and_tried_again(stage: Stage, function: Function) -> None:
    """Without a rollback, the next deployment makes the entry; the Delete of what had failed leaves it alone."""
    cluster, stack = stage.cluster(function, aws_auth=MALFORMED), stage.stack()
    entry = function.entry(cluster, arn("a"))
    assert stack.create(on_failure="DO_NOTHING", Entry=entry) == "CREATE_FAILED"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": AWS_AUTH})
    assert stack.update(Entry=entry) == "UPDATE_COMPLETE"
    assert added(cluster) == ["a"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH


def test_update_and_its_rollback_meet_a_broken_map(stage: Stage, function: Function) -> None:
    """The Update to another role fails; its rollback does not, because the old role's entry is what it was."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    whole = cluster.kubernetes.config_map("kube-system", "aws-auth")
    assert whole is not None
    annotations, broken = whole["metadata"]["annotations"], map_of(cluster) + "\n\t"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": broken}, annotations=annotations)
    assert stack.update(Entry=function.entry(cluster, arn("b"))) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.exchanges()[1:] == [("Update", "b", "FAILED"), ("Update", "a", "SUCCESS")]
    assert map_of(cluster) == broken
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", whole["data"], annotations=annotations)
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH


def test_update_of_something_else_and_its_rollback_meet_a_broken_map(stage: Stage, function: Function) -> None:
    """Where the role stays the same, too, CloudFormation is not left with a stack that cannot be rolled back."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": MALFORMED})
    assert stack.update(Entry=function.entry(cluster, arn("a"), ServiceTimeout=500)) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.exchanges()[1:] == [("Update", "a", "FAILED"), ("Update", "a", "SUCCESS")]
    assert map_of(cluster) == MALFORMED


def _is_gone(stage: Stage, cluster: LocalCluster) -> None:
    stage.aws.client("eks").delete_cluster(name=cluster.name)


def _is_being_deleted(_: Stage, cluster: LocalCluster) -> None:
    cluster.record.status = "DELETING"


def _has_left_aws_auth_behind(stage: Stage, cluster: LocalCluster) -> None:
    stage.aws.client("eks").update_cluster_config(name=cluster.name, accessConfig={"authenticationMode": "API"})


def _has_no_map(_: Stage, cluster: LocalCluster) -> None:
    cluster.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")


def _has_a_broken_map(_: Stage, cluster: LocalCluster) -> None:
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": MALFORMED})


@pytest.mark.parametrize(
    "change", [_is_gone, _is_being_deleted, _has_left_aws_auth_behind, _has_no_map, _has_a_broken_map]
)
def test_nothing_is_left_to_be_removed(
    stage: Stage, function: Function, change: Callable[[Stage, LocalCluster], None]
) -> None:
    """A cluster that has moved on does not hold the stack's deletion up, and nothing is written into it."""
    cluster, stack = stage.cluster(function), stage.stack()
    stack.create(Entry=function.entry(cluster, arn("a")))
    change(stage, cluster)
    before = cluster.kubernetes.config_map("kube-system", "aws-auth")
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.exchanges() == [("Create", "a", "SUCCESS"), ("Delete", "a", "SUCCESS")]
    assert cluster.kubernetes.config_map("kube-system", "aws-auth") == before
    assert writes(cluster) == 1


def test_no_way_into_a_living_cluster(stage: Stage, function: Function) -> None:
    """Neither made nor removed: FAILED with the cure. What never came in has nothing to undo, and what did, later."""
    unreachable, closed = stage.cluster(function), stage.cluster()
    old = stage.cluster(mode="CONFIG_MAP")
    deleted, out_of_reach, unknown, untrusted = (stage.stack() for _ in range(4))
    deleted.create(Entry=function.entry(unreachable, arn("a")))
    kubernetes = unreachable.kubernetes
    unreachable.record.kubernetes = _nobody()
    deleted.begin_to_delete()
    out_of_reach.begin_to_create(Entry=function.entry(unreachable, arn("b")))
    unknown.begin_to_create(Entry=function.entry(closed, arn("a")))
    kubectl_role = new_role(stage.aws, "somebody-elses", AWS=arn("somebody-else"))
    untrusted.begin_to_create(Entry=function.entry(old, arn("a"), KubectlRoleArn=kubectl_role))

    assert [stack.settled() for stack in (out_of_reach, unknown, untrusted)] == ["ROLLBACK_COMPLETE"] * 3
    assert deleted.settled() == "DELETE_FAILED"
    for stack in (deleted, out_of_reach):
        assert "publicAccessCidrs" in stack.reasons()
        assert "[WNG908]" in stack.reasons()
    assert f"aws eks create-access-entry --cluster-name {closed.name}" in unknown.reasons()
    assert f"sts:AssumeRole of {kubectl_role}" in untrusted.reasons()
    for stack in (out_of_reach, unknown, untrusted):
        assert [(exchange.request, exchange.status) for exchange in stack.exchanges()] == [
            ("Create", "FAILED"),
            ("Delete", "SUCCESS"),
        ]

    unreachable.record.kubernetes = kubernetes
    assert deleted.delete() == "DELETE_COMPLETE"
    assert [map_of(cluster) for cluster in (unreachable, closed, old)] == [AWS_AUTH] * 3
    assert [exchange.status for exchange in deleted.exchanges()] == ["SUCCESS", "FAILED", "SUCCESS"]


def _nobody() -> KubernetesApi:
    """Return an API that nobody serves any more."""
    with KubernetesApi(authenticate=lambda _: None) as kubernetes:
        return kubernetes


def test_two_stacks_need_the_role(stage: Stage, function: Function) -> None:
    """The entry goes with the last of them, whichever came first."""
    cluster, first, second = stage.cluster(function), stage.stack(), stage.stack()
    first.create(Entry=function.entry(cluster, arn("a")))
    text = map_of(cluster)
    second.create(Entry=function.entry(cluster, arn("eks/a")))
    assert map_of(cluster) == text
    assert first.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == text
    assert second.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH


@pytest.mark.parametrize("role", ["linux-nodes", "windows-nodes"])
def test_entry_was_there_before(stage: Stage, function: Function, role: str) -> None:
    """Of an entry that somebody else wrote, only what was added goes again."""
    windows = f"\n- rolearn: {arn('windows-nodes')}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:"
    text = AWS_AUTH + windows + "".join(f"\n  - {group}" for group in reversed(GROUPS)) + "\n"
    cluster, stack = stage.cluster(function, aws_auth=text), stage.stack()
    assert stack.create(Entry=function.entry(cluster, arn(role))) == "CREATE_COMPLETE"
    (groups,) = (entry["groups"] for entry in yaml.safe_load(map_of(cluster)) if entry["rolearn"] == arn(role))
    assert sorted(groups) == sorted(GROUPS)
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == text


def test_cluster_in_mode_config_map(stage: Stage, function: Function) -> None:
    """The function enters through a role that trusts it and that the map knows; the cluster sees only that role."""
    kubectl_role = new_role(stage.aws, "kubectl", AWS=function.role_arn)
    text = AWS_AUTH + f"\n- {{rolearn: {kubectl_role}, username: kubectl, groups: [system:masters]}}\n"
    cluster, stack = stage.cluster(aws_auth=text, mode="CONFIG_MAP"), stage.stack()
    assert stack.create(Entry=function.entry(cluster, arn("a"), KubectlRoleArn=kubectl_role)) == "CREATE_COMPLETE"
    assert len(yaml.safe_load(map_of(cluster))) == 4
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == text
    assert {request.user for request in cluster.kubernetes.requests} == {"kubectl"}


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_function_is_killed(stage: Stage, function: Function, method: str) -> None:
    """Lambda runs it again, whether it had written or not: one entry, one answer."""
    cluster, stack = stage.cluster(function), stage.stack()
    cluster.kubernetes.faults.meanwhile(function.kill, method=method)
    assert stack.create(Entry=function.entry(cluster, arn("a"))) == "CREATE_COMPLETE"
    assert added(cluster) == ["a"]
    cluster.kubernetes.faults.meanwhile(function.kill, method=method)
    assert stack.delete() == "DELETE_COMPLETE"
    assert map_of(cluster) == AWS_AUTH
    assert stack.exchanges() == [("Create", "a", "SUCCESS"), ("Delete", "a", "SUCCESS")]


@pytest.mark.skipif(os.name == "nt", reason="Windows stops no process")
def test_function_times_out(stage: Stage, hurried: Function) -> None:
    """Lambda ends a function that stands still in the middle, and runs it again: one entry, one answer."""
    cluster, stack = stage.cluster(hurried), stage.stack()
    cluster.kubernetes.faults.meanwhile(hurried.stop, method="PATCH")
    assert stack.create(Entry=hurried.entry(cluster, arn("a"))) == "CREATE_COMPLETE"
    assert added(cluster) == ["a"]
    assert stack.exchanges() == [("Create", "a", "SUCCESS")]


def test_answer_is_not_taken(stage: Stage, hurried: Function) -> None:
    """An answer that nobody takes while the function lives is given again when Lambda runs it again."""
    cluster, stack = stage.cluster(hurried), stage.stack()
    refusals = stage.aws.cloudformation.custom_resources.refuse_next
    refusals.extend([503] * 1000)
    before = len(_received(hurried))
    stack.begin_to_create(Entry=hurried.entry(cluster, arn("a")))
    eventually(lambda: len(_received(hurried)) == before + 2)
    refusals.clear()
    assert stack.settled() == "CREATE_COMPLETE"
    assert added(cluster) == ["a"]
    assert stack.exchanges() == [("Create", "a", "SUCCESS")]


def _received(function: Function) -> list[dict[str, Any]]:
    return [line for line in function.log() if line["message"] == "received"]


def test_time_is_bounded() -> None:
    """CloudFormation waits for two runs of the function and for Lambda's pause of a minute, and not much longer."""
    needed = 2 * contract.REQUEST_SECONDS + 60
    assert needed < contract.SERVICE_TIMEOUT_SECONDS <= needed + 60
