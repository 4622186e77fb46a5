"""Trouble on demand: each fault is bounded by a number of requests or by seconds, and meets the requests that it names.

Faults are met in the order in which they were asked for; one request meets one fault. A request meets them once it is
authenticated and authorised: who may not ask at all is told so first.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack

from local_aws.kubernetes_api import status
from local_aws.kubernetes_api.responses import NoAnswer, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.kubernetes_api.resources import Target

    Proceed: TypeAlias = "Callable[[], Response]"
    #: Stands between a request and its answer; `proceed` lets the server do its work.
    Disturbance: TypeAlias = "Callable[[Target, Proceed], Response]"

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CHANGES = frozenset({"PUT", "PATCH"})
_ALL: frozenset[str] = frozenset()


class Bounds(TypedDict, total=False):
    """Which requests meet a fault, besides the first `count` of them."""

    #: For how many seconds from now the fault lasts.
    seconds: float
    #: The one HTTP method that meets it; by default every one for which the fault makes sense.
    method: str
    #: A part of the path of the requests that meet it.
    path: str


@dataclass(slots=True)
class _Fault:
    disturb: Disturbance
    methods: frozenset[str]
    path: str
    count: int | None
    end: float | None

    def is_over(self) -> bool:
        return self.count == 0 or (self.end is not None and time.monotonic() >= self.end)

    def meets(self, method: str, path: str) -> bool:
        return (not self.methods or method in self.methods) and self.path in path


class Faults:
    """What goes wrong next. `count` defaults to one request, or to no limit where `seconds` is given."""

    def __init__(self, closing: threading.Event) -> None:
        """Begin without faults; nothing hangs longer than until `closing` is set."""
        self._faults: list[_Fault] = []
        self._connections: list[_Fault] = []
        self._lock = threading.Lock()
        self._closing = closing

    def clear(self) -> None:
        """Forget all faults that are still to come."""
        with self._lock:
            self._faults.clear()
            self._connections.clear()

    def conflicts(self, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Answer changes with 409, as if somebody else had always been faster."""

        def disturb(target: Target, _: Proceed) -> Response:
            if target.resource is None:
                raise status.unknown_path()
            raise status.conflict(target.resource, target.name)

        self._add(disturb, _CHANGES, count, bounds)

    def unauthorized(self, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Answer 401, as in the first seconds of an access entry."""
        self._refuse(status.unauthorized, _ALL, count, bounds)

    def forbidden(self, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Answer 403, as while an access policy is not in force yet."""

        def disturb(target: Target, _: Proceed) -> Response:
            message = f'{target.plural} "{target.name}" is forbidden: not in force yet'
            raise status.ApiError(403, "Forbidden", message, {"name": target.name, "kind": target.plural})

        self._add(disturb, _ALL, count, bounds)

    def too_many_requests(self, count: int | None = None, *, retry_after: int = 1, **bounds: Unpack[Bounds]) -> None:
        """Answer 429 with Retry-After (seconds), in plain text as the API server's flow control does."""
        headers = {"Retry-After": str(retry_after), "Content-Type": "text/plain; charset=utf-8"}
        body = b"Too many requests, please try again later.\n"
        self._add(lambda _target, _proceed: Response(429, body, dict(headers)), _ALL, count, bounds)

    def internal_error(
        self,
        count: int | None = None,
        *,
        code: Literal[500, 503] = 500,
        after_commit: bool = False,
        **bounds: Unpack[Bounds],
    ) -> None:
        """Answer 500 or 503; with `after_commit` only once the request was carried out."""

        def disturb(_: Target, proceed: Proceed) -> Response:
            if after_commit:
                proceed()
            raise {500: status.internal_error("etcdserver: request timed out"), 503: status.unavailable()}[code]

        self._add(disturb, _ALL, count, bounds)

    def denied_by_webhook(
        self,
        count: int | None = None,
        *,
        webhook: str = "validate.example.com",
        message: str = "not allowed",
        code: int = 403,
        **bounds: Unpack[Bounds],
    ) -> None:
        """Deny writes in the words of an admission webhook, which chooses the status, too."""
        text = f'admission webhook "{webhook}" denied the request: {message}'
        reason = "Forbidden" if code == HTTPStatus.FORBIDDEN else ""
        self._refuse(lambda: status.ApiError(code, reason, text), _WRITES, count, bounds)

    def denied_by_policy(self, count: int | None = None, *, message: str, **bounds: Unpack[Bounds]) -> None:
        """Deny writes in the words of a ValidatingAdmissionPolicy with the reason Forbidden."""
        text = f"ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: {message}"
        self._refuse(lambda: status.ApiError(403, "Forbidden", f"it is forbidden: {text}"), _WRITES, count, bounds)

    def redirect(self, location: str, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Answer 307 to another place, which no client may follow with its token."""
        self._add(lambda _target, _proceed: Response(307, headers={"Location": location}), _ALL, count, bounds)

    def foreign_page(self, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Answer 200 with a page of something that stands in between, such as a proxy."""
        page = Response(200, b"<html>Please wait.</html>", {"Content-Type": "text/html"})
        self._add(lambda _target, _proceed: page, _ALL, count, bounds)

    def reset(self, count: int | None = None, *, after_commit: bool = False, **bounds: Unpack[Bounds]) -> None:
        """Reset the connection instead of an answer: before or after the request was carried out."""

        def disturb(_: Target, proceed: Proceed) -> Response:
            if after_commit:
                proceed()
            raise NoAnswer(reset=True)

        self._add(disturb, _ALL, count, bounds)

    def hang(
        self,
        count: int | None = None,
        *,
        at: Literal["handshake", "request", "answer"] = "answer",
        **bounds: Unpack[Bounds],
    ) -> None:
        """Say nothing more until the server closes: in the TLS handshake, before the request is carried out, or after.

        A handshake knows no method and no path: there they are not looked at, and `count` counts connections.
        """

        def disturb(_: Target, proceed: Proceed) -> Response:
            if at == "answer":
                proceed()
            self._closing.wait()
            raise NoAnswer(reset=False)

        self._add(disturb, _ALL, count, bounds, self._connections if at == "handshake" else self._faults)

    def slow(self, duration: float, count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Let the answer drip out for `duration` seconds."""

        def disturb(_: Target, proceed: Proceed) -> Response:
            response = proceed()
            response.drip = duration
            return response

        self._add(disturb, _ALL, count, bounds)

    def meanwhile(self, action: Callable[[], object], count: int | None = None, **bounds: Unpack[Bounds]) -> None:
        """Let somebody else act just before the request is carried out, for instance write the same ConfigMap."""

        def disturb(_: Target, proceed: Proceed) -> Response:
            action()
            return proceed()

        self._add(disturb, _ALL, count, bounds)

    def around(self, method: str, target: Target, proceed: Proceed) -> Response:
        """Answer a request, disturbed by the fault that it meets, if any."""
        fault = self._take(self._faults, method, target.path)
        return fault.disturb(target, proceed) if fault else proceed()

    def silences_handshake(self) -> bool:
        """Tell whether a new connection gets no handshake."""
        return self._take(self._connections, "", "") is not None

    def _refuse(
        self, error: Callable[[], status.ApiError], methods: frozenset[str], count: int | None, bounds: Bounds
    ) -> None:
        def disturb(_: Target, __: Proceed) -> Response:
            raise error()

        self._add(disturb, methods, count, bounds)

    def _add(
        self,
        disturb: Disturbance,
        methods: frozenset[str],
        count: int | None,
        bounds: Bounds,
        faults: list[_Fault] | None = None,
    ) -> None:
        seconds, method = bounds.get("seconds"), bounds.get("method")
        fault = _Fault(
            disturb=disturb,
            methods=frozenset({method}) if method else methods,
            path=bounds.get("path", ""),
            count=1 if count is None and seconds is None else count,
            end=None if seconds is None else time.monotonic() + seconds,
        )
        with self._lock:
            (self._faults if faults is None else faults).append(fault)

    def _take(self, faults: list[_Fault], method: str, path: str) -> _Fault | None:
        with self._lock:
            faults[:] = [fault for fault in faults if not fault.is_over()]
            fault = next((fault for fault in faults if fault.meets(method, path)), None)
            if fault and fault.count is not None:
                fault.count -= 1
            return fault
