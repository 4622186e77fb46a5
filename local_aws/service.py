"""A service of our own beside moto's: operations are methods, botocore's models say how they look on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from botocore import xform_name
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from local_aws.refusals import missing_operation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from moto.core.model import OperationModel

    from local_aws.callers import Caller

#: Where the front leaves who is calling.
CALLER = "local_aws.caller"
#: Where the front leaves which region is asked.
REGION = "local_aws.region"


class ServiceError(ServiceException):
    """An operation's refusal: `ServiceError(code, message)`; the service's model has the code's HTTP status."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the operation's parameters by AWS's names, who asks, and in which region."""

    parameters: dict[str, Any]
    caller: Caller
    region: str


class Service:
    """A WSGI application that answers the operations that its class has methods for.

    A method is named as in boto3 (`describe_cluster`), takes a `Call` and returns the output by AWS's names.
    It refuses by raising `ServiceError`. Any other operation is an error that names it.
    """

    #: The service as boto3 calls it.
    name: ClassVar[str]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            operation, url_params = get_service_router(self.name).match(request)
        except NotFound:
            return missing_operation(self.name, f"{request.method} {request.path}")
        method = getattr(self, xform_name(operation.name), None)
        if method is None:
            return missing_operation(self.name, operation.name)
        parameters = _parameters(request, operation, url_params)
        call = Call(parameters, request.environ[CALLER], request.environ[REGION])
        try:
            output: Any = method(call)
        except ServiceError as refused:
            output = refused
        return _response(request, operation, output)


def _protocol(request: Request, operation: OperationModel) -> str:
    return determine_request_protocol(operation.service_model, request.content_type)


def _parameters(request: Request, operation: OperationModel, url_params: dict[str, Any]) -> dict[str, Any]:
    parser = PROTOCOL_PARSERS[_protocol(request, operation)](operation)
    parsed: dict[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": url_params,
        }
    )
    return parsed


def _response(request: Request, operation: OperationModel, output: object) -> Response:
    serializer = get_serializer_class(operation.service_model.service_name, _protocol(request, operation))(operation)
    serialized = serializer.serialize(output)
    status = _modelled_status(operation, output) or serialized["status_code"]
    return Response(serialized["body"], status, dict(serialized["headers"]))


def _modelled_status(operation: OperationModel, output: object) -> int | None:
    """Lambda's Invoke has its HTTP status as a member, which moto's serializer leaves out."""
    members = operation.output_shape.members if operation.output_shape is not None else {}
    for name, member in members.items():
        if member.serialization.get("location") == "statusCode" and isinstance(output, dict):
            return output.get(name)
    return None
