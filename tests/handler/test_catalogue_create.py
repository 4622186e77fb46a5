"""The cases C1 to C33: Create and Update."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from local_aws.kubernetes_api import ApiError, User
from tests.handler.stage import (
    ACCOUNT,
    CLUSTER,
    FOREIGN,
    FUNCTION_ROLE,
    KUBECTL_ROLE,
    MAP,
    OTHER_ROLE,
    RECORD,
    ROLE,
    Stage,
    inserted,
)
from windows_nodegroup.handler import config_map, entry_edit
from windows_nodegroup.handler.aws_auth import NODE_USERNAME, WINDOWS_NODE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY = {"rolearn": ROLE, "username": NODE_USERNAME, "groups": list(WINDOWS_NODE_GROUPS)}
LINUX_GROUPS = ["system:bootstrappers", "system:nodes"]


def block(role: str = ROLE, groups: list[str] | None = None, username: str = NODE_USERNAME) -> str:
    """Return an entry as people write it."""
    lines = [f"- rolearn: {role}", f"  username: {username}", "  groups:"]
    return "\n".join([*lines, *(f"  - {group}" for group in groups or WINDOWS_NODE_GROUPS), ""])


def entries(text: str, role: str = ROLE) -> list[dict[str, Any]]:
    """Return the role's entries, as any YAML parser reads them."""
    return [entry for entry in yaml.safe_load(text.removeprefix("\ufeff")) if entry["rolearn"].lower() == role.lower()]


def test_c01_absent_map_is_created(stage: Stage) -> None:
    """Where there is no map, it is created with the entry and its record, in one write."""
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")
    answer = stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]
    assert stage.writes() == ["POST"]
    assert list(stage.record["roles"]) == [ROLE]
    assert answer["PhysicalResourceId"] == f"aws-auth/{CLUSTER}/{ROLE}"
    assert answer["Data"] == {"RoleArn": ROLE, "Warnings": "none"}


def test_c02_lost_race_for_the_map(stage: Stage) -> None:
    """When somebody else creates the map first, theirs is read and patched."""
    stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system")
    stage.kubernetes.faults.meanwhile(lambda: stage.put_map(MAP), method="POST")
    stage.succeed("Create")
    assert stage.writes() == ["POST", "PATCH"]
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]


def test_c02_map_is_deleted_meanwhile(stage: Stage) -> None:
    """When somebody deletes the map between reading and writing, it is created."""
    stage.kubernetes.faults.meanwhile(
        lambda: stage.kubernetes.delete("v1", "ConfigMap", "aws-auth", "kube-system"), method="PATCH"
    )
    stage.succeed("Create")
    assert stage.writes() == ["PATCH", "POST"]
    assert entries(stage.map_roles) == [ENTRY]


def test_c03_absent_entry_is_added(stage: Stage) -> None:
    """The entry is added, and no other byte of the ConfigMap's data changes."""
    before = stage.map["data"]
    stage.succeed("Create")
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]
    assert stage.map["data"] == {**before, "mapRoles": stage.map_roles}


def test_c04_present_entry_is_left_alone(stage: Stage) -> None:
    """An entry that is right already is not written; only who needs it is recorded, once."""
    stage.put_map(MAP + block())
    stage.succeed("Create")
    assert stage.map_roles == MAP + block()
    (request,) = [request for request in stage.kubernetes.requests if request.method == "PATCH"]
    assert b'"data"' not in request.body
    stage.succeed("Update")
    assert stage.writes() == ["PATCH"]


def test_c05_missing_group_is_added(stage: Stage) -> None:
    """An entry without the Windows group gets the group and nothing else."""
    stage.put_map(block(groups=LINUX_GROUPS) + MAP)
    stage.succeed("Create")
    assert inserted(block(groups=LINUX_GROUPS) + MAP, stage.map_roles).strip(" -\n\"'") == "eks:kube-proxy-windows"
    assert set(entries(stage.map_roles)[0]["groups"]) == set(WINDOWS_NODE_GROUPS)


def test_c06_last_duplicate_counts(stage: Stage) -> None:
    """When the role is there twice and the last entry lacks the group, that entry gets it, because it wins whole."""
    text = block() + block(groups=LINUX_GROUPS)
    stage.put_map(text)
    stage.succeed("Create")
    inserted(text, stage.map_roles)
    assert set(entries(stage.map_roles)[-1]["groups"]) == set(WINDOWS_NODE_GROUPS)


@pytest.mark.parametrize(
    "written", [ROLE.upper().replace("ARN:AWS:IAM", "arn:aws:iam"), ROLE.replace("windows", "Windows")]
)
def test_c07_case_does_not_matter(stage: Stage, written: str) -> None:
    """The same role in other case is the same entry."""
    stage.put_map(block(written))
    stage.succeed("Create")
    assert stage.map_roles == block(written)


def test_c07_path_is_stripped(stage: Stage) -> None:
    """A role with a path is written without it, since the authenticator would never match it otherwise."""
    answer = stage.succeed("Create", ROLE.replace("role/", "role/eks/nodes/"))
    assert entries(stage.map_roles) == [ENTRY]
    assert answer["Data"]["RoleArn"] == ROLE


def test_c08_other_username_is_refused(stage: Stage) -> None:
    """A role that is mapped to another username is somebody's decision: refused, and said so."""
    stage.put_map(block(username="admin"))
    reason = stage.fail("Create")
    assert "username" in reason
    assert "[WNG911]" in reason
    assert stage.writes() == []


@pytest.mark.parametrize("text", [None, "", '""', "''", "[]", "null", "# nothing yet\n"])
def test_c09_empty_map(stage: Stage, text: str | None) -> None:
    """Whatever means "nothing" becomes a map with one entry; comments stay."""
    stage.put_map(text)
    stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]
    assert ("# nothing yet" in stage.map_roles) == (text == "# nothing yet\n")


FOREIGN_JSON = f'{{"rolearn":"arn:aws:iam::{ACCOUNT}:role/{FOREIGN}","username":"x","groups":[]}}'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"[{FOREIGN_JSON}]", id="c10-json"),
        pytest.param(f"[\n  {FOREIGN_JSON}\n]\n", id="c10-pretty-json"),
        pytest.param(f"[{{rolearn: 'arn:aws:iam::{ACCOUNT}:role/{FOREIGN}', username: x, groups: []}}]", id="c11-flow"),
        pytest.param(MAP.replace("\n", "\r\n"), id="c12-crlf"),
        pytest.param("\ufeff" + MAP, id="c12-bom"),
        pytest.param("---\n" + MAP, id="c12-document-start"),
        pytest.param(MAP.rstrip("\n"), id="c12-no-final-newline"),
        pytest.param("".join(f"    {line}\n" for line in MAP.splitlines()), id="c12-indented"),
    ],
)
def test_c10_c11_c12_styles(stage: Stage, text: str) -> None:
    """In JSON, in flow style, with CRLF, a byte order mark or indentation: one entry more, no other byte changed."""
    stage.put_map(text)
    stage.succeed("Create")
    inserted(text, stage.map_roles)
    assert entries(stage.map_roles) == [ENTRY]
    assert len(yaml.safe_load(stage.map_roles.removeprefix("\ufeff"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MAP + "\t- broken: [\n", id="syntax"),
        pytest.param(f"---\n{MAP}---\n{MAP}", id="documents"),
        pytest.param(f"{FOREIGN}: yes\n", id="no-list"),
        pytest.param("[" * 20_000 + "]" * 20_000, id="deep"),
    ],
)
def test_c13_malformed_map_is_not_touched(stage: Stage, text: str) -> None:
    """A map from which the authenticator may read nothing is refused, with the place, and not written."""
    stage.put_map(text)
    reason = stage.fail("Create")
    assert "[WNG910]" in reason
    assert stage.map["data"]["mapRoles"] == text
    assert stage.writes() == []


def test_c14_conflicts_converge(stage: Stage) -> None:
    """A write that conflicts is decided again on what is there then."""
    for number in range(5):
        addition = block(f"arn:aws:iam::{ACCOUNT}:role/late-{number}")
        stage.kubernetes.faults.meanwhile(partial(stage.append, addition), method="PATCH")
    stage.succeed("Create")
    assert stage.writes() == ["PATCH"] * 6
    assert entries(stage.map_roles) == [ENTRY]
    assert [entry["rolearn"].rpartition("/")[2] for entry in yaml.safe_load(stage.map_roles)][1:6] == [
        f"late-{number}" for number in range(5)
    ]


def test_c16_conflicts_until_the_deadline(stage: Stage) -> None:
    """Conflicts without end are given up in time for the answer."""
    stage.kubernetes.faults.conflicts(seconds=60)
    started = time.monotonic()
    reason = stage.fail("Create", seconds=3)
    assert time.monotonic() - started < 3
    assert "409" in reason
    assert "[WNG915]" in reason


@pytest.mark.parametrize(
    "disturb",
    [
        pytest.param(lambda faults: faults.too_many_requests(2, retry_after=0), id="429"),
        pytest.param(lambda faults: faults.internal_error(2), id="500"),
        pytest.param(lambda faults: faults.internal_error(2, code=503), id="503"),
        pytest.param(lambda faults: faults.internal_error(1, after_commit=True, method="PATCH"), id="500-after-commit"),
        pytest.param(lambda faults: faults.foreign_page(2), id="foreign-page"),
        pytest.param(lambda faults: faults.reset(2), id="reset"),
        pytest.param(lambda faults: faults.reset(1, after_commit=True, method="PATCH"), id="reset-after-commit"),
        pytest.param(lambda faults: faults.hang(1, at="answer", method="PATCH"), id="silence-after-commit"),
    ],
)
def test_c17_trouble_passes(stage: Stage, monkeypatch: pytest.MonkeyPatch, disturb: Callable[[Any], None]) -> None:
    """Whatever gets in between, and whether or not the write was done: one effective entry, recorded as ours."""
    monkeypatch.setattr("windows_nodegroup.handler.transport.ANSWER_SECONDS", 0.3)
    disturb(stage.kubernetes.faults)
    stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]
    assert stage.record["roles"][ROLE]["added"] == "entry"


def test_c17_retry_after_is_honoured(stage: Stage) -> None:
    """The API is left alone for as long as it asks."""
    stage.kubernetes.faults.too_many_requests(1, retry_after=1)
    started = time.monotonic()
    stage.succeed("Create")
    assert time.monotonic() - started >= 1


def test_c17_retry_after_the_deadline(stage: Stage) -> None:
    """A pause that would outlast the deadline is not begun."""
    stage.kubernetes.faults.too_many_requests(1, retry_after=300)
    started = time.monotonic()
    assert "429" in stage.fail("Create", seconds=20)
    assert time.monotonic() - started < 9


def test_c18_access_takes_a_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 401 or 403 of the first seconds is tried again, each time with a new token."""
    stage.kubernetes.faults.unauthorized(1)
    stage.kubernetes.faults.forbidden(1)
    monkeypatch.setattr(config_map, "TROUBLE_BACKOFF", (2.2, 2.2))  # tokens carry seconds
    monkeypatch.setattr("random.uniform", lambda _low, high: high / 2)
    stage.succeed("Create")
    assert len(set(stage.tokens)) == 3
    assert entries(stage.map_roles) == [ENTRY]


def test_c18_unknown_to_the_cluster(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lasting 401 ends with the commands that give the function access."""
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.2)
    stage.users["function-key"] = None
    reason = stage.fail("Create")
    assert "[WNG906]" in reason
    assert f"aws eks create-access-entry --cluster-name {CLUSTER} --principal-arn {FUNCTION_ROLE}" in reason
    assert "aws eks associate-access-policy" in reason


def test_c18_without_permission(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lasting 403 ends with the command that gives the permission."""
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.2)
    stage.users["function-key"] = User("function")
    reason = stage.fail("Create")
    assert "(403)" in reason
    assert f"`aws eks associate-access-policy --cluster-name {CLUSTER} --principal-arn {FUNCTION_ROLE}" in reason
    assert "create-access-entry" not in reason


def test_c18_with_a_kubernetes_group(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the function is let in by a group, a lasting 401 or 403 ends with the command that binds the group."""
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.2)
    stage.users["function-key"] = User("function")
    forbidden = stage.fail("Create", KubernetesGroup="nodes:function")
    stage.users["function-key"] = None
    unknown = stage.fail("Create", KubernetesGroup="nodes:function")
    bind = "`python -m windows_nodegroup rbac --group nodes:function | kubectl apply -f -`"

    assert f"(403): {bind} [WNG906]" in forbidden
    assert f"--principal-arn {FUNCTION_ROLE} --kubernetes-groups nodes:function`, then {bind} [WNG906]" in unknown
    assert "associate-access-policy" not in forbidden + unknown


def test_c18_without_access_entries(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In mode CONFIG_MAP the cure is a role that is mapped already; access entries are neither named nor looked for."""
    assert stage.aws.cluster
    stage.aws.cluster["accessConfig"] = {"authenticationMode": "CONFIG_MAP"}
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.2)
    stage.users["function-key"] = None
    reason = stage.fail("Create")
    assert "KubectlRoleArn" in reason
    assert "access-entr" not in reason.rpartition("[")[0]
    assert not any("access-entries" in path for _, path in stage.aws.calls)


def test_c18_through_another_role(stage: Stage) -> None:
    """With a role for kubectl, the Kubernetes API is asked as that role."""
    stage.users["function-key"] = None
    stage.succeed("Create", KubectlRoleArn=KUBECTL_ROLE)
    assert {request.user for request in stage.kubernetes.requests} == {"kubectl"}


def test_c18_role_that_may_not_be_assumed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role for kubectl that does not trust the function is named, with what to do."""
    monkeypatch.setattr("windows_nodegroup.handler.aws.CALL_SECONDS", 0.2)
    reason = stage.fail("Create", KubectlRoleArn=FUNCTION_ROLE)
    assert f"sts:AssumeRole of {FUNCTION_ROLE} failed" in reason
    assert "trust policy" in reason


def test_c19_webhook_denial_is_shown(stage: Stage) -> None:
    """A webhook's words are shown, without the identities in them, and it is not asked again."""
    stage.kubernetes.faults.denied_by_webhook(1, webhook="guard", message=f"arn:aws:iam::1:role/{FOREIGN} is bad")
    reason = stage.fail("Create")
    assert 'admission webhook "guard" denied the request: arn:… is bad' in reason
    assert "[WNG912]" in reason
    assert stage.writes() == ["PATCH"]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 429, 500, 503])
def test_c19_webhook_denial_with_any_status(stage: Stage, status: int) -> None:
    """A webhook chooses the status of its denial: whatever it is, the denial is final."""
    stage.kubernetes.faults.denied_by_webhook(webhook="guard", message="ask team A", code=status)
    reason = stage.fail("Create")
    assert f"({status})" in reason
    assert 'admission webhook "guard" denied the request: ask team A' in reason
    assert "[WNG912]" in reason
    assert stage.writes() == ["PATCH"]


def test_c19_policy_denial_is_shown(stage: Stage) -> None:
    """The denial of a ValidatingAdmissionPolicy looks like a missing permission, and is none."""
    stage.kubernetes.faults.denied_by_policy(message="don't map roles; it's for team A to do")
    reason = stage.fail("Create")
    assert "ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: don't map roles; it's for" in reason
    assert "[WNG912]" in reason
    assert stage.writes() == ["PATCH"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"entry of '{FOREIGN}' is bad", "entry of … is bad"),
        (f'user "{FOREIGN}" in `{FOREIGN}` is bad', "user … in … is bad"),
        (f"username: {FOREIGN} groups: [{FOREIGN}, x] is bad", "username: … groups: … is bad"),
        (f"groups: system:{FOREIGN}, {FOREIGN}:x is bad", "groups: … is bad"),
        (f"username={FOREIGN} is bad", "username= … is bad"),
        (f'bad: {{"username":"{FOREIGN}","groups":["{FOREIGN}"]}}', 'bad: {"username": …'),
        (f'bad: "- rolearn: x\n  username: {FOREIGN}"', "bad: …"),
        (f'bad: "{FOREIGN}\\" {FOREIGN}" don\'t', "bad: … don't"),
        (f"[guard] role {FOREIGN} is mapped to system:masters", "[guard] role … is mapped to system:masters"),
        (f"subject={FOREIGN}-admin: identity ({FOREIGN})", "subject=…: identity (…)"),
        ("entry Dev of 444455556666 is bad, development is not", "entry … of … is bad, development is not"),
        (f"user {FOREIGN[:9]} and {FOREIGN[10:]}", "user … and …"),
        ("rule \"no-masters\" needs 'a ticket'", "rule \"no-masters\" needs 'a ticket'"),
    ],
)
def test_c19_what_a_denial_repeats_of_the_map_is_not(stage: Stage, message: str, shown: str) -> None:
    """Whatever a webhook repeats of the map stays out; its own words do not."""
    stage.append("- rolearn: arn:aws:iam::444455556666:role/dev  # the platform team's, is it bad?\n  username: u\n")
    stage.kubernetes.faults.denied_by_webhook(webhook="guard", message=message)
    reason = stage.fail("Create")
    assert FOREIGN not in reason
    assert f"denied the request: {shown} [WNG912]" in reason


def test_c19_denial_of_several_lines(stage: Stage) -> None:
    """A denial that begins with blank lines, as Kyverno's do, is shown in one line."""
    message = (
        "\n\nresource ConfigMap/kube-system/aws-auth was blocked due to the following policies \n\n"
        "protect-aws-auth:\n  only-admins: 'changes need a ticket'\n"
    )
    stage.kubernetes.faults.denied_by_webhook(webhook="validate.kyverno.svc-fail", message=message)
    assert "the following policies protect-aws-auth: only-admins: 'changes need a ticket' [WNG912]" in stage.fail(
        "Create"
    )


def test_c19_long_denial_of_a_large_map(stage: Stage) -> None:
    """A denial that is long is shortened before anybody looks for what it repeats of a large map."""
    stage.append("".join(block(f"arn:aws:iam::{ACCOUNT}:role/{FOREIGN}-{number}") for number in range(1500)))
    message = " ".join(f"word{number}" for number in range(20_000))
    stage.kubernetes.faults.denied_by_webhook(webhook="guard", message=message)
    assert "[WNG912]" in stage.fail("Create")


def test_c20_immutable_map(stage: Stage) -> None:
    """An immutable map is refused in the API's words, with the cure."""
    stage.kubernetes.put({**stage.map, "immutable": True})
    reason = stage.fail("Create")
    assert "field is immutable when `immutable` is set: save it, delete it, and create it again without" in reason
    assert stage.writes() == ["PATCH"]


def test_c20_map_too_large(stage: Stage) -> None:
    """A map that would exceed 1 MiB is refused in the API's words, with the cure."""
    stage.put_map(MAP + "#" * (1024 * 1024 - len(MAP) - 100) + "\n")
    reason = stage.fail("Create")
    assert "may not be more than 1048576 bytes: a ConfigMap holds 1 MiB: take out of it what nobody needs" in reason
    assert stage.writes() == ["PATCH"]


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_c21_cluster_is_waited_for(stage: Stage, status: str) -> None:
    """A cluster that is becoming ACTIVE is waited for."""
    cluster = stage.aws.cluster
    assert cluster
    cluster["status"] = status
    threading.Timer(0.4, lambda: cluster.update(status="ACTIVE")).start()
    stage.succeed("Create")
    assert stage.aws.calls.count(("GET", f"/clusters/{CLUSTER}")) > 2


def test_c21_cluster_is_not_waited_for_beyond_the_deadline(stage: Stage) -> None:
    """A cluster that does not become ACTIVE in time is a failure that says so, before the deadline."""
    assert stage.aws.cluster
    stage.aws.cluster["status"] = "UPDATING"
    started = time.monotonic()
    reason = stage.fail("Create", seconds=2)
    assert time.monotonic() - started < 2
    assert f"cluster {CLUSTER} is still UPDATING" in reason


@pytest.mark.parametrize("status", ["DELETING", "FAILED"])
def test_c21_cluster_that_will_not_be_active(stage: Stage, status: str) -> None:
    """A cluster that never becomes ACTIVE is not waited for."""
    assert stage.aws.cluster
    stage.aws.cluster["status"] = status
    assert f"cluster {CLUSTER} is {status}" in stage.fail("Create")
    assert len(stage.aws.calls) == 2


def test_c21_no_such_cluster(stage: Stage) -> None:
    """A cluster that does not exist is named with the region in which it was looked for."""
    reason = stage.fail("Create", ClusterName="My-Cluster")
    assert "cluster My-Cluster does not exist in us-west-2" in reason
    assert "[WNG902]" in reason


def test_c22_mode_api(stage: Stage) -> None:
    """A cluster that does not read aws-auth is refused with the advice to use an access entry."""
    assert stage.aws.cluster
    stage.aws.cluster["accessConfig"] = {"authenticationMode": "API"}
    reason = stage.fail("Create")
    assert "EC2_WINDOWS" in reason
    assert "[WNG904]" in reason
    assert stage.kubernetes.requests == []


def test_c22_mode_changed_after_the_create(stage: Stage) -> None:
    """An Update that asks for nothing new survives that the cluster has moved to mode API; another role does not."""
    assert stage.aws.cluster
    stage.succeed("Create")
    stage.aws.cluster["accessConfig"] = {"authenticationMode": "API"}
    assert "[WNG904]" in stage.succeed("Update")["Data"]["Warnings"]
    answer = stage.ask("Update", OTHER_ROLE, old_role=ROLE)
    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"].endswith("role/windows-nodes")


def test_c23_access_entry_shadows(stage: Stage) -> None:
    """A role with an access entry is refused, because the entry would have no effect."""
    stage.aws.access_entries = {ROLE: "EC2_LINUX"}
    reason = stage.fail("Create")
    assert "an access entry of type EC2_LINUX" in reason
    assert f"aws eks delete-access-entry --cluster-name {CLUSTER} --principal-arn {ROLE}" in reason
    assert stage.kubernetes.requests == []


def test_c23_not_allowed_to_look(stage: Stage) -> None:
    """Without the permission to look for access entries, the entry is written all the same, and at once."""
    stage.aws.access_entries = None
    stage.succeed("Create")
    assert len([path for _, path in stage.aws.calls if "access-entries" in path]) == 1


def test_c24_same_event_twice(stage: Stage) -> None:
    """An event that is delivered twice, one after the other, has one effect."""
    event = stage.event("Create")
    stage.send(event)
    stage.send(event)
    assert entries(stage.map_roles) == [ENTRY]
    assert stage.writes() == ["PATCH"]


def test_c24_same_event_twice_at_once(stage: Stage) -> None:
    """An event that is delivered twice at the same time has one effect, too."""
    event = stage.event("Create")
    stage.kubernetes.faults.slow(0.2, 2, method="GET")
    threads = [threading.Thread(target=stage.deliver, args=(event,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [delivery.answer["Status"] for delivery in stage.aws.deliveries] == ["SUCCESS"] * 2
    assert entries(stage.map_roles) == [ENTRY]
    (record,) = stage.record["roles"].values()
    assert record["added"] == "entry"
    assert len(record["owners"]) == 1


def test_c25_update_without_effect(stage: Stage) -> None:
    """An Update that changes nothing for the map writes nothing."""
    stage.succeed("Create")
    version = stage.map["metadata"]["resourceVersion"]
    stage.succeed("Update", KubectlRoleArn=KUBECTL_ROLE)
    assert stage.map["metadata"]["resourceVersion"] == version


def test_c26_other_role(stage: Stage) -> None:
    """Another role gets an entry and an id of its own; the Delete of the old one leaves it alone."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    new = stage.succeed("Update", OTHER_ROLE, old_role=ROLE)["PhysicalResourceId"]
    assert new != old
    assert [len(entries(stage.map_roles, role)) for role in (ROLE, OTHER_ROLE)] == [1, 1]
    stage.succeed("Delete", physical_id=old)
    assert [len(entries(stage.map_roles, role)) for role in (ROLE, OTHER_ROLE)] == [0, 1]


def test_c27_rollback_of_other_role(stage: Stage) -> None:
    """When the change of role is rolled back, the first role's entry is there in the end, and the second's is not."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    new = stage.succeed("Update", OTHER_ROLE, old_role=ROLE)["PhysicalResourceId"]
    assert stage.succeed("Update", ROLE, old_role=OTHER_ROLE)["PhysicalResourceId"] == old
    stage.succeed("Delete", OTHER_ROLE, physical_id=new)
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]


def test_c27_rollback_of_a_failed_update(stage: Stage) -> None:
    """An Update that answers FAILED after it has written leaves nothing behind: its rollback takes it back."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    stage.kubernetes.faults.hang(method="PATCH", at="answer")
    answer = stage.ask("Update", OTHER_ROLE, old_role=ROLE, seconds=4)
    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == old
    assert len(entries(stage.map_roles, OTHER_ROLE)) == 1
    stage.succeed("Update", ROLE, old_role=OTHER_ROLE, physical_id=old)
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]
    assert list(stage.record["roles"]) == [ROLE]


@pytest.mark.parametrize("is_late", [True, False])
def test_c27_update_that_its_rollback_overtakes(stage: Stage, is_late: bool) -> None:
    """An Update that is still at work, or not yet begun, when it is rolled back finds out that it is too late."""
    now = time.time()
    old = stage.succeed("Create", issued=now - 100)["PhysicalResourceId"]
    arrived, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        arrived.set()
        go_on.wait(10)

    update = stage.event("Update", OTHER_ROLE, old_role=ROLE, issued=now - 50)
    if not is_late:
        stage.kubernetes.faults.meanwhile(wait, method="GET")
        thread = threading.Thread(target=stage.deliver, args=(update,))
        thread.start()
        assert arrived.wait(10)
    stage.succeed("Update", ROLE, old_role=OTHER_ROLE, physical_id=old, issued=now - 40)
    if is_late:
        stage.deliver(update)
    else:
        go_on.set()
        thread.join()
    assert "[WNG916]" in stage.aws.deliveries[-1].answer["Reason"]
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]
    stage.succeed("Update", OTHER_ROLE, old_role=ROLE, issued=now - 30)
    stage.succeed("Delete", physical_id=old, issued=now - 20)
    stage.succeed("Delete", OTHER_ROLE, issued=now - 10)
    assert stage.map_roles == MAP


def shadow(stage: Stage) -> None:
    """Give the role an access entry."""
    stage.aws.access_entries = {ROLE: "EC2_WINDOWS"}


def take_username(stage: Stage) -> None:
    """Map the role to somebody."""
    stage.append(block(username="somebody"))


@pytest.mark.parametrize("stand_in_the_way", [shadow, take_username])
def test_c27_rollback_of_a_failed_update_that_cannot_authorise(
    stage: Stage, stand_in_the_way: Callable[[Stage], None]
) -> None:
    """What a failed Update has written is taken back even if the old entry is not what it was."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    stage.kubernetes.faults.hang(method="PATCH", at="answer")
    assert stage.ask("Update", OTHER_ROLE, old_role=ROLE, seconds=4)["Status"] == "FAILED"
    stand_in_the_way(stage)
    answer = stage.succeed("Update", ROLE, old_role=OTHER_ROLE, physical_id=old)
    assert answer["Data"]["Warnings"] != "none"
    assert entries(stage.map_roles, OTHER_ROLE) == []
    assert ROLE in stage.record["roles"]


def test_c27_rollback_of_a_failed_update_to_another_cluster(stage: Stage) -> None:
    """What a failed Update has written into the map of another cluster is taken back there."""
    assert stage.aws.cluster
    old = f"aws-auth/another-cluster/{ROLE}"
    stage.kubernetes.faults.hang(method="PATCH", at="answer")
    update = stage.event("Update", physical_id=old)
    update["OldResourceProperties"]["ClusterName"] = "another-cluster"
    assert stage.send(update, seconds=4)["Status"] == "FAILED"
    assert entries(stage.map_roles) == [ENTRY]
    rollback = stage.event("Update", ClusterName="another-cluster", physical_id=old)
    rollback["OldResourceProperties"]["ClusterName"] = CLUSTER
    assert stage.send(rollback)["Status"] == "SUCCESS"
    assert stage.map_roles == MAP


@pytest.mark.parametrize("old_role", [ROLE, OTHER_ROLE])
def test_c27_rollback_where_the_api_hangs(stage: Stage, old_role: str) -> None:
    """Enough time is left to find out that it is a rollback, which must not fail."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    stage.aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    stage.kubernetes.faults.hang(20, method="GET", at="answer")
    answer = stage.ask("Update", ROLE, old_role=old_role, physical_id=old, KubernetesGroup="nodes", seconds=8)
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert "[WNG915]" in answer["Data"]["Warnings"]


def test_c27_rollback_that_meets_what_made_the_update_fail(stage: Stage) -> None:
    """A map that cannot be read fails the Update to another role, but not the rollback: the old entry is there."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    stage.append("\t")
    text = stage.map_roles
    assert "[WNG910]" in stage.fail("Update", OTHER_ROLE, old_role=ROLE)
    rolled_back = stage.succeed("Update", ROLE, old_role=OTHER_ROLE, physical_id=old)
    assert rolled_back["PhysicalResourceId"] == old
    assert "[WNG910]" in rolled_back["Data"]["Warnings"]
    assert stage.map_roles == text


@pytest.mark.parametrize(
    ("status", "answer"),
    [("UPDATE_IN_PROGRESS", "FAILED"), ("UPDATE_ROLLBACK_IN_PROGRESS", "SUCCESS"), (None, "FAILED")],
)
def test_c27_rollback_is_known_by_the_stacks_status(stage: Stage, status: str | None, answer: str) -> None:
    """Where the role stays the same, CloudFormation tells whether an Update is a rollback; in doubt it is none."""
    stage.succeed("Create")
    stage.append("\t")
    stage.aws.stack_status = status
    assert stage.ask("Update")["Status"] == answer


def test_c26_other_partition(stage: Stage) -> None:
    """A role's ARN with a partition put right is another entry; the old one goes."""
    mistaken = ROLE.replace("arn:aws:", "arn:aws-cn:")
    old = stage.succeed("Create", mistaken)["PhysicalResourceId"]
    assert stage.succeed("Update", ROLE, old_role=mistaken)["PhysicalResourceId"] != old
    stage.succeed("Delete", mistaken, physical_id=old)
    assert yaml.safe_load(inserted(MAP, stage.map_roles)) == [ENTRY]
    stage.succeed("Delete")
    assert stage.map_roles == MAP


def test_c28_only_the_writing_of_the_arn_changes(stage: Stage) -> None:
    """Case and path of the ARN do not count: the id stays, so that no Delete follows, and nothing is written."""
    old = stage.succeed("Create")["PhysicalResourceId"]
    for written in (ROLE.replace("windows", "WINDOWS"), ROLE.replace("role/", "role/some/path/")):
        assert stage.succeed("Update", written, physical_id=old)["PhysicalResourceId"] == old
    assert stage.writes() == ["PATCH"]


def test_c29_renamed_logical_id(stage: Stage) -> None:
    """A renamed resource is created before the old one is deleted: the entry stays, and goes with the new one."""
    stage.succeed("Create")
    stage.succeed("Create", logical_id="RenamedAccess")
    stage.succeed("Delete")
    assert entries(stage.map_roles) == [ENTRY]
    stage.succeed("Delete", logical_id="RenamedAccess")
    assert stage.map_roles == MAP


def test_c30_properties_of_another_version(stage: Stage) -> None:
    """Properties that are unknown here, or missing since older templates had none, do no harm."""
    event = stage.event("Update", Novelty="1")
    del event["OldResourceProperties"]
    event["ResourceProperties"]["More"] = {"nested": ["x"]}
    assert stage.send(event)["Status"] == "SUCCESS"
    assert entries(stage.map_roles) == [ENTRY]


def test_c31_role_of_linux_nodes(stage: Stage) -> None:
    """A role that was mapped as one of Linux nodes is authorised with a warning, in the answer and in the log."""
    stage.put_map(block(groups=LINUX_GROUPS))
    assert "[WNG921]" in stage.succeed("Create")["Data"]["Warnings"]
    stage.put_map(MAP)
    assert stage.succeed("Create", OTHER_ROLE)["Data"]["Warnings"] == "none"


@pytest.mark.parametrize(
    ("manager", "annotations", "name"),
    [
        ("Terraform", {}, "Terraform"),
        ("kubectl", {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"mapRoles":""}}'}, "kubectl apply"),
    ],
)
def test_c32_another_writer_owns_the_map(stage: Stage, manager: str, annotations: dict[str, str], name: str) -> None:
    """A writer who keeps the whole map in a file is named: its next apply takes our entry away."""
    stage.put_map(MAP + "# changed\n", manager=manager, annotations=annotations)
    warnings = stage.succeed("Create")["Data"]["Warnings"]
    assert warnings.startswith(f"{name} may write aws-auth from a file")
    assert "[WNG922]" in warnings


def test_c32_writers_who_edit_are_no_danger(stage: Stage) -> None:
    """Who edits what is there, as eksctl and people do, is not warned of."""
    stage.put_map(MAP + "# changed\n", manager="kubectl-edit")
    assert stage.succeed("Create")["Data"]["Warnings"] == "none"


def test_c33_no_room_for_the_record(stage: Stage) -> None:
    """When annotations leave no room for one more owner, nothing is written, and the cure is named."""
    stage.put_map(MAP, annotations={"big": "x" * (256 * 1024 - 100)})
    reason = stage.fail("Create")
    assert "[WNG914]" in reason
    assert stage.map_roles == MAP
    assert stage.writes() == []


def test_c33_the_limit_is_kubernetes_own(stage: Stage) -> None:
    """What just fits is written, and Kubernetes takes it; one byte more it would not take."""
    stage.succeed("Create")
    length = len(RECORD) + len(stage.map["metadata"]["annotations"][RECORD])
    stage.succeed("Delete")
    room = entry_edit.ANNOTATIONS_BYTES - length
    stage.put_map(MAP, annotations={"big": "x" * (room - 3)})
    stage.succeed("Create")
    with pytest.raises(ApiError, match="262144"):
        stage.put_map(MAP, annotations={"big": "x" * (room - 2), RECORD: "x" * (length - len(RECORD))})


def test_c33_owners_go_before_deletions(stage: Stage) -> None:
    """Where room is short, what was deleted is forgotten so that an owner can be recorded."""
    stage.succeed("Create", OTHER_ROLE)
    stage.succeed("Delete", OTHER_ROLE)
    length = len(RECORD) + len(stage.map["metadata"]["annotations"][RECORD])
    room = entry_edit.ANNOTATIONS_BYTES - length - 60
    stage.put_map(MAP, annotations={**stage.map["metadata"]["annotations"], "big": "x" * room})
    assert "deleted" in stage.record
    stage.succeed("Create")
    assert list(stage.record) == ["roles"]


def test_record_that_cannot_be_read(stage: Stage) -> None:
    """Where the record is damaged, nobody knows who needs what: nothing new is written, and nothing is taken away."""
    stage.succeed("Create")
    damaged = {"metadata": {**stage.map["metadata"], "annotations": {RECORD: "{" + FOREIGN}}}
    stage.kubernetes.put({**stage.map, **damaged})
    assert "[WNG913]" in stage.fail("Create", OTHER_ROLE)
    assert "[WNG913]" in stage.succeed("Update")["Data"]["Warnings"]
    assert "[WNG913]" in stage.succeed("Delete")["Data"]["Warnings"]
    assert entries(stage.map_roles) == [ENTRY]
    assert stage.map["metadata"]["annotations"] == {RECORD: "{" + FOREIGN}


def test_record_that_was_lost_is_made_again(stage: Stage) -> None:
    """When somebody replaces the map and drops the record, the next Update records the entry as ours again."""
    stage.succeed("Create")
    stage.put_map(stage.map_roles)
    stage.succeed("Update")
    assert stage.record["roles"][ROLE]["added"] == "entry"
