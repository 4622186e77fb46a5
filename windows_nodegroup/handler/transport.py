"""HTTP within a deadline: one connection, one request at a time, no redirects, no retries.

The standard library alone, so that an answer can be sent even where a bundled or installed module is broken.

`HTTPS_PROXY` and `NO_PROXY` are honoured, as kubectl and botocore do: a function in a VPC may have no other way out,
and names what it reaches directly (a private endpoint of the cluster) in `NO_PROXY`: hosts, domains, addresses and
ranges of them. The proxy itself is spoken to in plain HTTP and never sees more than a host's name. Loopback addresses
and plain HTTP never go through a proxy. A proxy that replaces certificates has its authority in `AWS_CA_BUNDLE`.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import os
import socket
import ssl
import urllib.parse
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from .deadline import Deadline

#: A connection to a live endpoint is made within milliseconds; more than this means that there is no route.
CONNECT_SECONDS = 5.0

#: How long an answer may take. EKS and Kubernetes themselves give up on most requests within this time.
ANSWER_SECONDS = 30.0

#: Names a file with the authorities to trust for AWS's endpoints, in place of those that the machine knows.
AUTHORITIES = "AWS_CA_BUNDLE"

_CHUNK = 64 * 1024
_HTTP_1_0 = 10  # as http.client has it


class TransportError(Exception):
    """No answer; `str()` names the host and the cause, never the path or the query."""


class UnresolvedError(TransportError):
    """The host's name does not resolve. Nothing was sent."""


class UnconnectedError(TransportError):
    """No connection. Nothing was sent."""


class UntrustedError(TransportError):
    """The server's certificate does not prove that it is the one. Nothing was sent."""


class UnansweredError(TransportError):
    """The connection broke, or the answer did not come: the request may have been carried out."""


class Response(NamedTuple):
    """An HTTP answer.

    Attributes:
        status: The status code; redirects are handed over like any other.
        headers: By name, in any case.
        body: As received.
    """

    status: int
    headers: Message
    body: bytes


class Connection:
    """A connection to one origin, opened at the first request and again after an error."""

    def __init__(self, origin: str, deadline: Deadline, *, tls: ssl.SSLContext | None = None) -> None:
        """Remember where to connect.

        Args:
            origin: `https://host:port` or `http://host:port`; a path is ignored.
            deadline: Bounds every step.
            tls: Whom to trust; by default the authorities that `AWS_CA_BUNDLE` names, or else that the machine knows.
        """
        url = urllib.parse.urlsplit(origin)
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = (tls or _machine_trust()) if url.scheme == "https" else None
        self._deadline = deadline
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Response:
        """Send a request and read the whole answer.

        Args:
            method: `GET`, `POST`, …
            target: Path and query, encoded.
            headers: Sent as they are; Host and Content-Length are added.
            body: What to send, if anything.

        Raises:
            TransportError: There was no answer; the subclass tells whether the request may have been carried out.
            OutOfTime: The deadline has passed.
        """
        self._deadline.doing = f"waiting for {self._host}:{self._port}"
        connection = self._connection or self._connect()
        self._connection = None  # kept only if all goes well
        try:
            self._limit(connection, ANSWER_SECONDS)
            connection.request(method, target, body=body, headers=dict(headers))
            response = connection.getresponse()
            _require_whole_head(response)
            content = self._read(connection, response)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnansweredError(f"{self._host}:{self._port} broke off: {_cause(error)}") from None
        if response.will_close:
            connection.close()
        else:
            self._connection = connection
        return Response(response.status, response.headers, content)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        connection = self._prepare()
        try:
            connection.connect()
        except socket.gaierror as error:
            raise UnresolvedError(f"the name {connection.host} does not resolve ({error.strerror})") from None
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise UntrustedError(
                f"the certificate of {self._host}:{self._port} is refused: {error.verify_message}"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnconnectedError(f"no connection to {self._host}:{self._port}: {_cause(error)}") from None
        return connection

    def _prepare(self) -> http.client.HTTPConnection:
        seconds = self._deadline.limit(CONNECT_SECONDS)
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        proxy = proxy_for(self._host, self._port)
        if proxy is None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._tls)
        connection = http.client.HTTPSConnection(
            proxy.hostname or "", proxy.port or 80, timeout=seconds, context=self._tls
        )
        connection.set_tunnel(self._host, self._port, headers=_proxy_authorization(proxy))
        return connection

    def _limit(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        limit = self._deadline.limit(seconds)
        if isinstance(connection.sock, socket.socket):  # nothing is left of it once the last byte has been read
            connection.sock.settimeout(limit)

    def _read(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> bytes:
        # Piece by piece, so that an answer that trickles in is stopped at the deadline, too.
        content = bytearray()
        while piece := response.read1(_CHUNK):
            content += piece
            self._limit(connection, ANSWER_SECONDS)
        if response.length:
            raise http.client.IncompleteRead(bytes(content), response.length)
        response.close()  # it does not notice its own end when it is read like this
        return bytes(content)


def _require_whole_head(response: http.client.HTTPResponse) -> None:
    # A head that breaks off passes for a whole one, and the answer for one without a body. Whoever ends a body of
    # HTTP/1.1 by closing the connection announces it.
    is_delimited = response.length is not None or response.chunked
    if response.version > _HTTP_1_0 and not is_delimited and response.getheader("Connection") is None:
        raise http.client.IncompleteRead(b"")


def _machine_trust() -> ssl.SSLContext:
    with suppress(OSError):  # an answer must leave, even where the file is missing
        return ssl.create_default_context(cafile=os.environ.get(AUTHORITIES) or None)
    return ssl.create_default_context()


def proxy_for(host: str, port: int) -> urllib.parse.SplitResult | None:
    """Return the proxy through which a host is to be reached by TLS, as the environment says; None: directly."""
    proxies = urllib.request.getproxies_environment()
    if "https" not in proxies or _is_loopback(host):
        return None
    if urllib.request.proxy_bypass(f"{host}:{port}") or _is_covered(host, proxies.get("no", "")):
        return None
    proxy = proxies["https"]
    return urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")


def _is_covered(host: str, no_proxy: str) -> bool:
    """Whether a list has the host as a domain's with an asterisk, or its address in a range; urllib knows neither."""
    for each in map(str.strip, no_proxy.split(",")):
        if each.startswith("*.") and host.endswith(each[1:].lower()):
            return True
        with suppress(ValueError):
            if ipaddress.ip_address(host) in ipaddress.ip_network(each, strict=False):
                return True
    return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy_authorization(proxy: urllib.parse.SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    user = f"{urllib.parse.unquote(proxy.username)}:{urllib.parse.unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode()}


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    # Only the system's own words: the text of an HTTPException quotes what the server sent.
    return getattr(error, "strerror", None) or type(error).__name__
