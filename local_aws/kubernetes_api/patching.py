"""The verb patch: one content type per format, each with kube-apiserver's own refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.managed_fields import Manager
from local_aws.kubernetes_api.objects import Objects, Options, report_unknown
from local_aws.kubernetes_api.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from local_aws.kubernetes_api.schema import DecodingError, Json, decode, parse_json
from local_aws.kubernetes_api.server_side_apply import APPLY_PATCH, apply
from local_aws.kubernetes_api.status import (
    Cause,
    bad_request,
    invalid,
    unprocessable,
    unsupported_media_type,
)

if TYPE_CHECKING:
    from local_aws.kubernetes_api.resources import Resource, Target
    from local_aws.kubernetes_api.store import Store

_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


def patch(  # noqa: PLR0913 - what a patch request consists of
    store: Store,
    resource: Resource,
    target: Target,
    content_type: str,
    body: bytes,
    options: Options,
    warnings: list[str],
) -> tuple[dict[str, Any], bool]:
    """Patch an object.

    Returns:
        The object, and whether it is new (only an apply patch creates).
    """
    if content_type == APPLY_PATCH:
        return apply(store, resource, target, body, options, warnings)
    if content_type not in (_JSON_PATCH, _MERGE_PATCH, _STRATEGIC_MERGE_PATCH):
        raise unsupported_media_type()
    objects = Objects(store)
    with store.lock:
        old = objects.get(resource, target)
        patched = _patched(old, content_type, body)
        try:
            new, unknown = decode(resource, patched)
        except DecodingError as error:
            printed = json.dumps(patched, separators=(",", ":"), ensure_ascii=False)
            raise invalid(None, "", [Cause.invalid("patch", printed, str(error))]) from error
        report_unknown(unknown, options, warnings, "strict decoding error")
        return objects.replace(resource, target, new, Manager(options.manager), dry_run=options.dry_run), False


def _patched(document: dict[str, Any], content_type: str, body: bytes) -> Json:
    prefix = "error decoding patch: " if content_type == _MERGE_PATCH else ""
    try:
        parsed = parse_json(body)
    except DecodingError as error:
        raise bad_request(f"{prefix}{error}") from error
    try:
        if content_type == _JSON_PATCH:
            return json_patch(document, parsed)
        if not isinstance(parsed, dict):
            raise bad_request(f"{prefix}json: cannot unmarshal into Go value of type map[string]interface {{}}")
        if content_type == _MERGE_PATCH:
            return merge_patch(document, parsed)
        return strategic_merge_patch(document, parsed)
    except PatchError as error:
        raise unprocessable() from error
