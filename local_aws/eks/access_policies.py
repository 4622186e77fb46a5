"""What the access policies of EKS allow in Kubernetes.

https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html, reduced to what a test can reach here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from local_aws.kubernetes_api import Rule

_ANY = frozenset({"*"})
_READ = frozenset({"get", "list", "watch"})
_WRITE = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_OBJECTS = frozenset(
    {
        "configmaps",
        "daemonsets",
        "deployments",
        "endpoints",
        "events",
        "jobs",
        "persistentvolumeclaims",
        "pods",
        "replicasets",
        "serviceaccounts",
        "services",
        "statefulsets",
    }
)
_VIEW = (Rule(_READ, _OBJECTS | {"namespaces"}),)
_EDIT = (*_VIEW, Rule(_WRITE, _OBJECTS), Rule(_READ | _WRITE, frozenset({"secrets"})))

_RULES = {
    "AmazonEKSClusterAdminPolicy": (Rule(_ANY, _ANY),),
    "AmazonEKSAdminPolicy": (*_EDIT, Rule(_READ | _WRITE, frozenset({"roles", "rolebindings"}))),
    "AmazonEKSAdminViewPolicy": (Rule(_READ, _ANY),),
    "AmazonEKSEditPolicy": _EDIT,
    "AmazonEKSViewPolicy": _VIEW,
}

#: The policies' names.
ACCESS_POLICIES = tuple(_RULES)


@dataclass(frozen=True, slots=True)
class AccessScope:
    """Where an associated policy holds: in the whole cluster, or in some namespaces."""

    namespaces: tuple[str, ...] = ()

    def description(self) -> dict[str, object]:
        """As EKS has it."""
        return {"type": "namespace" if self.namespaces else "cluster", "namespaces": list(self.namespaces)}


def rules_of(policy_arn: str, scope: AccessScope) -> tuple[Rule, ...]:
    """The permissions that a policy gives within a scope."""
    rules = _RULES[policy_name(policy_arn)]
    if not scope.namespaces:
        return rules
    return tuple(replace(rule, namespace=namespace) for namespace in scope.namespaces for rule in rules)


def policy_name(policy_arn: str) -> str:
    """`arn:aws:eks::aws:cluster-access-policy/<name>` → `<name>`; empty for any other text."""
    prefix, _, name = policy_arn.rpartition("/")
    return name if prefix.endswith(":eks::aws:cluster-access-policy") and name in _RULES else ""
