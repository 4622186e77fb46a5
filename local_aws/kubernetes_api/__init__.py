"""A laptop's Kubernetes API: ConfigMaps, RBAC, nodes and namespaces over real TLS, true in what it answers and refuses."""

from local_aws.kubernetes_api.api import KubernetesApi, Request
from local_aws.kubernetes_api.certificates import CertificateAuthority
from local_aws.kubernetes_api.faults import Faults
from local_aws.kubernetes_api.rbac import Rule, User
from local_aws.kubernetes_api.status import ApiError

__all__ = ["ApiError", "CertificateAuthority", "Faults", "KubernetesApi", "Request", "Rule", "User"]
