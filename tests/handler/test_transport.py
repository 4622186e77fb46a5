"""One HTTP connection within a deadline, against servers that do not keep to the rules."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler import transport
from windows_nodegroup.handler.deadline import Deadline
from windows_nodegroup.handler.failures import OutOfTime
from windows_nodegroup.handler.transport import (
    Connection,
    UnansweredError,
    UnconnectedError,
    UnresolvedError,
    UntrustedError,
    proxy_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.handler.stage import Stage


class Server:
    """Answers each request with the next of its scripts: pieces of bytes, and pauses between them."""

    def __init__(self, *scripts: list[bytes | float]) -> None:
        """Open."""
        self._scripts = list(scripts)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Close."""
        with suppress(OSError):  # a thread left in `accept` would take the connections of whoever gets its descriptor
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while self._scripts:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        while self._scripts and client.recv(65536):
            for piece in self._scripts.pop(0):
                if isinstance(piece, float):
                    time.sleep(piece)
                elif not piece:
                    return
                else:
                    try:
                        client.sendall(piece)
                    except OSError:
                        return


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """Closes what a test opens."""
    opened: list[Server] = []
    yield opened
    for server in opened:
        server.close()


CLOSE = b""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def connect(servers: list[Server], *scripts: list[bytes | float], seconds: float = 5) -> Connection:
    """Return a connection to a server of these scripts."""
    servers.append(Server(*scripts))
    return Connection(servers[-1].url, Deadline(seconds))


def test_connection_is_kept(servers: list[Server]) -> None:
    """Two requests need one connection, and a third after the server has closed it needs another."""
    connection = connect(servers, [HEAD + b"first"], [HEAD + b"other", CLOSE], [HEAD + b"third"])
    bodies = [connection.request("GET", "/", headers={}).body for _ in range(2)]
    assert bodies == [b"first", b"other"]
    assert servers[0].connections == 1
    time.sleep(0.05)
    with pytest.raises(UnansweredError):
        connection.request("GET", "/", headers={})
    assert connection.request("GET", "/", headers={}).body == b"third"


def test_body_that_breaks_off(servers: list[Server]) -> None:
    """Half an answer is no answer."""
    with pytest.raises(UnansweredError, match="broke off"):
        connect(servers, [HEAD + b"ha", CLOSE]).request("GET", "/", headers={})


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"])
def test_head_that_breaks_off(servers: list[Server], head: bytes) -> None:
    """Half a head is no answer without a body."""
    with pytest.raises(UnansweredError, match="broke off"):
        connect(servers, [head, CLOSE]).request("GET", "/", headers={})


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nConnection: close"])
def test_body_until_the_connection_closes(servers: list[Server], head: bytes) -> None:
    """A body of unknown length ends with the connection, where the other side says so."""
    response = connect(servers, [head + b"\r\n\r\nall of it", CLOSE]).request("GET", "/", headers={})
    assert response.body == b"all of it"


def test_answer_that_is_no_http(servers: list[Server]) -> None:
    """What is no HTTP is no answer, and is not quoted."""
    with pytest.raises(UnansweredError) as raised:
        connect(servers, [b"secret nonsense\r\n\r\n", CLOSE]).request("GET", "/", headers={})
    assert "secret" not in str(raised.value)


def test_chunks(servers: list[Server]) -> None:
    """A body in chunks is put together."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = connect(servers, [head, b"2\r\nab\r\n", 0.01, b"3\r\ncde\r\n0\r\n\r\n"], [HEAD + b"again"])
    assert connection.request("GET", "/", headers={}).body == b"abcde"
    assert connection.request("GET", "/", headers={}).body == b"again"


def test_body_that_trickles_in(servers: list[Server]) -> None:
    """However the pieces come, the deadline ends the waiting for them."""
    pieces = [piece for _ in range(50) for piece in (b"x", 0.05)]
    connection = connect(servers, [b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", *pieces], seconds=0.5)
    started = time.monotonic()
    with pytest.raises((OutOfTime, UnansweredError)):
        connection.request("GET", "/", headers={})
    assert time.monotonic() - started < 2


def test_answer_that_does_not_come(servers: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is waited for so long and no longer, even if the deadline is far."""
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    with pytest.raises(UnansweredError, match="it took too long"):
        connect(servers, [1.0, HEAD + b"later"]).request("GET", "/", headers={})


def test_after_the_deadline(servers: list[Server]) -> None:
    """After the deadline nothing is sent any more."""
    with pytest.raises(OutOfTime):
        connect(servers, [HEAD + b"first"], seconds=0).request("GET", "/", headers={})
    assert servers[-1].connections == 0


def test_nobody_is_there() -> None:
    """A port where nobody listens, and a name that nobody has, are told apart; the path is not told."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(UnconnectedError, match=f"no connection to 127.0.0.1:{port}") as raised:
            Connection(f"http://127.0.0.1:{port}", Deadline(5)).request("GET", "/path", headers={})
    assert "/path" not in str(raised.value)
    with pytest.raises(UnresolvedError, match=r"the name nobody\.invalid does not resolve"):
        Connection("http://nobody.invalid", Deadline(5)).request("GET", "/", headers={})


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("", "a.example", False),
        ("b.example, a.example", "a.example", True),
        (".example", "a.example", True),
        ("*.example", "a.example", True),
        ("*.example", "example", False),
        ("*.ample", "a.example", False),
        ("*", "a.example", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("fd00::/8,10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "fd00::1", True),
        ("10.0.0.0/8", "a.example", False),
        ("10.0.0.0/99,nonsense/8", "10.1.2.3", False),
        ("", "127.0.0.1", True),
    ],
)
def test_what_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, host: str, is_direct: bool
) -> None:
    """`NO_PROXY` lists hosts, domains, with or without an asterisk, addresses and ranges of them."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (proxy_for(host, 443) is None) == is_direct


def test_authority_of_a_proxy_that_replaces_certificates(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`AWS_CA_BUNDLE` is trusted where nothing else is said, as for the answer; a missing file does no harm."""
    connection = partial(Connection, stage.kubernetes.url, Deadline(5))
    bundle = tmp_path / "authorities.pem"
    for path in ("", str(bundle)):
        monkeypatch.setenv("AWS_CA_BUNDLE", path)
        with pytest.raises(UntrustedError):
            connection().request("PUT", "/answer", headers={})
    bundle.write_bytes(stage.kubernetes.certificate_authority_pem)
    assert connection().request("PUT", "/answer", headers={}).status >= 400
