"""The cases P1 to P10: what CloudFormation asks and what it gets, whatever happens."""

from __future__ import annotations

import json
import logging
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.handler import own_process
from tests.handler.secrets import Watch
from tests.handler.stage import CLUSTER, FOREIGN, MAP, ROLE, SECRETS, SIGNATURE, Context, Stage
from tests.handler.test_catalogue_create import ENTRY, block, entries
from windows_nodegroup.handler import aws_auth, aws_auth_entry, entry_edit, index, log
from windows_nodegroup.handler.cloudformation import ANSWER_BYTES, Answer, Request, UndeliverableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("event", [None, "text", [], {}, {"ResponseURL": None}, {"ResponseURL": "ftp://x"}])
def test_p01_event_without_a_place_for_the_answer(stage: Stage, event: object) -> None:
    """What is no request of CloudFormation is ignored: there is nobody to answer, and nothing to run again."""
    index.handler(event, Context(30))
    assert stage.aws.calls == []


@pytest.mark.parametrize(
    "member", ["RequestType", "RequestId", "StackId", "LogicalResourceId", "ResourceType", "ResourceProperties"]
)
@pytest.mark.parametrize("value", [None, 7, "nonsense"])
def test_p01_damaged_event(stage: Stage, member: str, value: object) -> None:
    """Whatever is missing or wrong in an event, there is an answer."""
    event = stage.event("Create") | {member: value}
    if value is None:
        del event[member]
    stage.deliver(event)
    (delivery,) = stage.aws.deliveries
    assert delivery.answer["Status"] == (
        "SUCCESS" if member in {"RequestId", "StackId", "LogicalResourceId"} else "FAILED"
    )


@pytest.mark.parametrize("name", ["ClusterName", "RoleArn"])
def test_p01_missing_property(stage: Stage, name: str) -> None:
    """A missing property is named."""
    event = stage.event("Create")
    del event["ResourceProperties"][name]
    reason = stage.send(event)["Reason"]
    assert f"property {name} is missing" in reason
    assert "[WNG901]" in reason


def test_p01_unknown_request_type(stage: Stage) -> None:
    """A request type that CloudFormation may invent is answered."""
    assert "none of Create, Update, Delete" in stage.fail("Upsert")


def test_p01_unknown_resource_type(stage: Stage) -> None:
    """A resource type of another version fails to be made, and is deleted without ado, so that rollbacks end."""
    novelty = {"ResourceType": "Custom::Novelty"}
    assert "Custom::Novelty" in stage.send(stage.event("Create") | novelty)["Reason"]
    assert stage.send(stage.event("Delete") | novelty)["Status"] == "SUCCESS"


def test_p01_mistake_in_the_function(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours is an answer, too; its text, which may quote anything, is neither answered nor logged."""

    def mistake(*_: object, **__: object) -> None:
        raise KeyError(FOREIGN)

    monkeypatch.setattr(aws_auth, "upsert", mistake)
    reason = stage.fail("Create")
    assert reason.startswith("KeyError in the function")
    assert "[WNG999]" in reason


def test_p01_mistake_while_answering(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes that cannot be sent are a failure that can."""
    monkeypatch.setattr(aws_auth_entry, "create", lambda *_: {"RoleArn": object()})
    assert "[WNG999]" in stage.fail("Create")


def test_p02_answer_fits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long reason is cut so that the whole answer has at most 4096 bytes, whatever its characters take."""
    monkeypatch.setattr(entry_edit, "recorded_role", lambda arn: arn)
    for text in ("x" * 9000, "ü" * 9000, "木" * 9000, "🪟" * 9000, "\x1f" * 9000, '"\\' * 9000, "\ud800" * 9000):
        request = Request.parse(stage.event("Create"))
        for answer in (Answer(physical_id="id", reason=text), Answer(physical_id="id", data={"A": "short", "B": text})):
            body = answer.encode(request)
            assert ANSWER_BYTES - 40 < len(body) <= ANSWER_BYTES
            shown = json.loads(body).get("Reason") or json.loads(body)["Data"]["B"]
            assert shown.endswith("…")
            if not answer.reason:
                assert json.loads(body)["Data"]["A"] == "short"


def test_p02_long_reason_arrives(stage: Stage) -> None:
    """A reason that quotes a very long value arrives, and is understood."""
    stage.put_map(block(username="é" * 3000))
    assert len(stage.fail("Create").encode()) < ANSWER_BYTES
    assert len(stage.aws.deliveries[-1].body) <= ANSWER_BYTES


def test_p03_refused_answer_is_not_repeated(stage: Stage) -> None:
    """A 403 means that nobody waits for the answer: it is not sent again."""
    stage.aws.faults = lambda method, _: 403 if method == "PUT" else None
    index.handler(stage.event("Create"), Context(30))
    assert [method for method, _ in stage.aws.calls].count("PUT") == 1


@pytest.mark.parametrize("fault", [500, 503, "reset"])
def test_p03_answer_is_repeated(stage: Stage, fault: int | str) -> None:
    """An answer that was not taken for a reason that passes is sent again, after growing pauses."""
    faults = [fault] * 3
    stage.aws.faults = lambda method, _: faults.pop() if faults and method == "PUT" else None
    stage.succeed("Create")
    assert [method for method, _ in stage.aws.calls].count("PUT") == 4


def test_p03_answer_that_nobody_takes(stage: Stage) -> None:
    """When nobody takes the answer until the deadline, the invocation fails, so that Lambda runs it again."""
    stage.aws.faults = lambda method, _: 500 if method == "PUT" else None
    started = time.monotonic()
    with pytest.raises(UndeliverableError) as raised:
        index.handler(stage.event("Create"), Context(2))
    assert time.monotonic() - started < 4
    assert SIGNATURE not in str(raised.value)
    assert raised.value.__cause__ is None


def test_p04_headers_of_the_answer(stage: Stage) -> None:
    """The answer has an empty content type, for which its URL was signed, and its exact length."""
    stage.put_map(block(username="é"))
    stage.fail("Create")
    (delivery,) = stage.aws.deliveries
    assert delivery.headers["Content-Type"] == ""
    assert delivery.headers["Content-Length"] == str(len(delivery.body))
    assert "Transfer-Encoding" not in delivery.headers


def hang_in_connect(stage: Stage) -> list[socket.socket]:
    """Let the endpoint be one whose queue of connections is full, so that it takes no more."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    assert stage.aws.cluster
    stage.aws.cluster["endpoint"] = f"https://127.0.0.1:{server.getsockname()[1]}"
    waiting = [socket.socket() for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(server.getsockname())
    return [server, *waiting]


def hang_in_describe(stage: Stage) -> None:
    """Let EKS say nothing."""
    stage.aws.faults = lambda method, path: "hang" if (method, path) == ("GET", f"/clusters/{CLUSTER}") else None


@pytest.mark.parametrize("request_type", ["Create", "Delete"])
@pytest.mark.parametrize(
    "hang",
    [
        pytest.param(hang_in_describe, id="eks"),
        pytest.param(hang_in_connect, id="connect"),
        pytest.param(lambda stage: stage.kubernetes.faults.hang(9, at="handshake"), id="handshake"),
        pytest.param(lambda stage: stage.kubernetes.faults.hang(9, at="request"), id="read"),
        pytest.param(lambda stage: stage.kubernetes.faults.slow(60, 9), id="drip"),
    ],
)
def test_p05_answer_before_the_deadline(stage: Stage, hang: Callable[[Stage], Any], request_type: str) -> None:
    """Wherever the other side hangs, the answer leaves before the deadline, and says what hung."""
    held = hang(stage)
    started = time.monotonic()
    reason = stage.fail(request_type, seconds=2)
    assert time.monotonic() - started < 2
    assert "[WNG915]" in reason
    assert "127.0.0.1" in reason or "aws-auth" in reason
    for sock in held or ():
        sock.close()


def test_p05_work_that_cannot_be_interrupted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when the function itself is busy, the answer leaves in time; work that was given up writes nothing later."""
    upsert = aws_auth.upsert
    busy: list[float] = []

    def slow(*arguments: Any) -> Any:
        time.sleep(2.5)
        busy.append(time.monotonic())
        return upsert(*arguments)

    monkeypatch.setattr(aws_auth, "upsert", slow)
    started = time.monotonic()
    stage.fail("Create", seconds=2)
    assert time.monotonic() - started < 2
    while not busy:
        time.sleep(0.05)
    time.sleep(0.2)
    assert stage.map_roles == MAP
    assert stage.writes() == []
    assert len(stage.aws.deliveries) == 1


def test_p06_lost_acknowledgement(stage: Stage) -> None:
    """When only the acknowledgement of the answer got lost, the same answer is sent again, never another one."""
    faults: list[str] = ["reset after"]
    stage.aws.faults = lambda method, _: faults.pop() if faults and method == "PUT" else None
    index.handler(stage.event("Create"), Context(30))
    first, second = stage.aws.deliveries
    assert first.body == second.body


def test_p07_watch_finds_secrets(watch: Watch) -> None:
    """The watch over all tests of the function finds each kind of secret that it watches for."""
    trap = Watch()
    trap.tokens = watch.tokens | {"k8s-aws-v1.aHR0"}
    for secret in (*SECRETS.values(), SIGNATURE, FOREIGN, "Bearer x", *trap.tokens):
        trap.texts = [f"before {secret} after"]
        assert len(trap.findings()) == 1
    trap.texts = ["nothing to see"]
    assert trap.findings() == []


def test_p07_libraries_would_tell(stage: Stage) -> None:
    """What botocore logs at DEBUG does contain secrets: the function is silent only because it silences botocore."""
    trap, logger = Watch(), logging.getLogger("botocore.auth")
    logger.addHandler(trap)
    logger.propagate = False  # not into the watch over all tests
    try:
        stage.succeed("Create")
        assert trap.texts == []
        logger.setLevel(logging.DEBUG)
        stage.succeed("Update")
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(trap)
        logger.propagate = True
    assert any(SECRETS["AWS_SESSION_TOKEN"] in text for text in trap.findings())


def test_p07_logs_are_json_with_the_request_id(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line that is logged is JSON, with a level, a message and the request's id."""
    answer = stage.succeed("Create")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) >= 5
    assert {line["request_id"] for line in lines} == {answer["RequestId"]}
    assert all({"timestamp", "level", "message"} <= line.keys() for line in lines)


def test_p07_origin_of_a_mistake_is_logged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log of a mistake names files, lines and functions, and not the text of the exception."""
    nothing: dict[str, None] = {}
    monkeypatch.setattr(entry_edit.EntryEdit, "claim", lambda *_: nothing[FOREIGN])
    stage.fail("Create")
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"ERROR"' in line]
    assert line["error"] == "KeyError"
    assert any(place.startswith("config_map.py:") for place in line["origin"])


def test_p08_only_strings(stage: Stage) -> None:
    """CloudFormation's scalars are strings; anything else is refused by name."""
    event = stage.event("Create")
    event["ResourceProperties"]["KubectlRoleArn"] = ["x"]
    assert "property KubectlRoleArn is a list" in stage.send(event)["Reason"]
    event["ResourceProperties"]["KubectlRoleArn"] = ""
    event["ResourceProperties"]["ServiceTimeout"] = "600"
    assert stage.send(event)["Status"] == "SUCCESS"


@pytest.mark.parametrize("cluster_name", ["my cluster", "-x", "x" * 101, "../other", "é"])
def test_p08_name_that_no_cluster_has(stage: Stage, cluster_name: str) -> None:
    """A name that no cluster can have is refused before anything is asked, under an id that CloudFormation takes."""
    answer = stage.ask("Create", ClusterName=cluster_name)
    assert "ClusterName" in answer["Reason"]
    assert len(answer["PhysicalResourceId"].encode()) <= 1024
    assert len(stage.aws.calls) == 1


@pytest.mark.parametrize(
    "broken", ["yaml/__init__.py", "handler/aws_auth.py", "handler/eks.py", "handler/owners.py", "botocore/__init__.py"]
)
@pytest.mark.parametrize("content", ["raise ImportError('no such luck')", "this is not Python"])
def test_p09_broken_module(stage: Stage, tmp_path: Path, watch: Watch, broken: str, content: str) -> None:
    """Whatever part of the asset is broken, the function answers, and lets what was never made be deleted."""
    asset = own_process.make_asset(tmp_path)
    (asset / broken).parent.mkdir(exist_ok=True)
    (asset / broken).write_text(content)
    finished = own_process.run(asset, stage.event("Create"))
    watch.texts.append(finished.stdout + finished.stderr)
    assert finished.returncode == 0, finished.stderr
    (delivery,) = stage.aws.deliveries
    assert delivery.answer["Status"] == "FAILED"
    assert "[WNG999]" in delivery.answer["Reason"]
    own_process.run(asset, stage.event("Delete", physical_id=delivery.answer["PhysicalResourceId"]))
    assert stage.aws.deliveries[-1].answer["Status"] == "SUCCESS"
    assert stage.map_roles == MAP


def test_p09_sound_asset(stage: Stage, tmp_path: Path, watch: Watch) -> None:
    """The same, with nothing broken, does its work: from the files of the asset alone, in a process of its own."""
    finished = own_process.run(own_process.make_asset(tmp_path), stage.event("Create"))
    watch.texts.append(finished.stdout + finished.stderr)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert entries(stage.map_roles) == [ENTRY]
    assert all(json.loads(line) for line in finished.stdout.splitlines())


def test_p10_delete_needs_only_its_properties(stage: Stage) -> None:
    """A Delete works from cluster and role alone, whatever else CloudFormation sends."""
    stage.succeed("Create")
    event = stage.event("Delete", physical_id="")
    event["ResourceProperties"] = {"ClusterName": CLUSTER, "RoleArn": ROLE}
    assert stage.send(event)["Status"] == "SUCCESS"
    assert stage.map_roles == MAP


def test_configured_log_survives_another_level(stage: Stage) -> None:
    """The libraries stay quiet even if somebody raised their level between two invocations."""
    logging.getLogger("botocore").setLevel(logging.DEBUG)
    stage.succeed("Create")
    assert logging.getLogger("botocore").level == logging.CRITICAL
    assert logging.getLogger(log.__package__).propagate is False
    assert "botocore" in sys.modules
