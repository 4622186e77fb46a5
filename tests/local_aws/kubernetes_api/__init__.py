"""Tests of the local Kubernetes API."""
