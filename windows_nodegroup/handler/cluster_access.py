"""The function's way into a cluster: as itself or through another role; and the cure where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import eks
from .aws import AwsError
from .failures import Failure
from .kubernetes import KubernetesApi

if TYPE_CHECKING:
    from .aws import Session
    from .eks import Cluster
    from .kubernetes import ApiError

_UNKNOWN = 401


class ClusterAccess(NamedTuple):
    """Who asks the Kubernetes API of a cluster.

    Attributes:
        session: The caller, whose identity the token carries.
        cluster: The cluster as EKS describes it.
        kubernetes_group: The group that the caller's access entry names; empty: it has EKS's policy instead.
    """

    session: Session
    cluster: Cluster
    kubernetes_group: str = ""

    @classmethod
    def through(cls, session: Session, cluster: Cluster, role_arn: str, *, kubernetes_group: str = "") -> ClusterAccess:
        """Return the access of a role that the session may assume; of the session's own if `role_arn` is empty.

        Args:
            session: The caller.
            cluster: The cluster as EKS describes it.
            role_arn: The role.
            kubernetes_group: The group in the access entry of the session's own role.

        Raises:
            AwsCallFailed: The role cannot be assumed.
        """
        if role_arn:
            return cls(session.as_role(eks.assume_role(session, role_arn)), cluster)
        return cls(session, cluster, kubernetes_group)

    def api(self) -> KubernetesApi:
        """Return the Kubernetes API for this caller.

        Raises:
            CertificateRefused: The cluster's certificate authority cannot be read.
            ClusterUnreachable: The cluster has no endpoint that could be used.
        """
        return KubernetesApi(
            self.cluster.endpoint,
            authority=self.cluster.certificate_authority,
            token=lambda: eks.token(self.session, self.cluster.name),
            deadline=self.session.deadline,
        )

    def on_refused_access(self, error: ApiError) -> str:
        """Return what 401 or 403 means here, and the commands that cure it."""
        principal = self._principal()
        if error.status == _UNKNOWN:
            trouble = f"cluster {self.cluster.name} does not know {principal} (401)"
        else:
            trouble = f"{principal} may not change ConfigMaps in kube-system of cluster {self.cluster.name} (403)"
        return f"{trouble}: {self._cure(principal, is_known=error.status != _UNKNOWN)}"

    def on_no_route(self) -> str:
        """Return the cure for an endpoint that cannot be reached."""
        in_vpc = "run the function in subnets of the cluster's VPC, admitted by its security group"
        if self.cluster.is_public:
            return f"admit the function's address in the cluster's publicAccessCidrs, or {in_vpc}"
        return f"the endpoint is private, so {in_vpc}"

    def _cure(self, principal: str, *, is_known: bool) -> str:
        if not self.cluster.reads_access_entries:
            if is_known:
                return "bind one of its groups to a Role in kube-system with get, patch and create on configmaps"
            return "give as KubectlRoleArn a role that aws-auth maps already, or the role that created the cluster"
        to_whom = f"--cluster-name {self.cluster.name} --principal-arn {principal}"
        if self.kubernetes_group:
            bind = f"`python -m windows_nodegroup rbac --group {self.kubernetes_group} | kubectl apply -f -`"
            enter = f"`aws eks create-access-entry {to_whom} --kubernetes-groups {self.kubernetes_group}`"
            return bind if is_known else f"{enter}, then {bind}"
        partition = principal.split(":")[1] if principal.startswith("arn:") else "aws"
        policy = f"arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
        scope = "type=namespace,namespaces=kube-system"
        associate = f"aws eks associate-access-policy {to_whom} --policy-arn {policy} --access-scope {scope}"
        return f"`{associate}`" if is_known else f"`aws eks create-access-entry {to_whom}`, then `{associate}`"

    def _principal(self) -> str:
        """Return the ARN of the role that asks, as far as it can be found out."""
        try:
            arn = eks.caller_arn(self.session)
        except (AwsError, Failure):
            return "the function's role"
        if ":assumed-role/" not in arn:
            return arn
        return arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rpartition("/")[0]
