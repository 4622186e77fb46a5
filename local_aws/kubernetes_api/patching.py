"""The verb patch: one content type per format, each with kube-apiserver's own refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.managed_fields import Manager
from local_aws.kubernetes_api.objects import Objects
from local_aws.kubernetes_api.patches import PatchError, json_patch, merge_patch, strategic_merge_patch
from local_aws.kubernetes_api.schema import DecodingError, Json, decode, parse_json
from local_aws.kubernetes_api.status import Cause, bad_request, invalid, unprocessable, unsupported_media_type

if TYPE_CHECKING:
    from local_aws.kubernetes_api.requests import Options
    from local_aws.kubernetes_api.resources import Key
    from local_aws.kubernetes_api.store import Store

_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


def patch(store: Store, key: Key, content_type: str, body: bytes, options: Options) -> dict[str, Any]:
    """Patch an object that is there.

    Raises:
        ApiError: The patch is malformed, does not apply, or makes the object invalid.
    """
    if content_type not in (_JSON_PATCH, _MERGE_PATCH, _STRATEGIC_MERGE_PATCH):
        raise unsupported_media_type()
    objects = Objects(store)
    with store.lock:
        patched = _patched(objects.get(key), content_type, body)
        try:
            new, unknown = decode(key.resource, patched)
        except DecodingError as error:
            printed = json.dumps(patched, separators=(",", ":"), ensure_ascii=False)
            raise invalid(None, "", [Cause.invalid("patch", printed, str(error))]) from error
        options.report_unknown(unknown, "")
        return objects.replace(key, new, Manager(options.manager), dry_run=options.dry_run)


def _patched(document: dict[str, Any], content_type: str, body: bytes) -> Json:
    prefix = "error decoding patch: " if content_type == _MERGE_PATCH else ""
    try:
        patch_value = parse_json(body)
    except DecodingError as error:
        raise bad_request(f"{prefix}{error}") from error
    try:
        if content_type == _JSON_PATCH:
            return json_patch(document, patch_value)
        if not isinstance(patch_value, dict):
            raise bad_request(f"{prefix}a patch of this type is a JSON object")
        if content_type == _MERGE_PATCH:
            return merge_patch(document, patch_value)
        return strategic_merge_patch(document, patch_value)
    except PatchError as error:
        raise unprocessable() from error
