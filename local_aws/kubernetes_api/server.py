"""HTTP/1.1 over TLS, one thread per connection: requests in, responses out, and an end that leaves no thread behind."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from local_aws.kubernetes_api.responses import NoAnswer, Response

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    #: Method, URL, headers (names in lower case) and body in; the answer out.
    Answer: TypeAlias = "Callable[[str, str, Mapping[str, str], bytes], Response]"

_DRIPS = 20
# How long closing may take to be noticed.
_POLL_SECONDS = 0.02
# Windows' struct linger is made of two shorts.
_RESET_ON_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class TlsServer(ThreadingTCPServer):
    """A server on a free port of the loopback interface."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        context: ssl.SSLContext,
        answer: Answer,
        silences_handshake: Callable[[], bool],
        closing: threading.Event,
    ) -> None:
        """Listen; `serve` starts answering.

        Args:
            context: The certificate.
            answer: Answers one request; raises `NoAnswer` to end the connection instead.
            silences_handshake: Tells for each new connection whether it hangs in its TLS handshake.
            closing: To be set before `close`; whatever hangs waits for it.
        """
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.silences_handshake = silences_handshake
        self.closing = closing
        self._context = context
        # Daemons, so that an API that nobody closed does not keep the process; `close` joins them all.
        self._accepting = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._answering: dict[threading.Thread, socket.socket] = {}

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self.server_address[1])

    def serve(self) -> None:
        """Answer requests in the background."""
        self._accepting.start()

    def close(self) -> None:
        """End all connections and threads."""
        if self._accepting.is_alive():
            self.shutdown()
            self._accepting.join()
        self.server_close()
        for thread, connection in self._answering.items():
            # The socket under the TLS layer: the TLS object belongs to the connection's own thread.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            thread.join()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; its own thread makes the handshake."""
        plain, address = super().get_request()
        return self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the standard library's signature
        """Answer a connection's requests in a thread."""
        arguments = (request, client_address)
        thread = threading.Thread(target=self.process_request_thread, args=arguments, daemon=True)
        alive = {thread: connection for thread, connection in self._answering.items() if thread.is_alive()}
        self._answering = {**alive, thread: request}
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the standard library's signature
        """Ignore clients that go away or distrust the certificate; report everything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "kube-apiserver"
    disable_nagle_algorithm = True
    # Buffered, so that headers and body leave together.
    wbufsize = -1

    @property
    def api(self) -> TlsServer:
        return cast("TlsServer", self.server)

    def setup(self) -> None:
        if self.api.silences_handshake():
            self.api.closing.wait()
        self.request.do_handshake()
        super().setup()

    def do(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(self.api.answer(self.command, self.path, headers, body))
        except NoAnswer as ending:
            self.close_connection = True
            if ending.reset:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                # Before the orderly end that the server would give it.
                self.request.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815 - the names that the standard library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
        """Say nothing: `KubernetesApi.requests` is the log."""

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.stream is None:
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self._send_body(response.body, response.drip)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for chunk in response.stream:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _send_body(self, body: bytes, drip: float) -> None:
        if not drip:
            self.wfile.write(body)
            return
        size = max(1, -(-len(body) // _DRIPS))
        for start in range(0, len(body), size):
            self.api.closing.wait(drip / _DRIPS)
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
