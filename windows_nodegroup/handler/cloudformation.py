"""The custom-resource protocol: what CloudFormation asks, and the one answer that it waits for.

The contract: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html. The standard library alone.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from calendar import timegm
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from . import log
from .deadline import Backoff, Deadline
from .failures import InvalidProperties, OutOfTime
from .transport import Connection, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: CloudFormation reads no more than this of an answer.
ANSWER_BYTES = 4096

#: Pauses between the attempts to deliver an answer, in seconds: the first at most, and the longest.
DELIVERY_BACKOFF = (0.5, 8.0)

# What physical ids begin with after a Create that failed. CloudFormation makes up none with a slash.
_NOTHING, _SOMETHING = "none/", "failed/"

# URLs with the older signature name only their end. CloudFormation waits for an answer as long as this.
_URL_MILLISECONDS = 2 * 3600 * 1000

_SERVER_ERROR = 500
_SUCCESS = range(200, 300)
_CUT = "…"


class NotARequestError(ValueError):
    """The event is not one of CloudFormation's: there is nowhere to send an answer to."""


class UndeliverableError(Exception):
    """The answer could not be delivered in time; Lambda may run the invocation again."""


class Request(NamedTuple):
    """A request of CloudFormation.

    Attributes:
        request_type: `Create`, `Update` or `Delete`; something else if CloudFormation ever invents it.
        request_id: The request's own id: the same again when Lambda delivers an event twice.
        stack_id: The stack's ARN.
        logical_id: The resource's name in the template.
        resource_type: `Custom::…`.
        physical_id: What identifies the resource; empty on Create. On Delete CloudFormation may have made it up.
        properties: As in the template; every scalar is a string.
        old_properties: On Update, the properties until now.
        response_url: Where the answer goes. A secret: whoever has it can answer.
        issued: When the request was made, in milliseconds since 1970, if its URL tells (CloudFormation's do).
        expired: Whether CloudFormation has stopped to wait for the answer.
    """

    request_type: str
    request_id: str
    stack_id: str
    logical_id: str
    resource_type: str
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    response_url: str
    issued: int | None
    expired: bool

    def __repr__(self) -> str:
        """Show what may be seen, should a request ever end up in a message."""
        return f"<{self.request_type} {self.request_id}>"

    @classmethod
    def parse(cls, event: object) -> Request:
        """Read an event. Whatever is missing or of another type is read as empty, so that there is an answer.

        Raises:
            NotARequestError: There is no URL for the answer.
        """
        members = event if isinstance(event, dict) else {}
        response_url = _text(members, "ResponseURL")
        if not response_url.startswith(("https://", "http://")):
            raise NotARequestError("the event has no ResponseURL")
        issued, expires = _signed_times(response_url)
        return cls(
            request_type=_text(members, "RequestType"),
            request_id=_text(members, "RequestId"),
            stack_id=_text(members, "StackId"),
            logical_id=_text(members, "LogicalResourceId"),
            resource_type=_text(members, "ResourceType"),
            physical_id=_text(members, "PhysicalResourceId"),
            properties=_mapping(members, "ResourceProperties"),
            old_properties=_mapping(members, "OldResourceProperties"),
            response_url=response_url,
            issued=issued,
            expired=expires is not None and expires < time.time() * 1000,
        )

    @property
    def follows_nothing(self) -> bool:
        """Whether this is the Delete after a Create that failed and had written nothing."""
        return self.physical_id.startswith(_NOTHING)

    @property
    def failed_request(self) -> str:
        """The id of the failed Create that this Delete follows; empty: it follows another request."""
        return self.physical_id.rpartition("/")[2] if self.physical_id.startswith((_NOTHING, _SOMETHING)) else ""

    def failed_id(self, *, may_have_written: bool) -> str:
        """Return the id of a resource whose Create failed: a later Create may succeed before that one is deleted."""
        return f"{_SOMETHING if may_have_written else _NOTHING}{self.logical_id}/{self.request_id}"


def text_property(properties: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """Return a property's value; empty if it is absent and not required.

    Raises:
        InvalidProperties: It is missing, or not a string.
    """
    value = properties.get(name, "")
    if not isinstance(value, str):
        raise InvalidProperties(f"property {name} is a {type(value).__name__}: give it a string")
    if required and not value:
        raise InvalidProperties(f"property {name} is missing: give it a value")
    return value


class Answer(NamedTuple):
    """What CloudFormation gets.

    Attributes:
        physical_id: Identifies the resource; when an Update changes it, CloudFormation deletes the old one afterwards.
        reason: Why it failed; empty: it succeeded.
        data: The resource's attributes, for `Fn::GetAtt`.
    """

    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = MappingProxyType({})

    def encode(self, request: Request) -> bytes:
        """Return the body; texts are shortened, the longest first, as far as CloudFormation's limit demands."""
        texts = {"Reason": self.reason} if self.reason else dict(self.data)
        texts = {name: text[:ANSWER_BYTES] for name, text in texts.items()}
        while (excess := len(body := self._body(request, texts)) - ANSWER_BYTES) > 0:
            longest = max(texts, key=lambda name: len(texts[name]), default="")
            if len(texts.get(longest, "")) <= len(_CUT):
                break
            # A character takes at most six bytes (`\u001f`): a sixth of the excess never cuts too much.
            texts[longest] = texts[longest][: -(len(_CUT) + 1 + excess // 6)] + _CUT
        return body

    def _body(self, request: Request, texts: Mapping[str, str]) -> bytes:
        outcome = {"Status": "FAILED", **texts} if self.reason else {"Status": "SUCCESS", "Data": texts}
        members = {
            **outcome,
            "PhysicalResourceId": self.physical_id,
            "StackId": request.stack_id,
            "RequestId": request.request_id,
            "LogicalResourceId": request.logical_id,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def deliver(answer: Answer, request: Request, deadline: Deadline) -> None:
    """Send the answer, again with growing pauses while the other side breaks off or fails (5xx).

    A refusal (4xx) is final: the URL has expired or CloudFormation does not wait any more.

    Raises:
        UndeliverableError: Nobody took the answer until the deadline.
    """
    body = answer.encode(request)
    url = urllib.parse.urlsplit(request.response_url)
    target = url.path + (f"?{url.query}" if url.query else "")
    backoff = Backoff(*DELIVERY_BACKOFF)
    while True:
        try:
            connection = Connection(f"{url.scheme}://{url.netloc}", deadline)
            # The URL was signed for a request without a content type.
            response = connection.request("PUT", target, headers={"Content-Type": ""}, body=body)
            connection.close()
            outcome = f"HTTP {response.status}"
            if response.status < _SERVER_ERROR:
                break
        except TransportError as error:
            outcome = type(error).__name__
        except OutOfTime:
            raise UndeliverableError("the time was over before the answer was delivered") from None
        log.warning("the answer was not taken", outcome=outcome)
        try:
            deadline.pause(backoff.next())
        except OutOfTime:
            raise UndeliverableError(f"the answer was not taken until the deadline: {outcome}") from None
    facts = {"status": "FAILED" if answer.reason else "SUCCESS", "reason": answer.reason, "bytes": len(body)}
    if response.status in _SUCCESS:
        log.info("answered", physical_id=answer.physical_id, **facts)
    else:
        log.error("the answer was refused: CloudFormation does not wait for it", outcome=outcome, **facts)


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _mapping(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _signed_times(response_url: str) -> tuple[int | None, int | None]:
    """Return when the URL was signed and when it ends, in milliseconds, as far as its query says so."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response_url).query))
    try:
        if "Expires" in query:
            expires = int(query["Expires"]) * 1000
            return expires - _URL_MILLISECONDS, expires
        issued = timegm(time.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")) * 1000
        return issued, issued + int(query["X-Amz-Expires"]) * 1000
    except (KeyError, ValueError):
        return None, None
