"""Signed calls of AWS's APIs, within a deadline and with retries.

botocore signs. Its client layer, which takes longer to load than everything else together, is left out.
"""

from __future__ import annotations

import json
import os
import ssl
import urllib.parse
import xml.etree.ElementTree as ET
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path

from . import log
from .contract import URL_SUFFIX
from .deadline import Backoff, Patience
from .failures import AwsCallFailed
from .transport import AUTHORITIES, Connection, Response, TransportError, UntrustedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials

    from .deadline import Deadline

#: For how long a call that fails for the moment is made again, in seconds.
CALL_SECONDS = 45.0

#: Pauses between the attempts of a call, in seconds: the first at most, and the longest.
CALL_BACKOFF = (0.5, 5.0)

_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429
_ERROR = 400
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})


class Keys(NamedTuple):
    """What signs a call."""

    access_key: str
    secret_key: str
    token: str | None

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "<keys>"


class AwsError(Exception):
    """AWS refused a call.

    Attributes:
        status: The HTTP status.
        code: The name of the error, such as `ResourceNotFoundException`.
        message: AWS's own words.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep what AWS said."""
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code
        self.message = message

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed in a moment."""
        return self.status >= _SERVER_ERROR or self.status == _TOO_MANY_REQUESTS or self.code in _THROTTLED

    @property
    def denied(self) -> bool:
        """Whether a permission is missing."""
        return self.code in {"AccessDenied", "AccessDeniedException"}


class Call(NamedTuple):
    """One call of an API: the method, the encoded path, and what is sent."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"


class Session:
    """Who calls, from where, and until when.

    Attributes:
        region: The cluster's region.
        deadline: Bounds every call.
        settles: Whether the caller's permissions may be seconds old; not so in a terminal.
    """

    settles = True

    def __init__(
        self,
        credentials: Keys | ReadOnlyCredentials,
        *,
        region: str,
        url_suffix: str = "amazonaws.com",
        deadline: Deadline,
        endpoints: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            credentials: The caller's; botocore's frozen credentials fit, too.
            region: The cluster's region.
            url_suffix: The partition's DNS suffix: `amazonaws.com`, `amazonaws.com.cn`, …
            deadline: Bounds every call.
            endpoints: The documented variables `AWS_ENDPOINT_URL_<SERVICE>` and `AWS_ENDPOINT_URL`, where they are set;
                by default those of the environment.
        """
        self.region = region
        self.deadline = deadline
        self._credentials = credentials
        self._url_suffix = url_suffix
        self._endpoints = os.environ if endpoints is None else endpoints
        self._connections: dict[str, Connection] = {}

    @classmethod
    def of_function(cls, deadline: Deadline) -> Session:
        """Return the session of the Lambda function itself: its role's credentials, its region, its partition."""
        environment = os.environ
        keys = Keys(
            environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment.get("AWS_SESSION_TOKEN")
        )
        url_suffix = environment.get(URL_SUFFIX) or "amazonaws.com"
        return cls(keys, region=environment["AWS_REGION"], url_suffix=url_suffix, deadline=deadline)

    def as_role(self, keys: Keys) -> Session:
        """Return the session of somebody else, in the same place."""
        session = Session(
            keys, region=self.region, url_suffix=self._url_suffix, deadline=self.deadline, endpoints=self._endpoints
        )
        session.settles = self.settles
        return session

    def host(self, service: str) -> str:
        """Return the service's regional host name."""
        return f"{service}.{self.region}.{self._url_suffix}"

    def call(self, service: str, call: Call, *, settling: bool = True) -> Response:
        """Make a signed call.

        Throttling, server errors and broken connections are tried again for a while, and so, if `settling`, is a
        missing permission: the function's policy may be seconds old.

        Raises:
            AwsError: AWS refused.
            AwsCallFailed: AWS could not be reached.
            OutOfTime: The deadline came first.
        """
        patience, backoff = Patience(CALL_SECONDS), Backoff(*CALL_BACKOFF)
        while True:
            try:
                response = self._send(service, call)
            except UntrustedError as error:
                cure = f"where a proxy replaces certificates, name its authority in {AUTHORITIES}"
                raise AwsCallFailed(f"{error}: {cure}") from None
            except TransportError as error:
                if patience.is_over():
                    raise AwsCallFailed(f"{error}: {_route(service, self.region)}") from None
                outcome = str(error)
            else:
                if response.status < _ERROR:
                    return response
                refusal = _refusal(response)
                if not (refusal.passing or (settling and self.settles and refusal.denied)) or patience.is_over():
                    raise refusal
                outcome = refusal.code
            log.warning("calling again", service=service, outcome=outcome)
            self.deadline.pause(backoff.next())

    def presign(self, service: str, query: str, *, headers: Mapping[str, str], expires: int) -> str:
        """Return the URL of a `GET` of the service's regional host, signed together with `headers`, without network."""
        request = AWSRequest(method="GET", url=f"https://{self.host(service)}/?{query}", headers=headers)
        SigV4QueryAuth(self._keys(), service, self.region, expires=expires).add_auth(request)
        return str(request.url)

    def _send(self, service: str, call: Call) -> Response:
        base = self._endpoints.get(f"AWS_ENDPOINT_URL_{service.upper()}") or self._endpoints.get("AWS_ENDPOINT_URL")
        base = (base or f"https://{self.host(service)}").rstrip("/")
        headers = {"Content-Type": call.content_type, "User-Agent": "windows-nodegroup"}
        request = AWSRequest(method=call.method, url=base + call.path, data=call.body, headers=headers)
        SigV4Auth(self._keys(), service, self.region).add_auth(request)
        if base not in self._connections:
            tls = _public_trust() if base.startswith("https:") else None
            self._connections[base] = Connection(base, self.deadline, tls=tls)
        target = urllib.parse.urlsplit(base).path + call.path
        return self._connections[base].request(
            call.method, target, headers=dict(request.headers.items()), body=call.body
        )

    def _keys(self) -> ReadOnlyCredentials:
        return cast("ReadOnlyCredentials", self._credentials)  # the signer reads the three attributes and no more


def _public_trust() -> ssl.SSLContext:
    # As botocore decides: some installations of Python know no authorities, so it brings its own.
    bundle = os.environ.get(AUTHORITIES) or get_cert_path(True)
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise AwsCallFailed(
            f"no certificate authorities can be read from {bundle} ({error.strerror}): name another file in "
            f"{AUTHORITIES}, or none"
        ) from None


def _route(service: str, region: str) -> str:
    endpoint = f"com.amazonaws.{region}.{service}"
    return f"give the function's subnets a route to it, through a NAT gateway or the interface endpoint {endpoint}"


def _refusal(response: Response) -> AwsError:
    """Read an error of either protocol: JSON (EKS) or XML (STS)."""
    code, message = "", ""
    with suppress(ValueError, AttributeError):
        members = json.loads(response.body)
        code = members.get("__type") or members.get("code") or ""
        message = members.get("message") or members.get("Message") or ""
    if response.body.lstrip().startswith(b"<"):
        code, message = xml_text(response.body, "Code"), xml_text(response.body, "Message")
    code = response.headers.get("x-amzn-ErrorType") or code or f"HTTP {response.status}"
    return AwsError(response.status, code.partition(":")[0].rpartition("#")[2], message)


def json_object(response: Response, name: str) -> Mapping[str, Any]:
    """Return the object of a name in an answer in JSON.

    Raises:
        AwsCallFailed: There is none.
    """
    with suppress(ValueError, LookupError, TypeError):
        members = json.loads(response.body)[name]
        if isinstance(members, dict):
            return members
    raise AwsCallFailed(f"an answer came without the {name}, not as AWS sends it: see what stands in between")


def xml_text(document: bytes, name: str) -> str:
    """Return the text of the first element of that name, in whatever namespace; empty if there is none."""
    try:
        root = ET.fromstring(document)  # noqa: S314 — the answer of AWS over TLS
    except ET.ParseError:
        return ""
    return next((element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name), "")
