"""Signed calls and tokens, held against boto3's own clients."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import ReadOnlyCredentials

from tests.handler.stage import CLUSTER, ROLE, SECRETS, Stage
from windows_nodegroup.handler import aws, eks
from windows_nodegroup.handler.aws import Keys, Session
from windows_nodegroup.handler.deadline import Deadline
from windows_nodegroup.handler.failures import AwsCallFailed

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
TOKEN = "session/token+"


def session(region: str = "us-west-2", url_suffix: str = "amazonaws.com", token: str | None = TOKEN) -> Session:
    """Return a session that never reaches anybody."""
    return Session(
        credentials=Keys("AKIAEXAMPLE", "secret", token),
        region=region,
        url_suffix=url_suffix,
        deadline=Deadline(10),
        endpoints={},
    )


def client(service: str, region: str, token: str | None) -> Any:
    """Return boto3's client for the same caller."""
    return boto3.Session().client(  # type: ignore[call-overload]  # the stubs know no name that is a variable
        service,
        region_name=region,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token=token,
        endpoint_url=f"https://sts.{region}.amazonaws.com" if service == "sts" else None,
    )


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the signers' clock, and keep the machine's own settings out."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("region", ["us-west-2", "us-gov-west-1"])
@pytest.mark.parametrize("session_token", [TOKEN, None])
def test_token_is_the_one_of_the_aws_cli(region: str, session_token: str | None) -> None:
    """The token is what boto3's STS client presigns with the cluster's name as a signed header, as the AWS CLI does."""
    sts = client("sts", region, session_token)

    def add_header(request: Any, **_: Any) -> None:
        request.headers["x-k8s-aws-id"] = CLUSTER

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", add_header)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    token = eks.token(session(region, token=session_token), CLUSTER)
    assert token.startswith("k8s-aws-v1.")
    assert "=" not in token
    encoded = token.removeprefix("k8s-aws-v1.")
    assert base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode() == url


@pytest.mark.parametrize(
    ("region", "suffix", "host"),
    [
        ("us-west-2", "amazonaws.com", "sts.us-west-2.amazonaws.com"),
        ("us-east-1", "amazonaws.com", "sts.us-east-1.amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "c2s.ic.gov", "sts.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_token_names_the_regional_host(monkeypatch: pytest.MonkeyPatch, region: str, suffix: str, host: str) -> None:
    """The token names the regional host of its partition, whatever endpoint calls are sent to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    encoded = eks.token(session(region, suffix), CLUSTER).removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert url.startswith(f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15&")


def test_token_that_no_cluster_would_accept() -> None:
    """Credentials that make a token of more than 4096 bytes are refused with the reason."""
    with pytest.raises(AwsCallFailed, match="4096"):
        eks.token(session(token="x" * 4000), CLUSTER)


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize(
    ("method", "arguments", "call"),
    [
        ("describe_cluster", {"name": CLUSTER}, lambda s: eks.describe_cluster(s, CLUSTER)),
        (
            "describe_access_entry",
            {"clusterName": CLUSTER, "principalArn": ROLE.replace("role/", "role/a path+/")},
            lambda s: eks.access_entry_type(s, CLUSTER, ROLE.replace("role/", "role/a path+/")),
        ),
    ],
)
def test_calls_are_those_of_boto3(
    monkeypatch: pytest.MonkeyPatch, method: str, arguments: dict[str, str], call: Callable[[Session], object]
) -> None:
    """Calls of EKS go to the URLs of boto3's client, and carry the signature that botocore makes for them."""
    theirs: list[Any] = []
    eks_client = client("eks", "us-west-2", TOKEN)

    def answer(request: Any, **_: Any) -> AWSResponse:
        theirs.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Mock(stream=lambda **_: [b"{}"], read=lambda: b"{}"))

    eks_client.meta.events.register("before-send.eks", answer)
    getattr(eks_client, method)(**arguments)
    ours: list[tuple[str, str, dict[str, str]]] = []

    class Connection:
        def __init__(self, origin: str, *_: object, **__: object) -> None:
            self.origin = origin

        def request(self, verb: str, target: str, *, headers: dict[str, str], body: bytes) -> None:
            assert body == b""
            ours.append((verb, self.origin + target, headers))
            raise InterruptedError

    monkeypatch.setattr(aws, "Connection", Connection)
    with pytest.raises(InterruptedError):
        call(session())
    ((verb, url, headers),) = ours
    assert (verb, url) == (theirs[0].method, theirs[0].url)
    assert headers["X-Amz-Security-Token"] == TOKEN
    # The signed headers differ (ours has a content type), so the signature is compared over botocore's own request.
    request = botocore.awsrequest.AWSRequest(method=verb, url=url, headers={"Content-Type": headers["Content-Type"]})
    request.headers["User-Agent"] = headers["User-Agent"]
    signer = botocore.auth.SigV4Auth(ReadOnlyCredentials("AKIAEXAMPLE", "secret", TOKEN), "eks", "us-west-2")
    signer.add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]


@pytest.mark.parametrize("fault", [429, 500, 503, "reset"])
def test_calls_are_repeated(stage: Stage, fault: int | str) -> None:
    """Trouble of AWS's own that passes is not the user's."""
    faults = [fault] * 3
    stage.aws.faults = lambda method, _: faults.pop() if faults and method == "GET" else None
    stage.succeed("Create")
    assert faults == []


@pytest.mark.parametrize("fault", [500, "reset"])
def test_calls_are_not_repeated_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: int | str) -> None:
    """Trouble that lasts is a failure that names the call."""
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.2)
    stage.aws.faults = lambda method, _: fault if method == "GET" else None
    assert "[WNG907]" in stage.fail("Create")


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b"{}", b'{"cluster": null}'])
def test_answer_of_something_in_between(stage: Stage, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """A success that is not AWS's is a failure that says so."""
    monkeypatch.setattr(stage.aws, "_answer", _unless_put(stage.aws._answer, (200, body, {})))
    assert stage.fail("Create").startswith("an answer came without the cluster, not as AWS sends it: see what stands")


def test_permission_takes_a_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that the function has got a moment ago is waited for."""
    denied = [(403, b"{}", {"x-amzn-ErrorType": "AccessDeniedException"})] * 2
    answer = stage.aws._answer
    monkeypatch.setattr(stage.aws, "_answer", lambda *request: denied.pop() if denied else answer(*request))
    stage.succeed("Create")
    assert denied == []


def test_missing_permission_to_describe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that is missing for good is named."""
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.2)
    denied = (403, b'{"message": "not authorized"}', {"x-amzn-ErrorType": "AccessDeniedException"})
    monkeypatch.setattr(stage.aws, "_answer", _unless_put(stage.aws._answer, denied))
    reason = stage.fail("Create")
    assert f"eks:DescribeCluster of {CLUSTER} failed (AccessDeniedException: not authorized)" in reason


def test_endpoint_of_one_service(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """`AWS_ENDPOINT_URL_EKS` wins over `AWS_ENDPOINT_URL`."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", stage.aws.url + "/")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    stage.succeed("Create")


def test_authorities_that_cannot_be_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of authorities that is not there is named, with the variable that names it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", "https://127.0.0.1:1")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/authorities.pem")
    reason = stage.fail("Create")
    assert "from /no/authorities.pem (No such file or directory): name another file in AWS_CA_BUNDLE, or none" in reason
    assert "[WNG907]" in reason


def test_credentials_do_not_show() -> None:
    """A session that ends up in a message shows no credentials."""
    shown = repr(Session(credentials=Keys("AKIAEXAMPLE", *SECRETS.values()), region="x", deadline=Deadline(1)))
    assert not any(secret in shown for secret in SECRETS.values())


def test_old_clusters_read_aws_auth(stage: Stage) -> None:
    """A cluster without an access configuration is one from before access entries."""
    assert stage.aws.cluster
    del stage.aws.cluster["accessConfig"]
    stage.succeed("Create")
    assert not any("access-entries" in path for _, path in stage.aws.calls)


def _unless_put(answer: Callable[..., Any], instead: object) -> Callable[..., Any]:
    return lambda method, *rest: answer(method, *rest) if method == "PUT" else instead
