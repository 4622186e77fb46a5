"""The manifests, applied to the local Kubernetes API."""
