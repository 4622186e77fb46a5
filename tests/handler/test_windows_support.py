"""Windows IPAM: the map, the add-on that may own it, and what nobody else's settings suffer."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api import User
from tests.handler.stage import CLUSTER, KUBECTL_ROLE
from tests.handler.windows_stage import Surroundings
from windows_nodegroup.handler import cni_add_on, config_map
from windows_nodegroup.handler.contract import WindowsIpam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.handler.stage import Stage

ENABLED = "enable-windows-ipam"

#: As the add-on and the chart install the map, from https://github.com/aws/amazon-vpc-cni-k8s.
INSTALLED = {
    ENABLED: "false",
    "enable-network-policy-controller": "false",
    "enable-windows-prefix-delegation": "false",
    "warm-prefix-target": "0",
    "warm-ip-target": "1",
    "minimum-ip-target": "3",
    "branch-eni-cooldown": "60",
}
OPTIONS = {
    WindowsIpam.PREFIX_DELEGATION: "true",
    WindowsIpam.WARM_PREFIX_TARGET: "1",
    WindowsIpam.WARM_IP_TARGET: "5",
    WindowsIpam.MINIMUM_IP_TARGET: "8",
}
COMMAND = ["aws", "eks", "update-addon", "--cluster-name", CLUSTER, "--addon-name", "vpc-cni"]


@pytest.fixture
def aws(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """The services around a cluster whose vpc-cni nobody manages."""
    monkeypatch.setattr(cni_add_on, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(cni_add_on, "BEGIN_SECONDS", 0.5)
    return Surroundings(stage)


def event(
    stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create", old: Mapping[str, str] = {}
) -> dict[str, Any]:
    """Return a request for the settings."""
    made = stage.event(kind, physical_id=None if kind == "Create" else f"windows-ipam/{CLUSTER}")
    common = {"ServiceToken": "arn:function", "ClusterName": CLUSTER}
    made |= {"ResourceType": WindowsIpam.TYPE, "ResourceProperties": {**common, **properties}}
    if kind == "Update":
        made["OldResourceProperties"] = {**common, **old}
    return made


def warnings(
    stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create", old: Mapping[str, str] = {}
) -> str:
    """Send a request that succeeds; return its warnings."""
    answer = stage.send(event(stage, properties, kind=kind, old=old))
    assert answer["Status"] == "SUCCESS", answer
    assert answer["PhysicalResourceId"] == f"windows-ipam/{CLUSTER}"
    text: str = answer["Data"]["Warnings"]
    return text


def reason(
    stage: Stage, properties: Mapping[str, str] = {}, *, kind: str = "Create", old: Mapping[str, str] = {}
) -> str:
    """Send a request that fails; return the reason."""
    answer = stage.send(event(stage, properties, kind=kind, old=old))
    assert answer["Status"] == "FAILED", answer
    text: str = answer["Reason"]
    return text


def put(stage: Stage, data: Mapping[str, str], **metadata: Any) -> None:
    """Let somebody else write the map."""
    stage.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", dict(data), **metadata)


def settings(stage: Stage) -> dict[str, str]:
    """Return what the map says now."""
    manifest = stage.kubernetes.config_map("kube-system", "amazon-vpc-cni")
    assert manifest is not None
    data: dict[str, str] = manifest["data"]
    return data


# The map of a cluster whose vpc-cni nobody manages.


@pytest.mark.usefixtures("aws")
def test_absent_map_is_created(stage: Stage) -> None:
    """Where there is no map, it is created with the one setting."""
    assert warnings(stage) == "none"
    assert settings(stage) == {ENABLED: "true"}
    assert stage.writes() == ["POST"]


@pytest.mark.usefixtures("aws")
def test_everything_else_in_the_map_stays(stage: Stage) -> None:
    """The setting is merged into the map: other keys, labels and annotations stay."""
    put(stage, INSTALLED, labels={"app": "aws-node"}, annotations={"somebody": "else"})
    before = stage.kubernetes.config_map("kube-system", "amazon-vpc-cni")
    assert before is not None
    assert warnings(stage) == "none"
    after = stage.kubernetes.config_map("kube-system", "amazon-vpc-cni")
    assert after is not None
    assert after["data"] == {**before["data"], ENABLED: "true"}
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("word", ["true", "True", "TRUE", "t", "T", "1"])
def test_nothing_is_written_twice(stage: Stage, word: str) -> None:
    """A map that says so already is not written, in whatever word the control plane takes for true."""
    put(stage, {**INSTALLED, ENABLED: word, "enable-windows-prefix-delegation": word})
    assert warnings(stage, {"EnablePrefixDelegation": "true"}) == "none"
    assert stage.writes() == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("word", ["False", "FALSE", "f", "F", "0", "tRUE", "yes"])
def test_what_is_not_true(stage: Stage, word: str) -> None:
    """Every word that the control plane takes for false is what vpc-cni installs, so that nobody has chosen it."""
    put(stage, {**INSTALLED, ENABLED: word, "enable-windows-prefix-delegation": word})
    assert warnings(stage, {"EnablePrefixDelegation": "true"}) == "none"
    assert settings(stage) == {**INSTALLED, ENABLED: "true", "enable-windows-prefix-delegation": "true"}


@pytest.mark.usefixtures("aws")
def test_options(stage: Stage) -> None:
    """What vpc-cni has installed nobody has chosen: options replace it."""
    put(stage, INSTALLED)
    assert warnings(stage, OPTIONS) == "none"
    assert settings(stage) == {
        **INSTALLED,
        ENABLED: "true",
        "enable-windows-prefix-delegation": "true",
        "warm-prefix-target": "1",
        "warm-ip-target": "5",
        "minimum-ip-target": "8",
    }


@pytest.mark.usefixtures("aws")
def test_options_that_are_not_given(stage: Stage) -> None:
    """An option that is empty or false asks for nothing, so what others have chosen stays."""
    chosen = {**INSTALLED, ENABLED: "true", "enable-windows-prefix-delegation": "true", "warm-ip-target": "7"}
    put(stage, chosen)
    assert warnings(stage, {"EnablePrefixDelegation": "false", "WarmIpTarget": ""}) == "none"
    assert settings(stage) == chosen


@pytest.mark.usefixtures("aws")
def test_a_setting_of_somebody_else(stage: Stage) -> None:
    """Another value that somebody has chosen is refused, not overwritten; the reason has both values and the cure."""
    put(stage, {**INSTALLED, "warm-ip-target": "7"})
    text = reason(stage, OPTIONS)
    assert text.startswith(
        "warm-ip-target of the cluster was set to '7' by somebody else, and WarmIpTarget asks for '5': ask for the same"
    )
    assert "[WNG923]" in text
    assert settings(stage)[ENABLED] == "false"


@pytest.mark.usefixtures("aws")
def test_an_option_changes(stage: Stage) -> None:
    """An Update changes the value that it had set itself, and that one only."""
    put(stage, {**INSTALLED, ENABLED: "true", "warm-ip-target": "5", "minimum-ip-target": "9"})
    assert warnings(stage, {"WarmIpTarget": "6"}, kind="Update", old={"WarmIpTarget": "5"}) == "none"
    assert settings(stage)["warm-ip-target"] == "6"
    assert "minimum-ip-target" in reason(stage, {"MinimumIpTarget": "10"}, kind="Update", old={"MinimumIpTarget": "8"})


@pytest.mark.usefixtures("aws")
def test_another_cluster(stage: Stage) -> None:
    """What was set in the cluster before is somebody's choice in this one."""
    put(stage, {**INSTALLED, ENABLED: "true", "warm-ip-target": "5"})
    before = {"ClusterName": "former", "WarmIpTarget": "5"}
    assert "[WNG923]" in reason(stage, {"WarmIpTarget": "6"}, kind="Update", old=before)
    assert settings(stage)["warm-ip-target"] == "5"


@pytest.mark.usefixtures("aws")
def test_never_switched_off(stage: Stage) -> None:
    """An option that is dropped stays in force, and so does everything after a Delete."""
    warnings(stage, OPTIONS)
    before = settings(stage)
    assert warnings(stage, kind="Update", old=OPTIONS) == "none"
    asked = len(stage.kubernetes.requests)
    answer = stage.send(event(stage, OPTIONS, kind="Delete"))
    assert (answer["Status"], settings(stage)) == ("SUCCESS", before)
    assert len(stage.kubernetes.requests) == asked


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("WarmIpTarget", "many", "give a whole number"),
        ("MinimumIpTarget", "-1", "give a whole number"),
        ("WarmPrefixTarget", "\u0661", "give a whole number"),
        ("EnablePrefixDelegation", "yes", "give true or false"),
        ("AddOn", "overwrite", "give advise or update"),
    ],
)
def test_wrong_properties(stage: Stage, name: str, value: str, cure: str) -> None:
    """A value that is none fails before anything is asked; the reason names it and what is allowed."""
    text = reason(stage, {name: value})
    assert text.startswith(f"{name} is {value!r}: {cure} [WNG901]")
    assert stage.kubernetes.requests == []


@pytest.mark.usefixtures("aws")
def test_conflicts(stage: Stage) -> None:
    """A map that somebody else changes at the same moment is read again, and loses nothing."""
    put(stage, INSTALLED)
    stage.kubernetes.faults.meanwhile(lambda: put(stage, {**INSTALLED, "branch-eni-cooldown": "30"}), method="PATCH")
    assert warnings(stage) == "none"
    assert settings(stage) == {**INSTALLED, ENABLED: "true", "branch-eni-cooldown": "30"}
    assert stage.writes() == ["PATCH", "PATCH"]


@pytest.mark.usefixtures("aws")
def test_many_node_groups_at_once(stage: Stage) -> None:
    """Node groups that are made at the same time agree on one map."""
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(warnings(stage))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, settings(stage)) == (["none"] * 5, {ENABLED: "true"})


@pytest.mark.usefixtures("aws")
def test_another_writer_is_named(stage: Stage) -> None:
    """Whoever keeps the map in a file, or in a Helm release, is named: their next apply would undo it."""
    put(stage, INSTALLED, manager="Terraform", annotations={"meta.helm.sh/release-name": "cni"})
    text = warnings(stage)
    assert text.startswith("Terraform and the Helm release cni may write amazon-vpc-cni from a file")
    assert text.endswith("[WNG927]")


@pytest.mark.usefixtures("aws")
def test_no_access(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that may not write ConfigMaps fails with the command that lets it."""
    monkeypatch.setattr(config_map, "ACCESS_SECONDS", 0.1)
    stage.users["function-key"] = User("function")
    text = reason(stage)
    assert (
        f"may not change ConfigMaps in kube-system of cluster {CLUSTER} (403): `aws eks associate-access-policy" in text
    )
    assert "(403): `python -m windows_nodegroup rbac --group nodes:function |" in reason(
        stage, {WindowsIpam.KUBERNETES_GROUP: "nodes:function"}
    )


@pytest.mark.usefixtures("aws")
def test_through_another_role(stage: Stage) -> None:
    """In mode CONFIG_MAP the kubectl role writes."""
    stage.users["function-key"] = None
    assert warnings(stage, {"KubectlRoleArn": KUBECTL_ROLE}) == "none"
    assert {request.user for request in stage.kubernetes.requests} == {"kubectl"}


# Where EKS manages vpc-cni.


@pytest.mark.parametrize(
    "values",
    [
        '{"enableWindowsIpam":"true"}',
        '{"enableWindowsIpam": true, "env": {"ENABLE_PREFIX_DELEGATION": "true"}}',
        "env:\n  WARM_IP_TARGET: '2'\nenableWindowsIpam: 'true' # for the others\n",
    ],
)
def test_add_on_is_configured(stage: Stage, aws: Surroundings, values: str) -> None:
    """An add-on whose configuration says so, in JSON or YAML, needs nothing: the cluster is not even asked."""
    aws.add_on = {"status": "ACTIVE", "configurationValues": values}
    assert warnings(stage) == "none"
    assert stage.kubernetes.requests == []


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        (None, {"enableWindowsIpam": "true"}),
        ("{}", {"enableWindowsIpam": "true"}),
        ('{"enableWindowsIpam":"false"}', {"enableWindowsIpam": "true"}),
        (
            '{"env":{"AWS_VPC_K8S_CNI_LOGLEVEL":"it\'s"},"resources":{"limits":{"cpu":2}},"list":[1,null,true,0.5]}',
            {
                "env": {"AWS_VPC_K8S_CNI_LOGLEVEL": "it's"},
                "resources": {"limits": {"cpu": 2}},
                "list": [1, None, True, 0.5],
                "enableWindowsIpam": "true",
            },
        ),
        ("env:\n  A: '012'\nreplicas: 2\n", {"env": {"A": "012"}, "replicas": 2, "enableWindowsIpam": "true"}),
    ],
)
def test_add_on_lacks_it(stage: Stage, aws: Surroundings, values: str | None, merged: dict[str, Any]) -> None:
    """Fails with a command that adds what is missing and keeps everything else; the map is left to its owner."""
    aws.add_on = {"status": "ACTIVE"} | ({"configurationValues": values} if values else {})
    put(stage, INSTALLED)
    text = reason(stage)
    assert text.startswith(f"EKS manages vpc-cni of cluster {CLUSTER} (from v1.14 on), and it is not configured with ")
    assert "[WNG924]" in text
    words = shlex.split(text.split("`")[1])
    assert words[:7] == COMMAND
    assert words[7] == "--configuration-values"
    assert json.loads(words[8]) == merged
    assert words[9:] == ["--resolve-conflicts", "PRESERVE"]
    assert (stage.writes(), aws.updates) == ([], [])


def test_add_on_keeps_its_role(stage: Stage, aws: Surroundings) -> None:
    """The command names the role of the add-on's service account, which an update without it would take away."""
    aws.add_on = {"status": "ACTIVE", "serviceAccountRoleArn": "arn:aws:iam::111122223333:role/cni"}
    words = shlex.split(reason(stage).split("`")[1])
    assert words[7:9] == ["--service-account-role-arn", "arn:aws:iam::111122223333:role/cni"]


def test_a_long_configuration(stage: Stage, aws: Surroundings) -> None:
    """A command that would not fit into an answer takes the configuration from a file, so that code and cure stay."""
    aws.add_on = {"status": "ACTIVE", "configurationValues": json.dumps({"env": {"A": "x" * 4000}})}
    text = reason(stage)
    assert shlex.split(text.split("`")[1])[7:9] == ["--configuration-values", "file://values.json"]
    assert '` (values.json: its values with {"enableWindowsIpam": "true"}), or change it where it is kept' in text
    assert "[WNG924]" in text
    assert not text.endswith("…")


def test_map_is_complete_though_the_add_on_is_not(stage: Stage, aws: Surroundings) -> None:
    """A map that a person has edited works now: a warning has the command that makes it last."""
    aws.add_on = {"status": "ACTIVE"}
    put(stage, {**INSTALLED, ENABLED: "true"})
    text = warnings(stage)
    assert text.startswith("amazon-vpc-cni is complete, but its owner, the add-on vpc-cni, is not configured so")
    assert "`aws eks update-addon" in text
    assert text.endswith("[WNG926]")
    assert (stage.writes(), aws.updates) == ([], [])


def test_options_of_the_add_on(stage: Stage, aws: Surroundings) -> None:
    """Options have names of their own in the add-on's configuration, and numbers there are numbers."""
    aws.add_on = {"status": "ACTIVE"}
    assert json.loads(shlex.split(reason(stage, OPTIONS).split("`")[1])[8]) == {
        "enableWindowsIpam": "true",
        "enableWindowsPrefixDelegation": "true",
        "warmWindowsPrefixTarget": 1,
        "warmWindowsIPTarget": 5,
        "minimumWindowsIPTarget": 8,
    }


def test_options_of_somebody_else_in_the_add_on(stage: Stage, aws: Surroundings) -> None:
    """Another value in the add-on's configuration is somebody's choice, too."""
    aws.add_on = {"status": "ACTIVE", "configurationValues": '{"warmWindowsIPTarget": 7}'}
    assert "warm-ip-target of the cluster was set to '7' by somebody else" in reason(stage, OPTIONS)
    aws.add_on["configurationValues"] = '{"enableWindowsIpam": "true", "warmWindowsIPTarget": 5}'
    assert warnings(stage, {"WarmIpTarget": "5"}) == "none"


def test_add_on_is_updated(stage: Stage, aws: Surroundings) -> None:
    """If that is asked for, the add-on is updated, keeps its other values and its role, and is waited for."""
    role = "arn:aws:iam::111122223333:role/cni"
    aws.add_on = {"status": "ACTIVE", "configurationValues": '{"replicas":2}', "serviceAccountRoleArn": role}
    put(stage, INSTALLED)

    def carry_out(_asked: Mapping[str, Any]) -> None:
        put(stage, {**INSTALLED, ENABLED: "true"}, manager="eks")

    aws.update = carry_out
    made = event(stage, {"AddOn": "update"})
    answer = stage.send(made)
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Warnings": "none"})
    (update,) = aws.updates
    assert json.loads(update.pop("configurationValues")) == {"replicas": 2, "enableWindowsIpam": "true"}
    assert update == {
        "clientRequestToken": made["RequestId"],
        "resolveConflicts": "PRESERVE",
        "serviceAccountRoleArn": role,
    }
    assert aws.add_on["status"] == "ACTIVE"
    assert stage.writes() == []


def test_update_that_begins_late(stage: Stage, aws: Surroundings) -> None:
    """An add-on that is still ACTIVE just after the call is waited for, until its update has come into the map."""
    aws.add_on, aws.begins = {"status": "ACTIVE"}, 2
    put(stage, INSTALLED)
    aws.ends = lambda: put(stage, {**INSTALLED, ENABLED: "true"}, manager="eks")
    assert warnings(stage, {"AddOn": "update"}) == "none"
    assert settings(stage)[ENABLED] == "true"


def test_another_update_is_under_way(stage: Stage, aws: Surroundings) -> None:
    """While EKS changes the add-on it takes no other change, so that is waited for, and what it brings is kept."""
    add_on = aws.add_on = {"status": "UPDATING", "configurationValues": '{"replicas":2}'}
    aws._polls = 2

    def end() -> None:
        if aws.updates:
            put(stage, {**INSTALLED, ENABLED: "true"}, manager="eks")
        else:
            add_on["configurationValues"] = '{"replicas":3}'

    aws.ends = end
    aws.update = lambda _: "ResourceInUseException" if add_on["status"] == "UPDATING" else None
    assert warnings(stage, {"AddOn": "update"}) == "none"
    (update,) = aws.updates
    assert json.loads(update["configurationValues"]) == {"replicas": 3, "enableWindowsIpam": "true"}


def test_update_is_refused(stage: Stage, aws: Surroundings) -> None:
    """An update that EKS refuses is a failure with EKS's words and the command."""
    aws.add_on = {"status": "ACTIVE"}
    aws.update = lambda _: "InvalidParameterException"
    text = reason(stage, {"AddOn": "update"})
    assert text.startswith(
        "EKS refuses the update (InvalidParameterException: it is not possible): run `aws eks update-addon"
    )
    assert "[WNG925]" in text


def test_update_without_effect(stage: Stage, aws: Surroundings) -> None:
    """An update after which the map still lacks the setting is a failure: somebody else holds on to it."""
    aws.add_on = {"status": "ACTIVE"}
    put(stage, INSTALLED)
    text = reason(stage, {"AddOn": "update"})
    assert text.startswith(
        "the add-on vpc-cni is ACTIVE after its update, and amazon-vpc-cni still lacks enable-windows-"
    )
    assert "[WNG925]" in text


def test_update_that_does_not_end(stage: Stage, aws: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that takes longer than the function has is a failure in time, which says what it waited for."""
    aws.add_on = {"status": "ACTIVE"}
    monkeypatch.setattr(cni_add_on, "POLL_SECONDS", 60)
    start = time.monotonic()
    text = reason(stage, {"AddOn": "update"})
    assert "while it was waiting for the update of the add-on vpc-cni" in text
    assert time.monotonic() - start < 5


def test_nobody_may_know(stage: Stage, aws: Surroundings) -> None:
    """Without the permission to look at add-ons the map is written as on any cluster."""
    aws.add_on, aws.denied = {"status": "ACTIVE"}, {"eks:DescribeAddon"}
    start = time.monotonic()
    assert warnings(stage) == "none"
    assert settings(stage) == {ENABLED: "true"}
    assert time.monotonic() - start < 10


def test_add_on_cannot_be_described(stage: Stage, aws: Surroundings) -> None:
    """An error that is neither yes nor no is a failure: the map may have an owner."""
    aws.add_on = {"status": "ACTIVE"}
    stage.aws.faults = lambda _method, path: 400 if path.endswith("/vpc-cni") else None
    assert reason(stage).startswith("eks:DescribeAddon failed (HTTP 400): deploy again [WNG907]")
    assert stage.writes() == []


def test_add_on_cannot_be_read(stage: Stage, aws: Surroundings) -> None:
    """A configuration that is neither JSON nor YAML is a failure: it could not be kept."""
    aws.add_on = {"status": "ACTIVE", "configurationValues": "{"}
    assert reason(stage).startswith("the configuration values of vpc-cni cannot be read: line 1: ")


# A stack's rollback.


@pytest.mark.parametrize(("status", "fails"), [("UPDATE_IN_PROGRESS", True), ("UPDATE_ROLLBACK_IN_PROGRESS", False)])
def test_rollback(stage: Stage, aws: Surroundings, status: str, *, fails: bool) -> None:
    """During a rollback a failure is a warning, because it would strand the stack."""
    put(stage, {**INSTALLED, "warm-ip-target": "7"})
    aws.stack_status = status
    answer = stage.send(event(stage, OPTIONS, kind="Update"))
    assert answer["Status"] == ("FAILED" if fails else "SUCCESS")
    assert "[WNG923]" in (answer["Reason"] if fails else answer["Data"]["Warnings"])


def test_rollback_undoes_a_change(stage: Stage, aws: Surroundings) -> None:
    """A rollback brings back the value that the failed update had changed."""
    put(stage, {**INSTALLED, ENABLED: "true", "warm-ip-target": "6"})
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert warnings(stage, {"WarmIpTarget": "5"}, kind="Update", old={"WarmIpTarget": "6"}) == "none"
    assert settings(stage)["warm-ip-target"] == "5"


def test_it_may_be_a_rollback(stage: Stage, aws: Surroundings) -> None:
    """Where nobody may know whether it is a rollback, an Update does not fail; a Create still does."""
    aws.stack_status = None
    aws.add_on = {"status": "ACTIVE"}
    assert "[WNG924]" in warnings(stage, kind="Update")
    assert "[WNG924]" in reason(stage)


def test_it_is_loaded_when_needed() -> None:
    """The start of the function loads neither of both resources, and neither of them loads boto3."""
    package = Path(cni_add_on.__file__).parents[1]
    script = (
        "import sys, handler.index; late = {'handler.windows_support', 'handler.readiness'} & set(sys.modules)\n"
        "import handler.windows_support, handler.readiness; sys.exit(bool(late) or 'boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=package, check=False).returncode == 0
