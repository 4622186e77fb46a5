"""Calls to the other services of the local AWS, with a template's loose values made fit for the API."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local_aws.cloudformation.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.cloudformation.values import Value

URL_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}


class Aws:
    """Where we are, and boto3 clients for what is there."""

    def __init__(self, client: Callable[[str], Any], *, region: str, account: str, partition: str) -> None:
        """`client` makes a boto3 client of a service; each is made once and shared by all threads."""
        self._make_client = client
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.region = region
        self.account = account
        self.partition = partition
        self.url_suffix = URL_SUFFIXES[partition]

    def client(self, service: str) -> Value:
        """The service's boto3 client."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def call(self, service: str, operation: str, /, **arguments: Value) -> Value:
        """Call an operation by boto3's name. Arguments that are None are left out."""
        client = self.client(service)
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
        given = {name: value for name, value in arguments.items() if value is not None}
        return getattr(client, operation)(**fit(given, shape))


def fit(value: Value, shape: Shape | None) -> Value:
    """The value as the API's shape wants it.

    CloudFormation is generous: `"5"` is a number where one is wanted, and property names begin with a capital where the
    API's may not. What does not fit at all is left for botocore to refuse.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        fitting = (members.get(key.lower(), (key, None)) for key in value)
        return {name: fit(item, member) for (name, member), item in zip(fitting, value.values(), strict=True)}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [fit(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, list):
        # Tags, which CloudFormation lists.
        value = {item["Key"]: item["Value"] for item in value}
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: fit(item, shape.value) for key, item in value.items()}
    return value if shape is None else _fit_scalar(value, shape.type_name)


def _fit_scalar(value: Value, type_name: str) -> Value:
    if type_name == "string":
        if isinstance(value, bool | int | float):
            return as_text(value)
        return json.dumps(value) if isinstance(value, dict) else value
    if isinstance(value, str):
        if type_name == "boolean" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if type_name in ("integer", "long") and value.lstrip("-").isdigit():
            return int(value)
        if type_name in ("float", "double"):
            return float(value)
    return value
