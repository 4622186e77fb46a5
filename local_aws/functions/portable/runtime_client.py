"""The runtime client's native part in plain Python, for the systems and interpreters that AWS builds none for."""

from __future__ import annotations

import http.client
import os

_PATH = "/2018-06-01/runtime/invocation"
_connection: http.client.HTTPConnection | None = None


def initialize_client(user_agent: str) -> None:
    """Open the connection to the runtime API."""
    global _connection  # noqa: PLW0603 - the native module keeps its state like this
    del user_agent
    _connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def next() -> tuple[bytes, dict[str, str]]:  # noqa: A001 - the native module's name
    """Wait for the next invocation: its event and its headers."""
    body, headers = _request("GET", "/next")
    return body, headers


def post_invocation_result(invoke_id: str, result: bytes, content_type: str, invocation_id: str | None = None) -> None:
    """Answer an invocation."""
    del invocation_id
    _request("POST", f"/{invoke_id}/response", result, {"Content-Type": content_type})


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Answer an invocation with an error, as JSON."""
    del xray_fault, invocation_id
    _request("POST", f"/{invoke_id}/error", error.encode())


def _request(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[bytes, dict[str, str]]:
    if _connection is None:
        raise RuntimeError("initialize_client was not called")
    _connection.request(method, _PATH + path, body, headers or {})
    response = _connection.getresponse()
    return response.read(), dict(response.getheaders())
