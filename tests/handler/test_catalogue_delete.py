"""The cases D1 to D15: Delete."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
import yaml

from local_aws.kubernetes_api import User
from tests.handler.stage import CLUSTER, FUNCTION_ROLE, MAP, OTHER_ROLE, ROLE, Stage, inserted
from tests.handler.test_catalogue_create import ENTRY, LINUX_GROUPS, block, entries
from windows_nodegroup.handler import aws, aws_auth_entry, config_map, index, owners
from windows_nodegroup.handler.aws_auth import NODE_USERNAME, WINDOWS_NODE_GROUPS

MADE_UP = "ng-NodeAccess-1ABCDEFGHIJKL"


def without_network(name: str, *_: Any, **__: Any) -> Any:
    """Resolve nothing, as when a cluster's endpoint is gone."""
    raise socket.gaierror(socket.EAI_NONAME, f"{name}: name or service not known")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endure lasting trouble for a moment only."""
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.2)
    monkeypatch.setattr(config_map, "NETWORK_SECONDS", 0.2)


def test_d01_last_owner_goes(stage: Stage) -> None:
    """With its last owner the entry goes, and the map is what it was before, byte for byte."""
    stage.succeed("Create")
    stage.succeed("Delete")
    assert stage.map_roles == MAP
    assert "roles" not in stage.record


def test_d02_another_stack_needs_the_role(stage: Stage) -> None:
    """As long as another stack needs the role, the entry stays, whoever made it; then it goes."""
    stage.succeed("Create")
    stage.succeed("Create", stack="another")
    text = stage.map_roles
    stage.succeed("Delete")
    assert stage.map_roles == text
    stage.succeed("Delete", stack="another")
    assert stage.map_roles == MAP


def test_d03_entry_that_was_there_before_us(stage: Stage) -> None:
    """An entry that was there before us stays; only the group that we added goes."""
    text = block(groups=LINUX_GROUPS) + MAP
    stage.put_map(text)
    stage.succeed("Create")
    stage.succeed("Delete")
    assert stage.map_roles == text


def test_d03_same_entry_that_was_there_before_us(stage: Stage) -> None:
    """An entry that was there before us stays even if it equals what we would have written."""
    stage.put_map(MAP + block())
    stage.succeed("Create")
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block()


def test_d03_shared_by_two_stacks(stage: Stage) -> None:
    """What was added to an older entry goes with the last of its owners, and the entry itself stays."""
    text = block(groups=LINUX_GROUPS) + MAP
    stage.put_map(text)
    stage.succeed("Create")
    stage.succeed("Create", stack="another")
    stage.succeed("Delete")
    assert stage.map_roles != text
    stage.succeed("Delete", stack="another")
    assert stage.map_roles == text


@pytest.mark.parametrize(
    "entry", [block(groups=["system:masters"], username="alice"), block(username="alice"), block(groups=LINUX_GROUPS)]
)
def test_d03_entry_that_another_writer_put_in_place_of_ours(stage: Stage, entry: str) -> None:
    """What another writer made of our entry is theirs: it stays, and the answer says so."""
    stage.succeed("Create")
    stage.rewrite(MAP + entry)
    warnings = stage.succeed("Delete")["Data"]["Warnings"]
    assert "line 7: the entry was rewritten by somebody else" in warnings
    assert "[WNG928]" in warnings
    assert stage.map_roles == MAP + entry
    assert "roles" not in stage.record


def test_d03_groups_that_another_writer_added(stage: Stage) -> None:
    """Of our entry, to which somebody else added a group, only our groups go, when nobody needs them any more."""
    stage.succeed("Create")
    stage.succeed("Create", stack="another")
    stage.rewrite(stage.map_roles + '  - "some-group"\n')
    stage.succeed("Delete")
    assert len(entries(stage.map_roles)[0]["groups"]) == 4
    assert "[WNG928]" in stage.succeed("Delete", stack="another")["Data"]["Warnings"]
    assert entries(stage.map_roles) == [ENTRY | {"groups": ["some-group"]}]
    assert stage.map_roles.startswith(MAP)


def test_d03_entry_that_another_writer_put_and_we_completed(stage: Stage) -> None:
    """An entry of Linux nodes in place of ours gets the group at the next Update, and loses only that in the end."""
    stage.succeed("Create")
    stage.rewrite(MAP + block(groups=LINUX_GROUPS))
    stage.succeed("Update")
    assert entries(stage.map_roles) == [ENTRY]
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block(groups=LINUX_GROUPS)


def test_d03_entry_that_another_writer_added_and_we_completed(stage: Stage) -> None:
    """Where another writer appends an entry that overrules ours, ours goes whole, and theirs loses our group."""
    for stack in ("ng", "another"):
        stage.succeed("Create", stack=stack)
        if stack == "ng":
            stage.append(block(groups=LINUX_GROUPS))
    assert [len(entry["groups"]) for entry in entries(stage.map_roles)] == [3, 3]
    stage.succeed("Delete", stack="another")
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block(groups=LINUX_GROUPS)


def test_d03_same_entry_that_another_writer_added(stage: Stage) -> None:
    """Of two entries that say the same, the one that another writer has appended since is theirs, and stays."""
    stage.succeed("Create")
    stage.append(block() + "# theirs\n")
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block() + "# theirs\n"


def test_d03_entry_that_we_completed_and_that_stayed_alone(stage: Stage) -> None:
    """Where another writer then takes ours out, theirs loses our group and nothing else."""
    stage.succeed("Create")
    stage.append(block(groups=LINUX_GROUPS))
    stage.succeed("Create", stack="another")
    stage.rewrite(MAP + block())
    stage.succeed("Delete", stack="another")
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block(groups=LINUX_GROUPS)


def test_d03_entries_that_other_writers_added(stage: Stage) -> None:
    """Whatever others append behind ours stays, also an entry that says the same."""
    stage.succeed("Create")
    stage.append(block(groups=LINUX_GROUPS) + block())
    stage.succeed("Delete")
    assert stage.map_roles == MAP + block(groups=LINUX_GROUPS) + block()


def test_d03_entry_that_overrules_ours_and_cannot_be_edited(stage: Stage) -> None:
    """Where ours has to come last again, there is one of it, and it goes whole."""
    anchor = (
        f"- rolearn: {OTHER_ROLE}\n  username: {NODE_USERNAME}\n  groups: &g [system:bootstrappers, system:nodes]\n"
    )
    stage.put_map(MAP + anchor)
    stage.succeed("Create")
    theirs = f"- rolearn: {ROLE}\n  username: {NODE_USERNAME}\n  groups: *g\n"
    stage.append(theirs)
    stage.succeed("Update")
    assert [len(entry["groups"]) for entry in entries(stage.map_roles)] == [2, 3]
    stage.succeed("Delete")
    assert stage.map_roles == MAP + anchor + theirs


def test_d03_entry_that_overrules_ours_which_others_use(stage: Stage) -> None:
    """Where ours would have to come last again, and cannot be cut because others refer to it, nothing is written."""
    anchor = f"- rolearn: {OTHER_ROLE}\n  username: {NODE_USERNAME}\n  groups: &g [system:nodes]\n"
    theirs = f"- rolearn: {ROLE}\n  username: {NODE_USERNAME}\n  groups: *g\n"
    stage.put_map(anchor)
    stage.succeed("Create")
    ours = stage.map_roles.removeprefix(anchor).replace("groups:", "groups: &ours")
    used = anchor + ours + f"- rolearn: {OTHER_ROLE}-2\n  username: u\n  groups: *ours\n" + theirs
    stage.rewrite(used)
    assert "[WNG910]" in stage.fail("Update")
    assert stage.map_roles == used


def test_d03_entry_with_the_groups_of_another(stage: Stage) -> None:
    """An entry that says the same through an alias is not ours."""
    groups = ", ".join(WINDOWS_NODE_GROUPS)
    theirs = f"- rolearn: {ROLE}\n  username: {NODE_USERNAME}\n  groups: *g\n"
    anchor = f"- rolearn: {OTHER_ROLE}\n  username: {NODE_USERNAME}\n  groups: &g [system:nodes]\n"
    stage.put_map(anchor + theirs)
    stage.succeed("Create")
    stage.rewrite(stage.map_roles.replace("[system:nodes]", f"[{groups}]"))
    stage.succeed("Delete")
    assert stage.map_roles == anchor.replace("[system:nodes]", f"[{groups}]") + theirs


def test_d04_entry_is_gone(stage: Stage) -> None:
    """When somebody took the entry out, only the record is brought up to date."""
    stage.succeed("Create")
    stage.rewrite(MAP)
    stage.succeed("Delete")
    assert stage.map_roles == MAP
    assert "roles" not in stage.record


def test_d04_map_is_gone(stage: Stage) -> None:
    """Where the map was removed, none is made."""
    stage.succeed("Create")
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")
    stage.succeed("Delete")
    assert stage.kubernetes.config_map("kube-system", "aws-auth") is None


def test_d05_cluster_not_found(stage: Stage) -> None:
    """With the cluster, its map is gone."""
    stage.succeed("Create")
    stage.aws.cluster = None
    stage.succeed("Delete")


def test_d06_cluster_is_being_deleted(stage: Stage) -> None:
    """A cluster that is being deleted is not asked any more."""
    stage.succeed("Create")
    assert stage.aws.cluster
    stage.aws.cluster["status"] = "DELETING"
    requests = len(stage.kubernetes.requests)
    stage.succeed("Delete")
    assert len(stage.kubernetes.requests) == requests


@pytest.mark.parametrize(("cluster_of_app", "status"), [("true", "SUCCESS"), ("", "FAILED")])
def test_d06_cluster_is_being_replaced(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, cluster_of_app: str, status: str
) -> None:
    """A cluster of the app that the policy does not name is being replaced, with its map; another keeps the entry."""
    stage.succeed("Create")
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.1)
    stage.aws.faults = lambda _method, path: "denied" if path.startswith("/clusters/") else None
    answer = stage.ask("Delete", ClusterOfApp=cluster_of_app)
    assert answer["Status"] == status
    assert "[WNG907]" in str(answer)


@pytest.mark.usefixtures("impatient")
def test_d06_cluster_is_deleted_meanwhile(stage: Stage) -> None:
    """An endpoint that falls silent is explained by EKS, which is asked again."""
    stage.succeed("Create")
    cluster = stage.aws.cluster
    assert cluster
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        cluster["endpoint"] = f"https://127.0.0.1:{closed.getsockname()[1]}"
    threading.Timer(0.1, lambda: cluster.update(status="DELETING")).start()
    stage.succeed("Delete")


@pytest.mark.usefixtures("impatient")
def test_d06_endpoint_does_not_resolve(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint whose name is gone while EKS's own resolves is the end of the cluster."""
    assert stage.aws.cluster
    stage.aws.cluster["endpoint"] = "https://gone.gr7.us-west-2.eks.amazonaws.com"
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: (without_network if "gone" in host else resolve)(host, *a, **k)
    )
    stage.succeed("Delete")
    assert "[WNG908]" in stage.fail("Create")


@pytest.mark.usefixtures("impatient")
def test_d06_endpoint_of_a_living_cluster_is_out_of_reach(stage: Stage) -> None:
    """An ACTIVE cluster that cannot be reached may still have the entry: FAILED, with the cure."""
    assert stage.aws.cluster
    stage.aws.cluster["resourcesVpcConfig"]["endpointPublicAccess"] = False
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        stage.aws.cluster["endpoint"] = f"https://127.0.0.1:{closed.getsockname()[1]}"
    reason = stage.fail("Delete")
    assert "the endpoint is private" in reason
    assert "[WNG908]" in reason


def test_d07_mode_api(stage: Stage) -> None:
    """A map that is not read any more is left as it is."""
    stage.succeed("Create")
    assert stage.aws.cluster
    stage.aws.cluster["accessConfig"] = {"authenticationMode": "API"}
    stage.succeed("Delete")
    assert stage.writes() == ["PATCH"]


def test_d08_malformed_map(stage: Stage) -> None:
    """A map that somebody broke meanwhile is not written; the answer says that the entry stays."""
    stage.succeed("Create")
    broken = stage.map_roles + "\t- [\n"
    stage.rewrite(broken)
    assert "[WNG910]" in stage.succeed("Delete")["Data"]["Warnings"]
    assert stage.map_roles == broken
    assert stage.writes() == ["PATCH"]


def test_d09_after_a_failed_create(stage: Stage) -> None:
    """After a Create that was refused, the map stays as it is; another delivery of the Create has no effect."""
    stage.put_map(block(username="admin"))
    now = time.time()
    create = stage.event("Create", issued=now - 60)
    created = stage.send(create)
    assert created["Status"] == "FAILED"
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"], issued=now - 50)
    assert stage.map_roles == block(username="admin")
    stage.rewrite(MAP)
    assert stage.send(create)["Status"] == "FAILED"
    assert stage.map_roles == MAP


def test_d09_after_a_create_that_could_not_get_in(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Create that was not let in has written nothing, so its Delete succeeds without getting in."""
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.1)
    created = stage.ask("Create", KubectlRoleArn=FUNCTION_ROLE)
    assert created["Status"] == "FAILED"
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"], KubectlRoleArn=FUNCTION_ROLE)
    assert stage.kubernetes.requests == []


def test_d09_after_a_create_that_could_not_get_anywhere(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Delete after a Create that wrote nothing tries for seconds only, whatever hangs, and succeeds."""
    monkeypatch.setattr(index, "NOTHING_SECONDS", 0.5)
    stage.kubernetes.faults.hang(20, method="GET", at="answer")
    created = stage.ask("Create", seconds=3)
    assert created["Status"] == "FAILED"
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"])
    assert stage.writes() == []


@pytest.mark.parametrize("has_written", [True, False])
def test_d09_after_another_create_has_succeeded(stage: Stage, has_written: bool) -> None:
    """The Delete after a failed Create may come when the next has succeeded: it leaves the entry of that one."""
    if has_written:
        stage.kubernetes.faults.hang(method="PATCH", at="answer")
    else:
        stage.put_map(MAP + "\t")
    failed = stage.ask("Create", seconds=4)
    assert failed["Status"] == "FAILED"
    if not has_written:
        stage.put_map(MAP)
    stage.succeed("Create")
    stage.succeed("Delete", physical_id=failed["PhysicalResourceId"])
    assert entries(stage.map_roles) == [ENTRY]
    stage.succeed("Delete")
    assert stage.map_roles == MAP


def test_d09_no_map_is_made_for_a_create_that_failed(stage: Stage) -> None:
    """Where there is no map, the Delete after a Create that wrote nothing makes none."""
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")
    stage.aws.access_entries = {ROLE: "EC2_WINDOWS"}
    created = stage.ask("Create")
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"])
    assert stage.writes() == []


def test_d09_after_a_create_that_met_a_mistake(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with the function itself, the Delete after a Create that wrote nothing succeeds."""
    monkeypatch.setattr(aws_auth_entry, "delete", None)
    stage.succeed("Delete", physical_id="none/NodeAccess")
    assert stage.kubernetes.requests == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("obstacle", ["webhook", "annotations", "error"])
def test_d10_word_that_cannot_be_left(stage: Stage, obstacle: str) -> None:
    """Where nothing of ours is in the map, a Delete that cannot leave word for its Create succeeds with a warning."""
    if obstacle == "webhook":
        stage.kubernetes.faults.denied_by_webhook()
    elif obstacle == "annotations":
        stage.put_map(MAP, annotations={"big": "x" * (256 * 1024 - 5)})
    else:
        stage.kubernetes.faults.internal_error(1000, method="PATCH")
    warnings = stage.succeed("Delete", physical_id=MADE_UP, seconds=4)["Data"]["Warnings"]
    assert {"webhook": "[WNG912]", "annotations": "[WNG914]", "error": "[WNG915]"}[obstacle] in warnings
    assert stage.map_roles == MAP


@pytest.mark.parametrize("is_refused", [True, False])
def test_d09_same_entry_that_was_there_before_us(stage: Stage, is_refused: bool) -> None:
    """After a failed Create, an entry that only looks like ours stays, also where nobody knows what was written."""
    stage.put_map(MAP + block())
    if is_refused:
        stage.kubernetes.faults.denied_by_webhook()
    else:
        stage.kubernetes.faults.hang(method="PATCH", at="request")
    created = stage.ask("Create", seconds=4)
    assert created["Status"] == "FAILED"
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"])
    assert stage.map_roles == MAP + block()


def test_d09_after_a_create_that_had_written(stage: Stage) -> None:
    """After a Create that answered FAILED although its write was done, the entry is taken out."""
    stage.kubernetes.faults.hang(method="PATCH", at="answer")
    created = stage.ask("Create", seconds=4)
    assert created["Status"] == "FAILED"
    assert entries(stage.map_roles) == [ENTRY]
    stage.succeed("Delete", physical_id=created["PhysicalResourceId"])
    assert stage.map_roles == MAP


def test_d09_after_properties_that_were_refused(stage: Stage) -> None:
    """With properties from which nothing can have been made, there is nothing to undo."""
    assert "[WNG901]" in stage.fail("Create", "not-an-arn")
    assert stage.aws.calls[1:] == []
    stage.succeed("Delete", "not-an-arn", physical_id="none/NodeAccess")


def test_d10_id_made_up_by_cloudformation(stage: Stage) -> None:
    """The properties decide what goes; the answer repeats the id that was sent."""
    stage.succeed("Create")
    answer = stage.succeed("Delete", physical_id=MADE_UP)
    assert answer["PhysicalResourceId"] == MADE_UP
    assert stage.map_roles == MAP


@pytest.mark.parametrize("create_waits_at", ["GET", "PATCH"])
def test_d11_delete_overtakes_its_create(stage: Stage, create_waits_at: str) -> None:
    """A Delete that is done while its Create is still at work leaves word, and the Create then writes nothing."""
    arrived, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        arrived.set()
        go_on.wait(10)

    stage.kubernetes.faults.meanwhile(wait, method=create_waits_at)
    create = stage.event("Create")
    thread = threading.Thread(target=stage.deliver, args=(create,))
    thread.start()
    assert arrived.wait(10)
    stage.succeed("Delete", physical_id=MADE_UP)
    go_on.set()
    thread.join()
    answer = stage.aws.deliveries[-1].answer
    assert (answer["RequestId"], answer["Status"]) == (create["RequestId"], "FAILED")
    assert "[WNG916]" in answer["Reason"]
    assert stage.map_roles == MAP


def test_d11_delete_overtakes_its_create_where_there_is_no_map(stage: Stage) -> None:
    """Word is left for a Create that is still at work even where there is no map yet."""
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")
    stage.kubernetes.faults.meanwhile(lambda: stage.succeed("Delete", physical_id=MADE_UP), method="POST")
    stage.fail("Create")
    assert "mapRoles" not in stage.map.get("data", {})


def test_d11_delete_right_after_its_create(stage: Stage) -> None:
    """A Delete that comes before the Create has answered finds what it wrote."""
    stage.kubernetes.faults.hang(method="PATCH", at="answer")
    thread = threading.Thread(target=stage.deliver, args=(stage.event("Create"),), kwargs={"seconds": 4})
    thread.start()
    while not entries(stage.map_roles):
        time.sleep(0.01)
    stage.succeed("Delete", physical_id=MADE_UP)
    thread.join()
    assert stage.map_roles == MAP


def test_d12_stale_create_after_delete(stage: Stage) -> None:
    """A Create that is delivered again after the Delete has no effect; a new Create of the resource has."""
    create = stage.event("Create")
    stage.send(create)
    stage.succeed("Delete")
    answer = stage.send(create)
    assert answer["Status"] == "FAILED"
    assert "[WNG916]" in answer["Reason"]
    assert stage.map_roles == MAP
    stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]


def test_d12_create_that_is_late(stage: Stage) -> None:
    """A Create that is delivered for the first time after its Delete is known by when it was made."""
    now = time.time()
    stage.succeed("Delete", physical_id=MADE_UP, issued=now)
    assert "[WNG916]" in stage.fail("Create", issued=now - 60)
    assert stage.map_roles == MAP
    stage.succeed("Create", issued=now + 1)
    assert entries(stage.map_roles) == [ENTRY]


def test_d12_delete_that_is_late(stage: Stage) -> None:
    """A Delete that is delivered again after a newer Create takes nothing away."""
    now = time.time()
    stage.succeed("Create", issued=now - 30)
    delete = stage.event("Delete", issued=now - 20)
    stage.send(delete)
    stage.succeed("Create", issued=now - 10)
    stage.send(delete)
    assert entries(stage.map_roles) == [ENTRY]


def test_d12_first_delivery_of_a_delete_that_is_late(stage: Stage) -> None:
    """A Delete that comes for the first time after the resource was added again takes nothing away."""
    now = time.time()
    stage.succeed("Create", issued=now - 900)
    delete = stage.event("Delete", issued=now - 600)
    stage.succeed("Create", issued=now - 100)
    stage.send(delete)
    assert entries(stage.map_roles) == [ENTRY]


def test_d12_delete_that_is_late_after_the_role_came_back(stage: Stage) -> None:
    """The Delete of a role that a later Update brought back takes nothing away."""
    now = time.time()
    stage.succeed("Create", issued=now - 100)
    other = stage.succeed("Update", OTHER_ROLE, old_role=ROLE, issued=now - 80)["PhysicalResourceId"]
    delete = stage.event("Delete", issued=now - 70)
    stage.succeed("Update", ROLE, old_role=OTHER_ROLE, physical_id=other, issued=now - 50)
    stage.succeed("Delete", OTHER_ROLE, physical_id=other, issued=now - 40)
    stage.send(delete)
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]


def test_d12_expired_create(stage: Stage) -> None:
    """A Create for whose answer CloudFormation waits no longer has no effect."""
    assert "[WNG916]" in stage.fail("Create", issued=time.time() - 3 * 3600)
    assert stage.kubernetes.requests == []


def test_d12_deletions_are_not_remembered_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more deletions are remembered than a number, and none for longer than Lambda could deliver an event."""
    monkeypatch.setattr(owners, "REMEMBERED", 3)
    for number in range(5):
        role = f"{ROLE}-{number}"
        stage.succeed("Create", role)
        stage.succeed("Delete", role)
    assert list(stage.record["deleted"]) == [f"{ROLE}-{number}" for number in (2, 3, 4)]
    monkeypatch.setattr(owners, "REMEMBERED_MILLISECONDS", 0)
    stage.succeed("Create")
    stage.succeed("Delete")
    assert list(stage.record["deleted"]) == [ROLE]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("user", "status"), [(None, 401), (User("function"), 403)])
def test_d13_no_access_to_an_active_cluster(stage: Stage, user: User | None, status: int) -> None:
    """Without access to an ACTIVE cluster the entry may be left: FAILED, with the remedy."""
    stage.succeed("Create")
    stage.users["function-key"] = user
    reason = stage.fail("Delete")
    assert f"({status})" in reason
    assert f"aws eks associate-access-policy --cluster-name {CLUSTER} --principal-arn {FUNCTION_ROLE}" in reason


def test_d14_delete_twice(stage: Stage) -> None:
    """A second Delete changes nothing, not even an entry that somebody wrote in between."""
    stage.succeed("Create")
    delete = stage.event("Delete")
    stage.send(delete)
    stage.rewrite(MAP + block())
    version = stage.map["metadata"]["resourceVersion"]
    stage.send(delete)
    assert stage.map["metadata"]["resourceVersion"] == version


def test_d14_delete_twice_at_once(stage: Stage) -> None:
    """Two deliveries of a Delete at the same time take one entry away."""
    stage.succeed("Create")
    stage.succeed("Create", OTHER_ROLE)
    stage.kubernetes.faults.slow(0.2, 2, method="GET")
    threads = [threading.Thread(target=stage.deliver, args=(stage.event("Delete"),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [delivery.answer["Status"] for delivery in stage.aws.deliveries] == ["SUCCESS"] * 4
    assert [len(entries(stage.map_roles, role)) for role in (ROLE, OTHER_ROLE)] == [0, 1]


def test_d15_only_entry_is_removed(stage: Stage) -> None:
    """When the only entry goes, the map is still one that the authenticator can read."""
    stage.put_map("[]\n")
    stage.succeed("Create")
    stage.succeed("Delete")
    assert stage.map_roles == "[]\n"


def test_lost_record_and_our_entry(stage: Stage) -> None:
    """Where somebody dropped the record, an entry that is exactly ours goes, and the answer says so."""
    stage.succeed("Create")
    stage.put_map(stage.map_roles)
    assert "[WNG929]" in stage.succeed("Delete")["Data"]["Warnings"]
    assert stage.map_roles == MAP


def test_lost_record_that_an_update_begins_anew(stage: Stage) -> None:
    """The Update that finds no record says that others may need the entry, before one of them loses it."""
    stage.succeed("Create")
    stage.put_map(stage.map_roles)
    assert "[WNG929]" in stage.succeed("Update")["Data"]["Warnings"]
    stage.succeed("Delete")
    assert stage.map_roles == MAP


def test_lost_record_that_another_stack_begins_anew(stage: Stage) -> None:
    """An entry of which nobody knows any more whose it is stays, and the answer says so."""
    stage.succeed("Create")
    stage.put_map(stage.map_roles)
    stage.succeed("Create", OTHER_ROLE, stack="another")
    assert "[WNG928]" in stage.succeed("Delete")["Data"]["Warnings"]
    assert len(entries(stage.map_roles)) == 1


def test_lost_record_and_another_entry(stage: Stage) -> None:
    """Where somebody dropped the record, an entry that is not exactly ours stays."""
    text = MAP + block(groups=["some-group", *ENTRY["groups"]])
    stage.put_map(text)
    stage.succeed("Delete")
    assert stage.map_roles == text


def test_entry_of_somebody_else_under_a_made_up_id(stage: Stage) -> None:
    """Before the Create has answered, an entry without a record is somebody else's, however much it looks like ours."""
    stage.put_map(MAP + block())
    stage.succeed("Delete", physical_id=MADE_UP)
    assert stage.map_roles == MAP + block()
