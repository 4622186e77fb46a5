"""A laptop's EKS: clusters with a real Kubernetes API each, access entries, and tokens that are really checked."""

from local_aws.eks.clusters import Cluster
from local_aws.eks.service import Eks

__all__ = ["Cluster", "Eks"]
