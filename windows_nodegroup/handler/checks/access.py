"""Checks of roles and access entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .aws import NotFoundError
from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .cluster import MODES_WITH_ACCESS_ENTRIES, authentication_mode
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .aws import Answer

_POLICY = "AmazonEKSVPCResourceController"


class ClusterRoleManagesAddresses(Check[Facts]):
    """The cluster's role has the policy AmazonEKSVPCResourceController."""

    code = "PF501"
    severity = Severity.FAILS
    cure = "attach it with `aws iam attach-role-policy`, or acknowledge this check if another policy grants the same"
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see the same permissions in another policy"
    asks = ("eks:DescribeCluster", "iam:ListAttachedRolePolicies")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role."""
        role = str(subject.cluster.get("roleArn") or "").rpartition("/")[2]
        if not role:
            raise NotCheckedError("EKS does not tell the cluster's role")
        try:
            attached = subject.aws.ask("iam:ListAttachedRolePolicies", RoleName=role)["AttachedPolicies"]
        except NotFoundError:
            yield f"the role {role} of cluster {subject.name} does not exist any more, so {_POLICY} is not attached"
            return
        if not any(policy["PolicyArn"].endswith(f":aws:policy/{_POLICY}") for policy in attached):
            yield f"the role {role} of cluster {subject.name} lacks {_POLICY}, so Windows pods would get no addresses"


class NodeRoleIsNotTheClusters(Check[Facts]):
    """The nodes' role is not the cluster's."""

    code = "PF502"
    severity = Severity.FAILS
    cure = "give the nodes a role of their own"
    documentation = GUIDE + "create-node-role.html"
    unseen = "does not see a role that the same deployment makes, which cannot be the cluster's"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role."""
        if _node_role(subject) == subject.cluster.get("roleArn"):
            yield f"role {subject.declared.node_role_arn} is the role of cluster {subject.name}"


class NoShadowingEntry(Check[Facts]):
    """The nodes' role has no access entry that would shadow its entry in aws-auth."""

    code = "PF503"
    severity = Severity.FAILS
    cure = "delete the access entry, or authorise the nodes by an access entry instead of aws-auth"
    documentation = GUIDE + "access-entries.html"
    unseen = "only warns when a stack is updated that declares what it did before; sees no entry that is yet to be made"
    asks = ("eks:DescribeCluster", "eks:DescribeAccessEntry")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role."""
        if subject.declared.node_access != "aws-auth":
            raise NotNeededError("the nodes are not authorised through aws-auth")
        if _access_entry(subject):
            yield f"role {subject.declared.node_role_arn} has an access entry, which wins over aws-auth as a whole"


class EntryIsForWindows(Check[Facts]):
    """The access entry of the nodes' role is of the type EC2_WINDOWS."""

    code = "PF504"
    severity = Severity.FAILS
    cure = "give the Windows nodes a role of their own: a role has one access entry, and its type cannot be changed"
    documentation = GUIDE + "creating-access-entries.html"
    unseen = "does not see an entry that is made while the deployment runs"
    asks = ("eks:DescribeCluster", "eks:DescribeAccessEntry")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role and the type."""
        if subject.declared.node_access == "aws-auth":
            raise NotNeededError("the nodes are authorised through aws-auth")
        entry = _access_entry(subject)
        if entry and entry.get("type") != "EC2_WINDOWS":
            yield f"the access entry of role {subject.declared.node_role_arn} is of the type {entry.get('type')}"


class NoEntryInTheWay(Check[Facts]):
    """The nodes' role has no access entry yet where the stack makes one."""

    code = "PF510"
    severity = Severity.FAILS
    cure = "let the nodes in by that entry, with the authorization EXISTING, or delete it: a role has one in a cluster"
    documentation = GUIDE + "creating-access-entries.html"
    unseen = "cannot tell whose the entry is, unless the stack, or what it lets in, is new: then it is not the stack's"
    asks = ("eks:DescribeCluster", "eks:DescribeAccessEntry")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role."""
        if subject.declared.node_access != "access-entry" or subject.declared.stack == "updated":
            raise NotNeededError("no access entry is about to be made")
        entry = _access_entry(subject)
        if not entry or entry.get("type") != "EC2_WINDOWS":
            return  # of another type, it is the matter of PF504
        found = f"role {subject.declared.node_role_arn} has an access entry already"
        if subject.declared.stack != "new":
            raise NotCheckedError(f"{found}: unless this stack has made it, it cannot make another")
        yield f"{found}, so that the stack cannot make one"


class RoleIsAuthorised(Check[Facts]):
    """Somebody has let the nodes' role in where the stack does not."""

    code = "PF511"
    severity = Severity.WARNS
    cure = (
        "make one with `aws eks create-access-entry --type EC2_WINDOWS` before nodes are launched: else none can join"
    )
    documentation = GUIDE + "creating-access-entries.html"
    unseen = "looks at access entries where nothing else counts, in mode API; sees no entry that is yet to be made"
    asks = ("eks:DescribeCluster", "eks:DescribeAccessEntry")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the role."""
        if subject.declared.node_access != "existing" or authentication_mode(subject) != "API":
            raise NotNeededError("the stack sees to it, or aws-auth may")
        if not _access_entry(subject):
            yield f"role {subject.declared.node_role_arn} has no access entry in cluster {subject.name}"


def _node_role(subject: Facts) -> str:
    if not subject.declared.node_role_arn:
        raise NotNeededError("the nodes' role does not exist yet")
    return subject.declared.node_role_arn


def _access_entry(subject: Facts) -> Answer | None:
    role = _node_role(subject)
    mode = authentication_mode(subject)
    if mode not in MODES_WITH_ACCESS_ENTRIES:
        raise NotNeededError(f"there are no access entries in mode {mode}")
    try:
        answer = subject.aws.ask("eks:DescribeAccessEntry", clusterName=subject.name, principalArn=role)
    except NotFoundError:
        return None
    entry: Answer = answer["accessEntry"]
    return entry
