"""What the errors of other services mean for a resource."""

from __future__ import annotations

import logging
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.cloudformation.errors import ResourceFailed

_log = logging.getLogger(__name__)

_MISSING = ("NotFound", "NoSuch", "404")
#: CloudFormation's own codes, by words in a service's.
_HANDLER_CODES = {"AlreadyExists": ("AlreadyExists", "Duplicate", "InUse"), "NotFound": _MISSING}


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that the thing is not there."""
    code, message = _code(error), error.response["Error"].get("Message", "")
    return any(word in code for word in _MISSING) or (code == "ValidationError" and "not found" in message)


def reason_of(error: Exception) -> str:
    """A failure as CloudFormation puts it into an event."""
    if isinstance(error, ResourceFailed):
        return str(error)
    if isinstance(error, ClientError):
        return _reason_of_service(error)
    if isinstance(error, BotoCoreError | KeyError | TypeError | ValueError | AttributeError):
        _log.debug("a resource failed", exc_info=error)
        return f"Properties validation failed: {type(error).__name__}: {error}"
    _log.error("a resource failed", exc_info=error)
    return f"Internal Failure: {type(error).__name__}: {error}"


def _reason_of_service(error: ClientError) -> str:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    meant = (name for name, words in _HANDLER_CODES.items() if any(word in code for word in words))
    details = f"Operation: {error.operation_name}; Status Code: {status}; Error Code: {code}"
    said = f"{error.response['Error'].get('Message', '')} ({details})"
    token = f"RequestToken: {uuid.uuid4()}, HandlerErrorCode: {next(meant, 'InvalidRequest')}"
    return f'Resource handler returned message: "{said}" ({token})'


def _code(error: ClientError) -> str:
    return error.response["Error"].get("Code", "")
