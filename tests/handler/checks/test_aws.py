"""How AWS is asked: once, from several threads, and never for long."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from windows_nodegroup.handler.checks import aws as aws_module
from windows_nodegroup.handler.checks.aws import CONFIG, Aws, NoCallerError, NotFoundError
from windows_nodegroup.handler.checks.check import NotCheckedError

from .conftest import REGION, Account, Answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

pytestmark = pytest.mark.xdist_group("checks")


def test_an_answer_is_asked_for_once(account: Account, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many threads that need the same description get it from one call."""
    calls = []
    aws = Aws(answers.client)
    real = aws.ask_again

    def counted(action: str, **arguments: object) -> dict[str, object]:
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return real(action, **arguments)

    monkeypatch.setattr(aws, "ask_again", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: aws.ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id]), range(8)))

    assert len(calls) == 1
    assert all(answer == found[0] for answer in found)


def test_every_page_is_read(account: Account, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of an answer are read, and what was asked is remembered."""
    assert account
    pages = {None: {"clusters": ["a", "b"], "nextToken": "more"}, "more": {"clusters": ["c"]}}
    aws = Aws(answers.client)
    eks: Any = aws._client("eks")
    monkeypatch.setattr(eks, "list_clusters", lambda **asked: pages[asked.get("nextToken")])

    assert aws.ask("eks:ListClusters")["clusters"] == ["a", "b", "c"]
    assert aws.asked == {"eks:ListClusters"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("UnauthorizedOperation", "ec2:DescribeVpcs is not allowed"),
        ("AccessDenied", "ec2:DescribeVpcs is not allowed"),
        ("RequestLimitExceeded", "ec2:DescribeVpcs answered RequestLimitExceeded"),
        (ConnectTimeoutError(endpoint_url="https://ec2"), "ec2 is out of reach"),
        (ReadTimeoutError(endpoint_url="https://ec2"), "ec2 is out of reach"),
    ],
)
@pytest.mark.usefixtures("account")
def test_a_refusal_is_an_answer(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, given: str | Exception, reason: str
) -> None:
    """Whatever AWS refuses or does not answer is told as the reason why nothing was checked."""
    monkeypatch.setattr(aws_module, "THROTTLED_SECONDS", 0.1)
    answers.given["ec2:DescribeVpcs"] = given

    with pytest.raises(NotCheckedError, match=f"^{reason}$"):
        Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=["vpc-1"])


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Throttling", "ThrottlingException"])
def test_throttling_is_endured(account: Account, answers: Answers, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Whoever is asked too often is asked again, with pauses, and no check is lost by it."""
    monkeypatch.setattr(aws_module, "THROTTLED_BACKOFF", (0.05, 0.1))
    answers.given["ec2:DescribeVpcs"] = code
    threading.Timer(0.2, answers.given.clear).start()

    assert Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])["Vpcs"]


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionClosedError(endpoint_url="https://ec2"),
        ClientError(
            {"Error": {"Code": "InternalError"}, "ResponseMetadata": {"HTTPStatusCode": 500}},  # type: ignore[typeddict-item]
            "DescribeVpcs",
        ),
    ],
    ids=["reset", "HTTP 500"],
)
def test_a_trouble_that_passes_is_endured(
    account: Account, answers: Answers, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """An error of AWS itself, or a connection that breaks off, is no answer: AWS is asked again, but not for ever."""
    monkeypatch.setattr(aws_module, "THROTTLED_BACKOFF", (0.01, 0.01))
    asked: list[str] = []
    real = Aws._answer

    def answer(self: Aws, action: str, **arguments: object) -> dict[str, Any]:
        asked.append(action)
        answers.given["ec2:DescribeVpcs"] = trouble
        if len(asked) == 2:
            answers.given.clear()
        return real(self, action, **arguments)

    monkeypatch.setattr(Aws, "_answer", answer)
    assert Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])["Vpcs"]
    with pytest.raises(NotCheckedError, match=r"ec2 broke the connection off|ec2:DescribeVpcs answered InternalError"):
        Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])
    assert len(asked) == 2 + 3


def test_a_new_policy_takes_a_moment(account: Account, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the first seconds a refusal is not believed; what is refused then is refused."""
    monkeypatch.setattr(aws_module, "RETRY_SECONDS", 0.02)
    answers.given["ec2:DescribeVpcs"] = "UnauthorizedOperation"
    patient = Aws(answers.client, settle_seconds=5)
    threading.Timer(0.1, answers.given.clear).start()

    assert patient.ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])["Vpcs"]
    answers.given["ec2:DescribeSubnets"] = "UnauthorizedOperation"
    with pytest.raises(NotCheckedError):
        Aws(answers.client, settle_seconds=0.1).ask("ec2:DescribeSubnets")


def test_what_is_absent_is_told_apart(account: Account, answers: Answers) -> None:
    """What does not exist is another answer than what may not be seen."""
    assert account
    with pytest.raises(NotFoundError):
        Aws(answers.client).ask("iam:ListAttachedRolePolicies", RoleName="nobody")


def test_wrong_arguments_are_told(account: Account, answers: Answers) -> None:
    """Arguments that botocore refuses are a reason, too."""
    assert account
    with pytest.raises(NotCheckedError, match="ParamValidationError"):
        Aws(answers.client).ask("iam:ListAttachedRolePolicies", RoleName="")


@pytest.mark.parametrize(
    "given",
    ["ExpiredToken", "RequestExpired", "UnrecognizedClientException", UnauthorizedSSOTokenError()],
)
def test_credentials_that_do_not_count(account: Account, answers: Answers, given: str | Exception) -> None:
    """Credentials that have expired, or that AWS does not know, are told apart from what is not allowed."""
    answers.given["ec2:DescribeVpcs"] = given

    with pytest.raises(NoCallerError):
        Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])


def test_missing_credentials_are_not_hidden(account: Account, answers: Answers) -> None:
    """Without credentials nothing can be asked at all: that is not one check's matter."""
    answers.given["ec2:DescribeVpcs"] = NoCredentialsError()

    with pytest.raises(NoCredentialsError):
        Aws(answers.client).ask("ec2:DescribeVpcs", VpcIds=[account.vpc_id])


def _client_of(port: int) -> Callable[[str], BaseClient]:
    def client(service: str) -> BaseClient:
        made: BaseClient = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=CONFIG.merge(Config(read_timeout=0.3)),
        )
        return made

    return client


def test_a_silent_service_is_given_up_in_seconds() -> None:
    """A service that accepts the connection and says nothing is given up after one attempt."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(NotCheckedError, match="ec2 is out of reach"):
            Aws(_client_of(silent.getsockname()[1])).ask("ec2:DescribeVpcs")
    assert time.monotonic() - start < 3


def test_an_answer_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that sends a byte of its answer now and then, always in time for the next, is given up as well."""
    monkeypatch.setattr(aws_module, "ANSWER_SECONDS", 0.5)
    enough = threading.Event()

    def trickle() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not enough.wait(0.05):
                    connection.sendall(b"<")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with pytest.raises(NotCheckedError, match=r"^ec2:DescribeVpcs was not answered in 0 seconds$"):
                Aws(_client_of(server.getsockname()[1])).ask("ec2:DescribeVpcs")
        finally:
            enough.set()
            thread.join()


def test_nobody_is_waited_for_longer_than_seconds() -> None:
    """The time-outs and the number of attempts add up to seconds."""
    settings: Any = CONFIG

    assert settings.connect_timeout + settings.read_timeout <= 10
    assert settings.retries == {"total_max_attempts": 1, "mode": "standard"}
