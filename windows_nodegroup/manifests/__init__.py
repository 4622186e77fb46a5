"""Kubernetes manifests, made with cdk8s: they need no AWS CDK, and apply with `kubectl` to any cluster."""
