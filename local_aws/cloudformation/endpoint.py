"""The endpoint: a WSGI application that speaks CloudFormation's API and takes custom resources' answers."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from local_aws.cloudformation import custom_resources, protocol
from local_aws.cloudformation.actions import Actions
from local_aws.cloudformation.aws import Aws
from local_aws.cloudformation.custom_resources import CustomResources
from local_aws.cloudformation.descriptions import Descriptions
from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.stacks import Stacks
from local_aws.cloudformation.task import Means

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local_aws.cloudformation.signals import Launch

_log = logging.getLogger(__name__)

#: How long a cancelled operation may take to come to its end.
_LAST_SECONDS = 5.0


def boot_at_once(launch: Launch) -> None:
    """Instances that boot in no time and signal success."""
    for instance_id in launch.instance_ids:
        launch.signal(instance_id, True)


class CloudFormation:
    """A small CloudFormation over the other services of a local AWS.

    Attributes:
        stacks: All stacks with their resources, events and custom-resource invocations, for assertions.
        custom_resources: The door for answers: `refuse_next` turns answers away, `patience` shortens every
            `ServiceTimeout`.
        means: `on_launch` boots the instances of Auto Scaling groups (None: nobody signals), `patience` shortens every
            wait for signals.
        join_seconds: How long a call that starts an operation waits for its end before it answers. The CDK CLI then
            finds the final status at its first look; otherwise it looks again only after five seconds.
    """

    def __init__(
        self,
        *,
        client: Callable[[str], Any],
        base_url: Callable[[], str],
        region: str,
        account: str,
        partition: str = "aws",
    ) -> None:
        """No stacks yet.

        Args:
            client: Makes a boto3 client of another service.
            base_url: Where functions reach this application, for their answers.
            region: Where everything is.
            account: Whose everything is.
            partition: The partition of the region.
        """
        aws = Aws(client, region=region, account=account, partition=partition)
        self.stacks = Stacks(aws)
        self.custom_resources = CustomResources(aws, base_url)
        self.means = Means(
            aws, self.custom_resources, boot_at_once, exports=self.stacks.exports, importers=self.stacks.importers
        )
        self.join_seconds = 8.0
        self._answering = (
            Descriptions(self.stacks, aws),
            Actions(self.stacks, self.means, join_seconds=lambda: self.join_seconds),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ.get("PATH_INFO", "")
        if path.startswith(custom_resources.PATH):
            status, text = self._take_answer(environ, path.removeprefix(custom_resources.PATH), body), ""
        else:
            status, text = self._call(body.decode() or environ.get("QUERY_STRING", ""))
        payload = text.encode()
        headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(payload)))]
        start_response(f"{int(status)} {HTTPStatus(status).phrase}", headers)
        return [payload]

    def wait(self, stack_name: str, *, seconds: float = 60) -> None:
        """Wait until nothing happens to the stack any more.

        Raises:
            TimeoutError: something still happens after so many seconds.
        """
        stack = self.stacks[stack_name]
        if not stack.idle.wait(seconds):
            raise TimeoutError(f"stack {stack_name} is still in {stack.status} after {seconds} s")

    def close(self, *, seconds: float = 10) -> None:
        """Wait for what is under way, then cancel it, so that no thread calls services that are gone."""
        deadline = time.monotonic() + seconds
        for stack in self.stacks:
            stack.idle.wait(max(0.0, deadline - time.monotonic()))
        self.means.ending.set()
        for stack in self.stacks:
            stack.idle.wait(_LAST_SECONDS)

    def _take_answer(self, environ: WSGIEnvironment, token: str, body: bytes) -> int:
        if environ["REQUEST_METHOD"] != "PUT":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if not environ.get("CONTENT_LENGTH"):
            return HTTPStatus.LENGTH_REQUIRED
        return self.custom_resources.receive(token, environ.get("QUERY_STRING", ""), environ.get("CONTENT_TYPE"), body)

    def _call(self, form: str) -> tuple[int, str]:
        try:
            operation, request = protocol.parse(form)
            method = self._method(operation)
            return HTTPStatus.OK, protocol.render(operation, method(request))
        except KeyError as error:
            refused = Refused(f"The action {error} is not valid for this endpoint.", code="InvalidAction")
        except Refused as error:
            refused = error
        except ClientError as error:
            refused = Refused(f"{error}")
        except Exception as error:  # noqa: BLE001 - logged, and answered
            # Never a 5xx: the SDK in the CDK CLI repeats those for most of a minute.
            _log.exception("a call to CloudFormation broke off")
            refused = Refused(f"{type(error).__name__}: {error}", code="InternalFailure")
        return refused.status, protocol.render_error(refused)

    def _method(self, operation: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        name = xform_name(operation)
        for answering in self._answering:
            method: Callable[[dict[str, Any]], dict[str, Any]] | None = getattr(answering, name, None)
            if method is not None:
                return method
        raise Refused(f"the local AWS has no operation cloudformation:{operation}", code="UnknownOperation")
