"""How nodes and pods reach the instance metadata service, from which the credentials of the node role come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import rules
from .literals import is_literal, is_whole

if TYPE_CHECKING:
    from .literals import Number
    from .problems import Problems

DEFAULT_HOP_LIMIT = 2
"""Pods reach instance metadata; 1 keeps pods away that have roles of their own."""

_HOP_LIMITS = range(1, 65)
_HTTP_TOKENS = ("required", "optional")


def check_instance_metadata(
    problems: Problems,
    *,
    http_tokens: str = "required",
    hop_limit: Number = DEFAULT_HOP_LIMIT,
    instance_metadata_tags: bool = False,
) -> None:
    """Check the options, and that tags stay out of instance metadata: those of an EKS node contain slashes."""
    if is_literal(http_tokens) and http_tokens not in _HTTP_TOKENS:
        problems.add(rules.HTTP_TOKENS, f"http_tokens is {http_tokens!r}")
    if is_literal(hop_limit) and not (is_whole(hop_limit) and hop_limit in _HOP_LIMITS):
        problems.add(rules.HOP_LIMIT, f"http_put_response_hop_limit is {hop_limit!r}")
    if instance_metadata_tags:
        problems.add(rules.INSTANCE_METADATA_TAGS, "instance_metadata_tags is on")


def metadata_options(*, http_tokens: str = "required", hop_limit: Number = DEFAULT_HOP_LIMIT) -> dict[str, Any]:
    """The launch template's `MetadataOptions`, in CDK's spelling.

    Tags stay out explicitly, because an account can have them in by default.

    Args:
        http_tokens: `required` (IMDSv2 alone) or `optional`; may be a token.
        hop_limit: The most network hops to whoever asks.
    """
    return {
        "httpEndpoint": "enabled",
        "httpPutResponseHopLimit": hop_limit,
        "httpTokens": http_tokens,
        "instanceMetadataTags": "disabled",
    }
