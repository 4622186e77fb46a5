"""Questions about oneself: `kubectl auth whoami` and `kubectl auth can-i`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.resources import SELF_SUBJECT_REVIEWS, Target

if TYPE_CHECKING:
    from local_aws.kubernetes_api.rbac import Authorizer, User
    from local_aws.kubernetes_api.resources import Resource


def review(resource: Resource, question: dict[str, Any], user: User, authorizer: Authorizer) -> dict[str, Any]:
    """Answer a SelfSubjectReview or a SelfSubjectAccessReview."""
    if resource is SELF_SUBJECT_REVIEWS:
        groups = sorted(user.groups | {"system:authenticated"})
        return {**question, "status": {"userInfo": {"username": user.name, "groups": groups}}}
    spec = question.get("spec", {})
    return {**question, "status": {"allowed": authorizer.allows(user, _target(spec))}}


def _target(spec: dict[str, Any]) -> Target:
    if "nonResourceAttributes" in spec:
        asked = spec["nonResourceAttributes"]
        return Target(asked.get("verb", ""), asked.get("path", ""))
    asked = spec.get("resourceAttributes", {})
    return Target(
        asked.get("verb", ""),
        "",
        group=asked.get("group", ""),
        plural=asked.get("resource", ""),
        namespace=asked.get("namespace", ""),
        name=asked.get("name", ""),
        subresource=asked.get("subresource", ""),
    )
