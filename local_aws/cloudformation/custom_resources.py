"""Custom resources: requests to functions, and the one door through which they answer."""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import Cancelled, ResourceFailed
from local_aws.cloudformation.values import as_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.cloudformation.aws import Aws

PATH = "/cloudformation-response/"

_MOST_BYTES = 4096
_MOST_ID_BYTES = 1024
_ECHOED = ("StackId", "RequestId", "LogicalResourceId")
_NO_RESPONSE = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{}]. "
    "If you are using the Python cfn-response module, you may need to update your Lambda function code so that "
    "CloudFormation can attach the updated version."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Something that was put to a response URL."""

    body: bytes
    content_type: str | None
    #: The HTTP status that the function got for it.
    http_status: int
    #: Whether this is the answer that counted: the first one that was stored.
    counted: bool


@dataclass(slots=True)
class Invocation:
    """One request to a function, with everything that came back."""

    request: dict[str, Any]
    service_token: str
    answers: list[Answer] = field(default_factory=list)
    #: Nobody waits for the answer any more: another resource failed, or the time was over.
    abandoned: bool = False
    answered: threading.Event = field(default_factory=threading.Event)

    @property
    def request_type(self) -> str:
        """Create, Update or Delete."""
        return str(self.request["RequestType"])

    @property
    def answer(self) -> dict[str, Any] | None:
        """The answer that counted, read as JSON; None if there is none, or it is none."""
        for answer in self.answers:
            if answer.counted:
                try:
                    read = json.loads(answer.body)
                except ValueError:
                    return None
                return read if isinstance(read, dict) else None
        return None


class CustomResources:
    """Sends requests and receives answers for all stacks."""

    def __init__(self, aws: Aws, base_url: Callable[[], str]) -> None:
        """`base_url` is where the functions reach this server."""
        self._aws = aws
        self._base_url = base_url
        self._open: dict[str, tuple[str, Invocation]] = {}
        self._lock = threading.Lock()
        #: Statuses with which the next answers are turned away, to see whether a function tries again.
        self.refuse_next: deque[int] = deque()
        #: Multiplies every `ServiceTimeout`, so that tests need not wait.
        self.patience = 1.0

    def invoke(
        self, request: Mapping[str, Any], cancelled: threading.Event, sent: Callable[[Invocation], None]
    ) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Args:
            request: RequestType, StackId, LogicalResourceId, ResourceType, ResourceProperties and the like.
            cancelled: set when nobody wants the answer any more.
            sent: takes the invocation as soon as it is on its way.

        Returns:
            The answer: `PhysicalResourceId`, `Data`, …

        Raises:
            ResourceFailed: the answer says so, is malformed, or does not come in time.
            Cancelled: see `cancelled`.
        """
        properties = as_texts(request["ResourceProperties"])
        token, signature = secrets.token_urlsafe(24), secrets.token_hex(16)
        event = {
            **request,
            "RequestId": str(uuid.uuid4()),
            "ResponseURL": f"{self._base_url().rstrip('/')}{PATH}{token}?X-Amz-Signature={signature}",
            "ServiceToken": properties["ServiceToken"],
            "ResourceProperties": properties,
        }
        if "OldResourceProperties" in event:
            event["OldResourceProperties"] = as_texts(event["OldResourceProperties"])
        invocation = Invocation(event, str(properties["ServiceToken"]))
        self._open[token] = (signature, invocation)
        sent(invocation)
        self._aws.call(
            "lambda",
            "invoke",
            FunctionName=invocation.service_token,
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )
        self._wait(invocation, float(properties.get("ServiceTimeout", 3600)) * self.patience, cancelled)
        return _judge(invocation)

    def _wait(self, invocation: Invocation, seconds: float, cancelled: threading.Event) -> None:
        deadline = time.monotonic() + seconds
        while not invocation.answered.wait(min(0.05, max(0.0, deadline - time.monotonic()))):
            late = time.monotonic() >= deadline
            if not (late or cancelled.is_set()):
                continue
            with self._lock:
                if invocation.answered.is_set():
                    return
                invocation.abandoned = True
            if late:
                raise ResourceFailed(_NO_RESPONSE.format(invocation.request["RequestId"]))
            raise Cancelled

    def receive(self, token: str, query: str, content_type: str | None, body: bytes) -> int:
        """Take a PUT as S3 would take it, and return its HTTP status.

        The URL is signed for an empty content type; any other is refused, as by S3.
        """
        signature, invocation = self._open.get(token, ("", None))
        if invocation is None or query != f"X-Amz-Signature={signature}":
            return HTTPStatus.FORBIDDEN
        status = self.refuse_next.popleft() if self.refuse_next else HTTPStatus.OK
        if content_type:
            status = HTTPStatus.FORBIDDEN
        with self._lock:
            counted = status == HTTPStatus.OK and not invocation.answered.is_set() and not invocation.abandoned
            invocation.answers.append(Answer(body, content_type, int(status), counted))
            if counted:
                invocation.answered.set()
        return int(status)


def _judge(invocation: Invocation) -> dict[str, Any]:
    request = invocation.request
    (counted,) = [answer for answer in invocation.answers if answer.counted]
    if len(counted.body) > _MOST_BYTES:
        raise ResourceFailed("Response object is too long.")
    answer = invocation.answer
    if answer is None:
        raise ResourceFailed("Invalid Json: the response is no JSON object")
    physical_id = answer.get("PhysicalResourceId")
    named = physical_id if isinstance(physical_id, str) and physical_id else None
    for key in _ECHOED:
        if answer.get(key) != request[key]:
            raise ResourceFailed(
                f"Invalid response object: Value of property {key} must be {request[key]}", physical_id=named
            )
    status = answer.get("Status")
    if status == "FAILED":
        if not answer.get("Reason"):
            raise ResourceFailed(
                "Invalid response object: Value of property Reason must be a non-empty string", physical_id=named
            )
        raise ResourceFailed(
            f"Received response status [FAILED] from custom resource. Message returned: {answer['Reason']} "
            f"(RequestId: {request['RequestId']})",
            physical_id=named,
        )
    if status != "SUCCESS":
        raise ResourceFailed(
            f"Invalid response object: Value of property Status must be SUCCESS or FAILED, not {status!r}"
        )
    if named is None or len(named.encode()) > _MOST_ID_BYTES:
        raise ResourceFailed("Invalid PhysicalResourceId")
    return answer
