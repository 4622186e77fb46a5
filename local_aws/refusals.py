"""Errors of the local AWS itself, in the form that the service's clients read: it says what is missing."""

from __future__ import annotations

import json
from http import HTTPStatus
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response


def refusal(service: str, code: str, message: str, status: int = HTTPStatus.BAD_REQUEST) -> Response:
    """An error of `service` (by its boto3 name) with AWS's error `code`, in JSON or XML as the service has it.

    Never a 5xx: the SDK in the CDK CLI repeats those for most of a minute.
    """
    if _speaks_json(service):
        body = json.dumps({"__type": code, "message": message})
        return Response(body, status, {"x-amzn-ErrorType": code}, content_type="application/x-amz-json-1.1")
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if service == "ec2":
        error = f"<Response><Errors>{error}</Errors><RequestID>local-aws</RequestID></Response>"
    elif service != "s3":
        error = f"<ErrorResponse>{error}<RequestId>local-aws</RequestId></ErrorResponse>"
    return Response(error, status, content_type="text/xml")


def missing_service(signing_name: str) -> Response:
    """The answer to a call to a service that the local AWS does not have."""
    return refusal(signing_name, "UnknownService", f"the local AWS has no service {signing_name!r}")


def missing_operation(service: str, operation: str) -> Response:
    """The answer to an operation that the local AWS does not have."""
    return refusal(service, "UnknownOperation", f"the local AWS has no operation {service}:{operation}")


def _speaks_json(service: str) -> bool:
    try:
        return "json" in str(get_service_model(service).protocol)
    except UnknownServiceError:
        return True
