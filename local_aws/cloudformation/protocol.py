"""AWS's query protocol: form fields in, XML out, both along botocore's model of the CloudFormation API."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, ServiceModel

    from local_aws.cloudformation.errors import Refused
    from local_aws.cloudformation.values import Value

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


@cache
def service_model() -> ServiceModel:
    """The CloudFormation API as the installed botocore knows it."""
    return botocore.session.get_session().get_service_model("cloudformation")


def parse(body: str) -> tuple[str, dict[str, Any]]:
    """The operation's name and its parameters by AWS's names.

    Raises:
        KeyError: the API has no such operation.
    """
    fields = dict(parse_qsl(body, keep_blank_values=True))
    operation = fields.pop("Action", "")
    if operation not in service_model().operation_names:
        raise KeyError(operation)
    shape = service_model().operation_model(operation).input_shape
    return operation, {} if shape is None else _read_structure(shape, "", fields)


def _read_structure(shape: StructureShape, prefix: str, fields: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, member in shape.members.items():
        key = f"{prefix}{name}"
        if _is_given(key, fields):
            read[name] = _read(member, key, fields)
    return read


def _is_given(key: str, fields: Mapping[str, str]) -> bool:
    return key in fields or any(field.startswith(f"{key}.") for field in fields)


def _read(shape: Shape, key: str, fields: Mapping[str, str]) -> Value:
    if isinstance(shape, ListShape):
        members = (f"{key}.member.{number}" for number in itertools.count(1))
        present = itertools.takewhile(lambda member: _is_given(member, fields), members)
        return [_read(shape.member, member, fields) for member in present]
    if isinstance(shape, StructureShape):
        return _read_structure(shape, f"{key}.", fields)
    text = fields[key]
    if shape.type_name == "boolean":
        return text == "true"
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text


def render(operation: str, output: Mapping[str, Any]) -> str:
    """The answer to a call, as XML."""
    model: OperationModel = service_model().operation_model(operation)
    result = ""
    if model.output_shape is not None:
        result = f"<{operation}Result>{_write_members(model.output_shape, output)}</{operation}Result>"
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{NAMESPACE}">{result}{metadata}</{operation}Response>'


def render_error(refused: Refused) -> str:
    """A refusal, as XML."""
    error = f"<Type>Sender</Type><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
    request = f"<RequestId>{uuid.uuid4()}</RequestId>"
    return f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{error}</Error>{request}</ErrorResponse>'


def _write_members(shape: StructureShape, value: Mapping[str, Any]) -> str:
    unknown = value.keys() - shape.members.keys()
    if unknown:
        raise TypeError(f"{shape.name} has no members {sorted(unknown)}")
    return "".join(
        f"<{name}>{_write(shape.members[name], item)}</{name}>" for name, item in value.items() if item is not None
    )


def _write(shape: Shape, value: Value) -> str:
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_write(shape.member, item)}</member>" for item in value)
    if isinstance(shape, MapShape):
        return "".join(
            f"<entry><key>{escape(key)}</key><value>{_write(shape.value, item)}</value></entry>"
            for key, item in value.items()
        )
    if isinstance(shape, StructureShape):
        return _write_members(shape, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return escape(str(value))
