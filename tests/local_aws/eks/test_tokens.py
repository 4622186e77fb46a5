"""Tokens: those that AWS's own code signs are accepted, all others refused."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.signers import RequestSigner

from local_aws.eks.tokens import InvalidTokenError, caller_of
from local_aws.eks_token import Keys, token

if TYPE_CHECKING:
    from local_aws import LocalAws
    from local_aws.callers import Caller, Callers

_CLUSTER = "my-cluster"
_URL = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture
def callers(aws: LocalAws) -> Callers:
    """The account's access keys."""
    return aws.eks._callers


@pytest.fixture
def session(aws: LocalAws, callers: Callers) -> Caller:
    """A session of a role."""
    return callers.assume(f"arn:aws:iam::{aws.account}:role/teams/blue/deployer", "somebody")


def _signed(session: Caller, url: str = _URL, *, cluster: str = _CLUSTER, expires: int = 60) -> str:
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    region = url.split(".")[1] if url.count(".") > 2 else "us-east-1"
    SigV4QueryAuth(credentials, "sts", region, expires=expires).add_auth(request)
    return str(request.url)


def _token(url: str) -> str:
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _accept(token_: str, callers: Callers) -> Caller:
    return caller_of(token_, _CLUSTER, callers, "amazonaws.com")


def test_token_as_the_aws_command_line_makes_it(callers: Callers, session: Caller) -> None:
    """Botocore's presigner, which `aws eks get-token` uses, makes tokens that are accepted."""
    botocore_session = botocore.session.Session()
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    service_id = botocore_session.get_service_model("sts").service_id
    signer = RequestSigner(
        service_id, "us-west-2", "sts", "v4", credentials, botocore_session.get_component("event_emitter")
    )
    request = {"method": "GET", "url": _URL, "body": {}, "headers": {"x-k8s-aws-id": _CLUSTER}, "context": {}}
    url = signer.generate_presigned_url(request, region_name="us-west-2", expires_in=60, operation_name="")
    caller = _accept(_token(url), callers)
    assert caller.arn.endswith(":assumed-role/deployer/somebody")
    assert caller.role_arn is not None
    assert caller.role_arn.endswith(":role/teams/blue/deployer")


def test_our_own_token(callers: Callers, session: Caller) -> None:
    """The token that a kubeconfig's command prints is accepted."""
    keys = Keys(session.access_key_id, session.secret_access_key, session.session_token or "")
    assert _accept(token(keys, "us-west-2", _CLUSTER), callers).arn == session.arn


def test_token_of_a_user(aws: LocalAws, callers: Callers) -> None:
    """A user without a session token can sign, too."""
    caller = _accept(_token(_signed(aws._user)), callers)
    assert caller.arn == f"arn:aws:iam::{aws.account}:user/developer"


def test_global_endpoint_is_accepted(callers: Callers, session: Caller) -> None:
    """Old clients sign for the host without a region, which is in us-east-1."""
    url = _signed(session, "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15")
    assert _accept(_token(url), callers).arn == session.arn


def test_token_for_another_cluster_is_refused(callers: Callers, session: Caller) -> None:
    """The cluster's name is signed."""
    with pytest.raises(InvalidTokenError, match="forged, or for another cluster"):
        _accept(_token(_signed(session, cluster="other")), callers)


def test_token_without_the_clusters_name_is_refused(callers: Callers, session: Caller) -> None:
    """A plain presigned GetCallerIdentity is no token."""
    request = AWSRequest("GET", _URL)
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    SigV4QueryAuth(credentials, "sts", "us-west-2", expires=60).add_auth(request)
    with pytest.raises(InvalidTokenError, match="x-k8s-aws-id is not signed"):
        _accept(_token(str(request.url)), callers)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "https://sts.us-west-2.amazonaws.com.evil.example.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "https://sts.cn-north-1.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15",
        "http://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "https://sts.us-west-2.amazonaws.com/path?Action=GetCallerIdentity&Version=2011-06-15",
        "https://sts.us-west-2.amazonaws.com/?Action=AssumeRole&Version=2011-06-15",
        "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2012-01-01",
        "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&Extra=1",
    ],
)
def test_other_url_is_refused(callers: Callers, session: Caller, url: str) -> None:
    """Another host, scheme, path, action or parameter is refused, however well it is signed."""
    with pytest.raises(InvalidTokenError):
        _accept(_token(_signed(session, url)), callers)


def test_forged_signature_is_refused(callers: Callers, session: Caller) -> None:
    """The signature is computed anew, not believed."""
    url = re.sub(r"X-Amz-Signature=\w{8}", "X-Amz-Signature=00000000", _signed(session))
    with pytest.raises(InvalidTokenError, match="forged"):
        _accept(_token(url), callers)


def test_signature_of_another_secret_is_refused(aws: LocalAws, callers: Callers, session: Caller) -> None:
    """Knowing somebody's access key id is not enough."""
    stolen = Keys(session.access_key_id, aws._user.secret_access_key, session.session_token or "")
    with pytest.raises(InvalidTokenError, match="forged"):
        _accept(token(stolen, "us-west-2", _CLUSTER), callers)


def test_session_token_of_another_session_is_refused(callers: Callers, session: Caller) -> None:
    """The session token belongs to the key."""
    assert session.role_arn is not None
    other = callers.assume(session.role_arn, "other")
    mixed = Keys(session.access_key_id, session.secret_access_key, other.session_token or "")
    with pytest.raises(InvalidTokenError, match="session token is not that of the access key"):
        _accept(token(mixed, "us-west-2", _CLUSTER), callers)


def test_unknown_access_key_is_refused(callers: Callers) -> None:
    """Nobody's key opens nothing."""
    with pytest.raises(InvalidTokenError, match="unknown or expired"):
        _accept(token(Keys("AKIAIOSFODNN7EXAMPLE", "secret"), "us-west-2", _CLUSTER), callers)


def test_lifetime_over_fifteen_minutes_is_refused(callers: Callers, session: Caller) -> None:
    """Fifteen minutes are the most."""
    assert _accept(_token(_signed(session, expires=900)), callers).arn == session.arn
    with pytest.raises(InvalidTokenError, match="within 15 minutes"):
        _accept(_token(_signed(session, expires=901)), callers)


def test_expired_token_is_refused(callers: Callers, session: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its seconds it is over, and before its date it has not begun."""
    url = _signed(session, expires=60)
    for offset, reason in ((timedelta(seconds=61), "expired"), (-timedelta(minutes=6), "in the future")):
        monkeypatch.setattr("local_aws.eks.tokens.datetime", _Clock(offset))
        with pytest.raises(InvalidTokenError, match=reason):
            _accept(_token(url), callers)


class _Clock:
    """`datetime` at another time."""

    strptime = datetime.strptime

    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def now(self, _zone: object) -> datetime:
        return datetime.now(UTC) + self._offset


@pytest.mark.parametrize("broken", ["", "abc", "k8s-aws-v1.", "k8s-aws-v1.!!!", "k8s-aws-v1.aHR0cHM=", "k8s-aws-v1._w"])
def test_malformed_token_is_refused(callers: Callers, broken: str) -> None:
    """What is no token is refused, not a crash."""
    with pytest.raises(InvalidTokenError):
        _accept(broken, callers)


def test_token_over_4096_bytes_is_refused(callers: Callers, session: Caller) -> None:
    """A token has at most 4096 bytes."""
    with pytest.raises(InvalidTokenError, match="not an EKS token"):
        _accept(_token(_signed(session) + "&X-Amz-Extra=" + "x" * 4096), callers)
