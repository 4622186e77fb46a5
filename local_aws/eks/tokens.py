"""EKS tokens: a presigned `GetCallerIdentity` in disguise. What the authenticator and STS check of one, checked here.

https://github.com/kubernetes-sigs/aws-iam-authenticator (pkg/token) says what is accepted; the signature itself is
computed anew from the caller's secret, as STS does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from local_aws.callers import Caller, Callers

_PREFIX = "k8s-aws-v1."
_LONGEST = 4096
_LIFETIME = timedelta(minutes=15)
_CLOCK_SKEW = timedelta(minutes=5)
_CLUSTER_HEADER = "x-k8s-aws-id"
_HOST = re.compile(r"sts\.(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.)?(?P<suffix>amazonaws\.com(?:\.cn)?)")
_PARAMETERS = frozenset(
    {
        "action",
        "version",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)


class InvalidTokenError(Exception):
    """The token is refused; the text says why (the API server tells the client nothing but 401)."""


def caller_of(token: str, cluster_name: str, callers: Callers, suffix: str) -> Caller:
    """Who signed a token for a cluster.

    Raises:
        InvalidTokenError: Its form is wrong, it is for another cluster or place, or has expired, or its signature
            is not its caller's.
    """
    host, query = _unwrap(token)
    found = _HOST.fullmatch(host)
    _require(found is not None and found["suffix"] == suffix, f"{host} is no STS endpoint of the partition")
    _require(set(map(str.lower, query)) <= _PARAMETERS, "a query parameter is not allowed")
    _require(query.get("Action") == "GetCallerIdentity", "the action is not GetCallerIdentity")
    _require(query.get("Version") == "2011-06-15", "the version is not STS's")
    _require(query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256", "the algorithm is not SigV4")
    signed_headers = query.get("X-Amz-SignedHeaders", "").split(";")
    _require({"host", _CLUSTER_HEADER} <= set(signed_headers), f"{_CLUSTER_HEADER} is not signed")
    _require(
        set(signed_headers) <= {"host", _CLUSTER_HEADER}, "a header is signed that the authenticator does not send"
    )
    _check_age(query)
    access_key_id, _, scope = query.get("X-Amz-Credential", "").partition("/")
    caller = callers.by_access_key(access_key_id)
    if caller is None:
        raise InvalidTokenError("the access key is unknown or expired")
    _require(
        query.get("X-Amz-Security-Token") == caller.session_token, "the session token is not that of the access key"
    )
    region = (found["region"] if found else None) or "us-east-1"
    _require(scope == f"{query['X-Amz-Date'][:8]}/{region}/sts/aws4_request", "the scope is not the host's")
    expected = _signature(caller.secret_access_key, scope, query, {"host": host, _CLUSTER_HEADER: cluster_name})
    _require(
        hmac.compare_digest(query.get("X-Amz-Signature", ""), expected),
        "the signature is forged, or for another cluster",
    )
    return caller


def _unwrap(token: str) -> tuple[str, dict[str, str]]:
    _require(token.startswith(_PREFIX) and len(token) <= _LONGEST, "not an EKS token")
    encoded = token.removeprefix(_PREFIX)
    _require("=" not in encoded, "the token is padded")
    try:
        url = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as broken:
        raise InvalidTokenError("the token is not base64url") from broken
    parts = urlsplit(url)
    _require(parts.scheme == "https" and parts.path == "/", "not https, or a path")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = dict(pairs)
    _require(len(query) == len(pairs), "a query parameter stands twice")
    return parts.netloc, query


def _check_age(query: dict[str, str]) -> None:
    try:
        signed_at = datetime.strptime(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(query.get("X-Amz-Expires", "")))
    except ValueError as broken:
        raise InvalidTokenError("X-Amz-Date or X-Amz-Expires is missing or malformed") from broken
    _require(timedelta(0) < lifetime <= _LIFETIME, "X-Amz-Expires is not within 15 minutes")
    # The authenticator gives every token its full 15 minutes; STS, which it asks, goes by X-Amz-Expires.
    age = datetime.now(UTC) - signed_at
    _require(age >= -_CLOCK_SKEW, "signed in the future")
    _require(age < lifetime, "expired")


def _signature(secret: str, scope: str, query: dict[str, str], headers: dict[str, str]) -> str:
    canonical_query = "&".join(
        sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query.items() if k != "X-Amz-Signature")
    )
    canonical_headers = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    request = "\n".join(
        ("GET", "/", canonical_query, canonical_headers, ";".join(sorted(headers)), hashlib.sha256().hexdigest())
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest))
    return hmac.digest(key, text.encode(), "sha256").hex()


def _require(condition: bool, reason: str) -> None:  # noqa: FBT001 - it stands for the assertions of the authenticator
    if not condition:
        raise InvalidTokenError(reason)
