"""Access entries: who may enter a cluster as whom, and the operations on them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local_aws.eks.access_policies import ACCESS_POLICIES, AccessScope, policy_name
from local_aws.eks.registry import ClusterRegistry
from local_aws.service import ServiceError

if TYPE_CHECKING:
    from local_aws.eks.clusters import Cluster
    from local_aws.service import Call

#: Kubernetes groups that EKS gives to nodes, by the entry's type; such entries take neither groups nor policies.
NODE_GROUPS = {
    "EC2_LINUX": frozenset({"system:nodes"}),
    "EC2_WINDOWS": frozenset({"system:nodes", "eks:kube-proxy-windows"}),
    "FARGATE_LINUX": frozenset({"system:nodes"}),
    "HYBRID_LINUX": frozenset({"system:nodes"}),
}
_TYPES = ("STANDARD", *NODE_GROUPS)


@dataclass(slots=True, kw_only=True)
class AccessEntry:
    """One principal's way into a cluster. Principal and type never change."""

    principal_arn: str
    arn: str
    type: str
    #: May hold `{{SessionName}}` and, for nodes, `{{EC2PrivateDNSName}}`.
    username: str
    groups: frozenset[str]
    #: `time.monotonic()` from which the entry counts.
    effective_from: float
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, AccessScope] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def effective(self) -> bool:
        """EKS takes some seconds until a new entry counts."""
        return time.monotonic() >= self.effective_from

    def description(self, cluster_name: str) -> dict[str, Any]:
        """As `DescribeAccessEntry` has it."""
        return {
            "clusterName": cluster_name,
            "principalArn": self.principal_arn,
            "accessEntryArn": self.arn,
            "type": self.type,
            "username": self.username,
            "kubernetesGroups": sorted(self.groups if self.type == "STANDARD" else NODE_GROUPS[self.type]),
            "createdAt": self.created_at,
            "modifiedAt": self.modified_at,
            "tags": self.tags,
        }

    def policy_description(self, policy_arn: str) -> dict[str, Any]:
        """As `ListAssociatedAccessPolicies` has it."""
        return {
            "policyArn": policy_arn,
            "accessScope": self.policies[policy_arn].description(),
            "associatedAt": self.modified_at,
            "modifiedAt": self.modified_at,
        }


class AccessEntryOperations(ClusterRegistry):
    """The operations of EKS on access entries."""

    def create_access_entry(self, call: Call) -> dict[str, Any]:
        """Let a principal in; one entry per principal."""
        cluster = self._cluster_with_entries(call)
        principal = call.parameters["principalArn"]
        kind = call.parameters.get("type") or "STANDARD"
        groups = frozenset(call.parameters.get("kubernetesGroups") or ())
        if kind not in _TYPES:
            raise _invalid(f"type {kind} is none of {', '.join(_TYPES)}")
        if principal in cluster.access_entries:
            raise ServiceError(
                "ResourceInUseException", "The specified access entry resource is already in use on this cluster."
            )
        if not self._principal_exists(principal):
            raise _invalid("The specified principalArn is invalid: invalid principal.")
        if kind != "STANDARD" and groups:
            raise _invalid(f"The kubernetesGroups of an access entry of type {kind} cannot be given.")
        if any(group.startswith("system:") for group in groups):
            raise _invalid("The kubernetes group name cannot start with system:")
        entry = self._new_entry(cluster, principal, kind, groups, call.parameters.get("username"))
        entry.tags = call.parameters.get("tags") or {}
        return {"accessEntry": entry.description(cluster.name)}

    def describe_access_entry(self, call: Call) -> dict[str, Any]:
        """One entry."""
        cluster = self._cluster_with_entries(call)
        return {"accessEntry": _entry(cluster, call).description(cluster.name)}

    def list_access_entries(self, call: Call) -> dict[str, Any]:
        """The principals that have entries, optionally only those with one policy."""
        cluster = self._cluster_with_entries(call)
        policy = call.parameters.get("associatedPolicyArn")
        entries = [entry for entry in cluster.access_entries.values() if policy is None or policy in entry.policies]
        return {"accessEntries": [entry.principal_arn for entry in entries]}

    def update_access_entry(self, call: Call) -> dict[str, Any]:
        """Change groups or user name of a standard entry."""
        cluster = self._cluster_with_entries(call)
        entry = _standard_entry(cluster, call)
        if call.parameters.get("kubernetesGroups") is not None:
            entry.groups = frozenset(call.parameters["kubernetesGroups"])
        entry.username = call.parameters.get("username") or entry.username
        entry.modified_at = datetime.now(UTC)
        return {"accessEntry": entry.description(cluster.name)}

    def delete_access_entry(self, call: Call) -> dict[str, Any]:
        """Let a principal in no more."""
        cluster = self._cluster_with_entries(call)
        del cluster.access_entries[_entry(cluster, call).principal_arn]
        return {}

    def associate_access_policy(self, call: Call) -> dict[str, Any]:
        """Give a standard entry what a policy allows, in the whole cluster or in some namespaces."""
        cluster = self._cluster_with_entries(call)
        entry = _standard_entry(cluster, call)
        policy_arn = call.parameters["policyArn"]
        if not policy_name(policy_arn):
            raise _invalid(f"The policyArn {policy_arn} is none of {', '.join(ACCESS_POLICIES)}")
        scope = call.parameters["accessScope"]
        namespaces = tuple(scope.get("namespaces") or ())
        if (scope.get("type") == "namespace") != bool(namespaces):
            raise _invalid("An access scope of type namespace names namespaces, and one of type cluster none.")
        if any("*" in namespace for namespace in namespaces):
            raise _invalid("the local AWS knows no patterns in an access scope's namespaces")
        entry.policies[policy_arn] = AccessScope(namespaces)
        entry.modified_at = datetime.now(UTC)
        return {
            "clusterName": cluster.name,
            "principalArn": entry.principal_arn,
            "associatedAccessPolicy": entry.policy_description(policy_arn),
        }

    def disassociate_access_policy(self, call: Call) -> dict[str, Any]:
        """Take away what a policy allowed."""
        entry = _entry(self._cluster_with_entries(call), call)
        if entry.policies.pop(call.parameters["policyArn"], None) is None:
            raise ServiceError("ResourceNotFoundException", "The specified access policy is not associated.")
        return {}

    def list_associated_access_policies(self, call: Call) -> dict[str, Any]:
        """An entry's policies."""
        cluster = self._cluster_with_entries(call)
        entry = _entry(cluster, call)
        return {
            "clusterName": cluster.name,
            "principalArn": entry.principal_arn,
            "associatedAccessPolicies": [entry.policy_description(arn) for arn in entry.policies],
        }

    def list_access_policies(self, call: Call) -> dict[str, Any]:
        """The policies that there are."""
        del call
        prefix = f"arn:{self._place.partition}:eks::aws:cluster-access-policy/"
        return {"accessPolicies": [{"name": name, "arn": prefix + name} for name in ACCESS_POLICIES]}

    def _new_entry(
        self,
        cluster: Cluster,
        principal_arn: str,
        kind: str = "STANDARD",
        groups: frozenset[str] = frozenset(),
        username: str | None = None,
    ) -> AccessEntry:
        """Add an entry, which counts after the time that entries take to settle."""
        what, _, name = principal_arn.rpartition(":")[2].partition("/")
        entry = AccessEntry(
            principal_arn=principal_arn,
            arn=f"{cluster.arn.replace(':cluster/', ':access-entry/')}/{what}/{self._place.account}/{name}/{uuid4()}",
            type=kind,
            username=username or _default_username(principal_arn, kind),
            groups=groups,
            effective_from=time.monotonic() + self.settle_seconds,
        )
        cluster.access_entries[principal_arn] = entry
        return entry


def _default_username(principal_arn: str, kind: str) -> str:
    if kind != "STANDARD":
        return "system:node:{{EC2PrivateDNSName}}"
    if ":role/" not in principal_arn:
        return principal_arn
    _, partition, _, _, account, resource = principal_arn.split(":", 5)
    return f"arn:{partition}:sts::{account}:assumed-role/{resource.rpartition('/')[2]}/{{{{SessionName}}}}"


def _entry(cluster: Cluster, call: Call) -> AccessEntry:
    principal = call.parameters["principalArn"]
    if principal not in cluster.access_entries:
        raise ServiceError(
            "ResourceNotFoundException",
            f"The specified principalArn could not be found: {principal}. "
            "You can view your available access entries with 'list access entries'.",
        )
    return cluster.access_entries[principal]


def _standard_entry(cluster: Cluster, call: Call) -> AccessEntry:
    entry = _entry(cluster, call)
    if entry.type != "STANDARD":
        raise ServiceError(
            "InvalidRequestException", f"The access entry's type {entry.type} takes neither groups nor policies."
        )
    return entry


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)
