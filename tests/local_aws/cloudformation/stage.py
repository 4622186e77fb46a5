"""A CloudFormation over plain moto, with functions that are Python callables."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local_aws.cloudformation import CloudFormation
from local_aws.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

REGION = "us-west-2"
ACCOUNT = "123456789012"

Event = dict[str, Any]


def put(url: str, body: bytes, **headers: str) -> int:
    """Put something to a response URL as a function should: with an empty content type."""
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": "", **headers})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
            return int(response.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def answer(event: Event, status: str = "SUCCESS", **more: object) -> int:
    """Answer a custom resource's request."""
    echoed = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    physical_id = event.get("PhysicalResourceId", f"made-{event['LogicalResourceId']}")
    return put(
        event["ResponseURL"],
        json.dumps({"Status": status, "PhysicalResourceId": physical_id, **echoed, **more}).encode(),
    )


@dataclass
class Functions:
    """Functions by their ARNs; invoked in threads of their own."""

    by_arn: dict[str, Callable[[Event], object]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def add(self, name: str, function: Callable[[Event], object] = answer) -> str:
        """Make a function; returns its ARN."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.by_arn[arn] = function
        return arn

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Stand in for the Lambda client's `invoke`."""
        assert InvocationType == "Event"
        event = json.loads(Payload)
        self.events.append(event)
        threading.Thread(target=self.by_arn[FunctionName], args=(event,), daemon=True).start()
        return {"StatusCode": 202}

    def seen(self, *keys: str) -> list[tuple[Any, ...]]:
        """The events so far, reduced to some of their keys."""
        return [tuple(event.get(key) for key in keys) for event in self.events]


@cache
def _client(service: str, url: str) -> Any:
    # One of hundreds of services, whose stubs mypy would try in turn.
    make: Any = boto3.client
    return make(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


class Front:
    """A server that stays while stages come and go: making a client of another address takes longer than most tests."""

    def __init__(self) -> None:
        """Listen; there is no stage yet."""
        self.application: CloudFormation | None = None
        self.server = Server(self)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand on to the stage."""
        assert self.application is not None
        return self.application(environ, start_response)


class Stage:
    """The endpoint, and clients for it and for moto."""

    def __init__(self, moto_url: str, front: Front) -> None:
        """Start the endpoint in front of moto."""
        self._moto_url = moto_url
        self.url = front.server.url
        self.functions = Functions()
        self.client("lambda").invoke = self.functions.invoke
        self.cloudformation = CloudFormation(
            client=self.client, base_url=lambda: self.url, region=REGION, account=ACCOUNT
        )
        front.application = self.cloudformation

    def empty_moto(self) -> None:
        """Forget everything that moto has."""
        reset = urllib.request.Request(f"{self._moto_url}/moto-api/reset", method="POST")  # noqa: S310 - loopback
        urllib.request.urlopen(reset).close()  # noqa: S310 - loopback

    def close(self) -> None:
        """Wait for what is under way."""
        self.cloudformation.close()

    def client(self, service: str) -> Any:
        """A boto3 client: of the endpoint, or of moto."""
        return _client(service, self.url if service == "cloudformation" else self._moto_url)

    @cached_property
    def api(self) -> Any:
        """CloudFormation's client."""
        return self.client("cloudformation")

    def create(self, template: object, *, name: str = "one", wait: bool = True, **arguments: Any) -> dict[str, Any]:
        """CreateStack, and the stack as it is afterwards."""
        self.api.create_stack(
            StackName=name, TemplateBody=_text(template), Capabilities=["CAPABILITY_NAMED_IAM"], **_named(arguments)
        )
        return self._after(name, wait=wait)

    def update(self, template: object, *, name: str = "one", wait: bool = True, **arguments: Any) -> dict[str, Any]:
        """UpdateStack, and the stack as it is afterwards."""
        self.api.update_stack(
            StackName=name, TemplateBody=_text(template), Capabilities=["CAPABILITY_NAMED_IAM"], **_named(arguments)
        )
        return self._after(name, wait=wait)

    def delete(self, *, name: str = "one", **arguments: Any) -> dict[str, Any]:
        """DeleteStack, and the stack as it is afterwards."""
        stack_id = self.describe(name)["StackId"]
        self.api.delete_stack(StackName=name, **arguments)
        return self._after(stack_id)

    def change_set(
        self, template: object, *, name: str = "one", kind: str = "UPDATE", **arguments: object
    ) -> dict[str, Any]:
        """CreateChangeSet, and its description with values."""
        made = self.api.create_change_set(
            StackName=name,
            ChangeSetName="changes",
            ChangeSetType=kind,
            TemplateBody=_text(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **_named(arguments),
        )
        described: dict[str, Any] = self.api.describe_change_set(
            StackName=name, ChangeSetName=made["Id"], IncludePropertyValues=True
        )
        return described

    def describe(self, name: str = "one") -> dict[str, Any]:
        """The stack as DescribeStacks shows it."""
        described: dict[str, Any] = self.api.describe_stacks(StackName=name)["Stacks"][0]
        return described

    def events(self, name: str = "one", *, of: str | None = None) -> list[tuple[str, str, str | None]]:
        """The events, oldest first: logical id, status, reason."""
        pages = self.api.get_paginator("describe_stack_events").paginate(StackName=name)
        shown = [event for page in pages for event in page["StackEvents"]][::-1]
        return [
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason"))
            for event in shown
            if of in (None, event["LogicalResourceId"])
        ]

    def statuses(self, logical_id: str, name: str = "one") -> list[str]:
        """The statuses that a resource, or the stack by its name, went through."""
        found: list[str] = []
        for _, status, _ in self.events(name, of=logical_id):
            if found[-1:] != [status]:
                found.append(status)
        return found

    def physical_id(self, logical_id: str, name: str = "one") -> str:
        """A resource's physical id."""
        described = self.api.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(described["StackResourceDetail"]["PhysicalResourceId"])

    def _after(self, name: str, *, wait: bool = True) -> dict[str, Any]:
        if wait:
            self.cloudformation.wait(name)
        return self.describe(name)


def _text(template: object) -> str:
    return template if isinstance(template, str) else json.dumps(template)


def _named(arguments: dict[str, Any]) -> dict[str, Any]:
    parameters = arguments.pop("parameters", None)
    if parameters is not None:
        arguments["Parameters"] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return arguments


def role(**properties: object) -> dict[str, Any]:
    """A role that EC2 may assume: the simplest resource."""
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]
    }
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, **properties}}


def custom(token: str, **properties: object) -> dict[str, Any]:
    """A custom resource."""
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, **properties}}


def template(**resources: object) -> dict[str, Any]:
    """A template of resources."""
    return {"Resources": resources}
