"""What goes back to a client: an answer, or deliberately none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.kubernetes_api.status import ApiError


@dataclass(slots=True)
class Response:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    #: More of the body, sent in chunks as it comes (a watch).
    stream: Iterator[bytes] | None = None
    #: For how many seconds the body drips out.
    drip: float = 0


class NoAnswer(Exception):  # noqa: N818 - it is no error, it is what was asked for
    """The connection ends without an answer; `reset`: by a TCP reset, as when a load balancer drops it."""

    def __init__(self, *, reset: bool) -> None:
        """End the connection."""
        super().__init__()
        self.reset = reset


def json_response(status: int, body: dict[str, Any], warnings: list[str] | None = None) -> Response:
    """Answer with a JSON body, and warnings as Kubernetes sends them."""
    headers = {"Content-Type": "application/json"}
    if warnings:
        headers["Warning"] = ", ".join(f"299 - {json.dumps(text)}" for text in warnings)
    return Response(status, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() + b"\n", headers)


def refusal(error: ApiError) -> Response:
    """Answer with a `Status`."""
    return json_response(error.code, error.body)
