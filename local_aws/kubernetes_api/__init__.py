"""A laptop's Kubernetes API over TLS: ConfigMaps, RBAC, nodes and namespaces, true in its answers and refusals."""

from local_aws.kubernetes_api.api import KubernetesApi, Request
from local_aws.kubernetes_api.certificates import CertificateAuthority
from local_aws.kubernetes_api.faults import Faults
from local_aws.kubernetes_api.rbac import Rule, User
from local_aws.kubernetes_api.status import ApiError

__all__ = ["ApiError", "CertificateAuthority", "Faults", "KubernetesApi", "Request", "Rule", "User"]
