"""Reading what a client sent: the options of a request, and its body as an object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api import protobuf
from local_aws.kubernetes_api.schema import DecodingError, decode, parse_json
from local_aws.kubernetes_api.status import Cause, bad_request, invalid, quoted, unsupported_media_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.kubernetes_api.resources import Resource
    from local_aws.kubernetes_api.schema import Json


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is to be done."""

    #: The writer's name in `managedFields`.
    manager: str = "unknown"
    #: Whether the writer named itself, as an applier must.
    manager_is_given: bool = False
    #: Whether everything happens but the writing.
    dry_run: bool = False
    #: Whether an applier takes over what others own.
    force: bool = False
    #: What an unknown field does: Strict refuses, Warn warns, Ignore drops it silently.
    field_validation: str = "Warn"
    #: Collects what the answer is to warn of.
    warnings: list[str] = field(default_factory=list)

    def report_unknown(self, unknown: list[str], prefix: str) -> None:
        """Refuse unknown fields, warn of them or ignore them."""
        texts = [f'unknown field "{path}"' for path in unknown]
        if texts and self.field_validation == "Strict":
            raise bad_request(f"{prefix}strict decoding error: {', '.join(texts)}")
        if self.field_validation == "Warn":
            self.warnings.extend(texts)


def read_options(query: Mapping[str, str], headers: Mapping[str, str]) -> Options:
    """Read the options of a write; the names of headers are in lower case.

    Raises:
        ApiError: 422, an option has a value that it cannot have.
    """
    dry_run, validation = query.get("dryRun", ""), query.get("fieldValidation") or "Warn"
    causes = []
    if dry_run not in ("", "All"):
        causes.append(_unsupported("dryRun", dry_run, "All"))
    if validation not in ("Ignore", "Strict", "Warn"):
        causes.append(_unsupported("fieldValidation", validation, "Ignore", "Strict", "Warn"))
    if causes:
        raise invalid(None, "", causes)
    return Options(
        manager=query.get("fieldManager") or headers.get("user-agent", "").partition("/")[0] or "unknown",
        manager_is_given=bool(query.get("fieldManager")),
        dry_run=bool(dry_run),
        force=query.get("force") == "true",
        field_validation=validation,
    )


def media_type(headers: Mapping[str, str]) -> str:
    """Read the content type, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip()


def read_object(resource: Resource, content_type: str, body: bytes, options: Options) -> dict[str, Any]:
    """Read the body of a create or update as an object of this resource.

    Raises:
        ApiError: 400, it is none; 415, it is in a format that is not read here.
    """
    if content_type == protobuf.CONTENT_TYPE:
        try:
            return typed(resource, protobuf.to_json(body), options)
        except (IndexError, KeyError, ValueError) as error:
            raise bad_request(
                f"the object provided is unrecognized (must be of type {resource.kind}): {error}"
            ) from error
    if content_type not in ("", "application/json"):
        raise unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, "
            f"{protobuf.CONTENT_TYPE}"
        )
    return typed(resource, parse(body, resource.kind), options)


def parse(body: bytes, kind: str) -> Json:
    """Parse a body that is to be of a kind.

    Raises:
        ApiError: 400, it is not JSON.
    """
    try:
        return parse_json(body)
    except DecodingError as error:
        summary = body[:30].decode(errors="replace")
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse "
            f"error: {error} ({summary})"
        ) from error


def typed(resource: Resource, value: Json, options: Options) -> dict[str, Any]:
    """Read a parsed body as an object of this resource.

    Raises:
        ApiError: 400, it is of another kind or version, or a field is of another type.
    """
    given = value if isinstance(value, dict) else {}
    kind, api_version = given.get("kind") or resource.kind, given.get("apiVersion") or resource.api_version
    version = quoted(str(api_version).rpartition("/")[2])
    described = f"{kind} in version {version} cannot be handled as a {resource.kind}: "
    if kind != resource.kind:
        raise bad_request(f"{described}converting (v1.{kind}) to ({resource.kind}): unknown conversion")
    if api_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    try:
        decoded, unknown = decode(resource, value)
    except DecodingError as error:
        raise bad_request(f"{described}{error}") from error
    options.report_unknown(unknown, described)
    return decoded


def _unsupported(option: str, value: str, *allowed: str) -> Cause:
    values = ", ".join(quoted(choice) for choice in allowed)
    message = f"Unsupported value: {quoted(value)}: supported values: {values}"
    return Cause(option, "FieldValueNotSupported", message)
