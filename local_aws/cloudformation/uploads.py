"""Templates that callers have put into S3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from local_aws.cloudformation.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_aws.cloudformation.aws import Aws

_MOST_BODY_BYTES = 51_200
_MOST_BYTES = 1_048_576


def template_text(request: Mapping[str, object], previous: str | None, aws: Aws) -> str:
    """The template that a request means: in its body, at a URL, or the one that the stack has.

    Raises:
        Refused: none, too large, or not to be had.
    """
    if request.get("UsePreviousTemplate"):
        if previous is None:
            raise Refused("there is no previous template")
        return previous
    if "TemplateBody" in request:
        body = str(request["TemplateBody"])
        if len(body.encode()) > _MOST_BODY_BYTES:
            raise Refused(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MOST_BODY_BYTES}"
            )
        return body
    if "TemplateURL" not in request:
        raise Refused("Either Template URL or Template Body must be specified.")
    return _fetch(str(request["TemplateURL"]), aws)


def _fetch(url: str, aws: Aws) -> str:
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    if ".s3." in host:
        bucket, key = host.partition(".s3.")[0], path
    else:
        bucket, _, key = path.partition("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    try:
        content: bytes = aws.call("s3", "get_object", Bucket=bucket, Key=key, VersionId=version)["Body"].read()
    except ClientError as error:
        raise Refused(f"S3 error: {error.response['Error'].get('Message', error)}") from error
    if len(content) > _MOST_BYTES:
        raise Refused(f"Template may not exceed {_MOST_BYTES} bytes in size.")
    return content.decode()
