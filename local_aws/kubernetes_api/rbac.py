"""Who may do what: rules given with a user, and RBAC objects stored in the cluster.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_aws.kubernetes_api.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_REVIEWS,
    Key,
    Target,
)
from local_aws.kubernetes_api.status import ApiError, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.kubernetes_api.store import Store

_MASTERS = "system:masters"
_AUTHENTICATED = "system:authenticated"
_PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")
_DISCOVERY_PATHS = ("/api", "/apis", "/openapi")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a user may do apart from RBAC objects, as an EKS access policy grants it; "*" stands for everything."""

    verbs: frozenset[str]
    resources: frozenset[str]
    #: Empty: objects of every name.
    names: frozenset[str] = frozenset()
    #: None: everywhere, cluster-scoped objects included.
    namespace: str | None = None

    def allows(self, target: Target) -> bool:
        """Tell whether this rule covers a request."""
        return (
            self.namespace in (None, target.namespace)
            and _covers(self.verbs, target.verb)
            and _covers(self.resources, _resource_name(target))
            and (not self.names or target.name in self.names)
        )


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a token. Members of `system:masters` may do everything."""

    name: str
    groups: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()


ANONYMOUS = User("system:anonymous", frozenset({"system:unauthenticated"}))


class Authorizer:
    """Decides about requests."""

    def __init__(self, store: Store) -> None:
        """Decide by the RBAC objects of this store."""
        self._store = store

    def check(self, user: User, target: Target) -> None:
        """Let a request pass.

        Raises:
            ApiError: 403, in Kubernetes' words.
        """
        if not self.allows(user, target):
            raise _forbidden(user, target)

    def allows(self, user: User, target: Target) -> bool:
        """Tell whether a user may make a request."""
        if _MASTERS in user.groups or _allowed_to_everybody(user, target):
            return True
        return any(rule.allows(target) for rule in user.rules) or any(
            _policy_rule_allows(rule, target) for rule in self._granted(user, target.namespace)
        )

    def _granted(self, user: User, namespace: str) -> Iterator[dict[str, Any]]:
        for binding in self._store.find(CLUSTER_ROLE_BINDINGS):
            if _binds(binding, user):
                yield from self._rules_of(binding, "")
        if namespace:
            for binding in self._store.find(ROLE_BINDINGS, namespace):
                if _binds(binding, user):
                    yield from self._rules_of(binding, namespace)

    def _rules_of(self, binding: dict[str, Any], namespace: str) -> list[dict[str, Any]]:
        reference = binding["roleRef"]
        is_role = reference.get("kind") == "Role"
        resource = ROLES if is_role else CLUSTER_ROLES
        role = self._store.get(Key(resource, namespace if is_role else "", reference["name"])) or {}
        rules: list[dict[str, Any]] = role.get("rules", [])
        return rules


def _allowed_to_everybody(user: User, target: Target) -> bool:
    if not target.plural:
        paths = _PUBLIC_PATHS if user is ANONYMOUS else (*_PUBLIC_PATHS, *_DISCOVERY_PATHS)
        return target.verb == "get" and any(target.path == path or target.path.startswith(f"{path}/") for path in paths)
    return (
        user is not ANONYMOUS
        and target.verb == "create"
        and target.resource in (SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS)
    )


def _binds(binding: dict[str, Any], user: User) -> bool:
    groups = user.groups if user is ANONYMOUS else user.groups | {_AUTHENTICATED}
    return any(
        (subject.get("kind") == "User" and subject.get("name") == user.name)
        or (subject.get("kind") == "Group" and subject.get("name") in groups)
        for subject in binding.get("subjects", [])
    )


def _policy_rule_allows(rule: dict[str, Any], target: Target) -> bool:
    if not _covers(rule.get("verbs", []), target.verb):
        return False
    if not target.plural:
        paths = rule.get("nonResourceURLs", [])
        return any(path in ("*", target.path) or _under(path, target.path) for path in paths)
    names = rule.get("resourceNames", [])
    return (
        _covers(rule.get("apiGroups", []), target.group)
        and _covers(rule.get("resources", []), _resource_name(target))
        and (not names or target.name in names)
    )


def _under(pattern: str, path: str) -> bool:
    return pattern.endswith("*") and path.startswith(pattern[:-1])


def _covers(granted: frozenset[str] | list[str], wanted: str) -> bool:
    return "*" in granted or wanted in granted


def _resource_name(target: Target) -> str:
    return f"{target.plural}/{target.subresource}" if target.subresource else target.plural


def _forbidden(user: User, target: Target) -> ApiError:
    who = f"User {quoted(user.name)} cannot {target.verb}"
    if not target.plural:
        return ApiError(403, "Forbidden", f"forbidden: {who} path {quoted(target.path)}")
    qualified = f"{target.plural}.{target.group}" if target.group else target.plural
    what = f"{qualified} {quoted(target.name)}" if target.name else qualified
    where = f"in the namespace {quoted(target.namespace)}" if target.namespace else "at the cluster scope"
    resource = f"resource {quoted(_resource_name(target))} in API group {quoted(target.group)}"
    details = {"name": target.name, "group": target.group, "kind": target.plural}
    return ApiError(
        403,
        "Forbidden",
        f"{what} is forbidden: {who} {resource} {where}",
        {key: value for key, value in details.items() if value},
    )
