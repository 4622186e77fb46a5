"""The Kubernetes versions that the local EKS offers."""

#: Oldest first.
KUBERNETES_VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36")

#: What a cluster gets that asks for none.
DEFAULT_KUBERNETES_VERSION = "1.34"
