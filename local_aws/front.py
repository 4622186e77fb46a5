"""The one door: every request comes in here, is recognised by its signature's scope, and goes to its service."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

from local_aws.moto_account import SERVICES as MOTO_SERVICES
from local_aws.refusals import missing_operation, missing_service, refusal
from local_aws.service import CALLER, REGION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from werkzeug.wrappers import Response

    from local_aws.callers import Caller, Callers

_log = logging.getLogger(__name__)

#: Services whose name in a signature's scope is not the one that boto3 has.
_BOTO3_NAMES = {"cloudcontrolapi": "cloudcontrol", "monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}

#: Where the answers of custom resources go; the address itself is the secret, as with AWS's presigned ones.
RESPONSE_PATH = "/cloudformation-response/"

_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


class Authorizer(Protocol):
    """Says why a call is not allowed, or None."""

    def __call__(self, caller: Caller, service: str, operation: str, request: Request) -> str | None:
        """Judge one request; `service` is boto3's name."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What was asked of the local AWS, for assertions."""

    #: By boto3's name.
    service: str
    #: The operation's name; for S3 the method and path.
    operation: str
    #: The ARN that `GetCallerIdentity` would answer.
    caller: str


class Front:
    """Checks who calls, notes it, and hands on."""

    def __init__(
        self, *, callers: Callers, ours: Mapping[str, WSGIApplication], moto: WSGIApplication, authorize: Authorizer
    ) -> None:
        """`ours` are the services beside moto's, by their names in a signature's scope."""
        self.calls: list[RecordedCall] = []
        self._callers = callers
        self._ours = ours
        self._moto = moto
        self._authorize = authorize

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO", "").startswith(RESPONSE_PATH):
            return self._ours["cloudformation"](environ, start_response)
        scope = _scope(environ)
        if scope is None:
            unsigned = refusal("s3", "AccessDenied", "the request is not signed", HTTPStatus.FORBIDDEN)
            return unsigned(environ, start_response)
        call = self._admit(scope, environ)
        if not isinstance(call, RecordedCall):
            return call(environ, start_response)
        self.calls.append(call)
        application = self._ours.get(scope["service"], self._moto)
        try:
            return application(environ, start_response)
        except NotImplementedError:
            return missing_operation(call.service, call.operation)(environ, start_response)
        except Exception as error:  # noqa: BLE001 - a 5xx, which clients repeat, helps nobody
            _log.exception("the local AWS failed at %s:%s", call.service, call.operation)
            broken = refusal(call.service, "InternalFailure", f"the local AWS failed: {error!r}")
            return broken(environ, start_response)

    def _admit(self, scope: dict[str, str], environ: WSGIEnvironment) -> RecordedCall | Response:
        """What is asked by whom, or why it is not admitted."""
        signing_name = scope["service"]
        service = _BOTO3_NAMES.get(signing_name, signing_name)
        if signing_name not in self._ours and signing_name not in MOTO_SERVICES:
            return missing_service(signing_name)
        caller = self._callers.by_access_key(scope["key"])
        if caller is None:
            return refusal(
                service,
                "InvalidClientTokenId",
                "the security token included in the request is invalid",
                HTTPStatus.FORBIDDEN,
            )
        environ[CALLER], environ[REGION] = caller, scope["region"]
        if service == "s3":
            operation = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        else:
            _buffer_body(environ)
            request = Request(environ)
            try:
                operation = get_service_router(service).match(request)[0].name
            except NotFound:
                return missing_operation(service, f"{request.method} {request.path}")
            reason = self._authorize(caller, service, operation, request)
            environ["wsgi.input"].seek(0)
            if reason is not None:
                return refusal(service, "AccessDenied", reason, HTTPStatus.FORBIDDEN)
        return RecordedCall(service, operation, caller.arn)


def _scope(environ: WSGIEnvironment) -> dict[str, str] | None:
    credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "") or f"Credential={credential}")
    return found.groupdict() if found else None


def _buffer_body(environ: WSGIEnvironment) -> None:
    """Let the body be read more than once."""
    environ["wsgi.input"] = io.BytesIO(Request(environ).get_data())
