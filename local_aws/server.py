"""The HTTP server in front of everything: loopback, a random port, a thread for each request."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_log = logging.getLogger(__name__)


class _QuietHandler(MotoRequestHandler):
    """Logs what goes wrong, not every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        _log.debug("%s %s %s", self.requestline, code, size)

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the parameter's name is werkzeug's
        _log.warning(message, *args) if type == "error" else _log.debug(message, *args)


class Server:
    """Serves a WSGI application until it is closed."""

    def __init__(self, application: WSGIApplication) -> None:
        """Listen at once; requests are answered from then on."""
        self._server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(target=self._serve, name="local-aws", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The server's root, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening and wait for the server's thread."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)
