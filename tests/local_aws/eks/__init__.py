"""Tests of the local EKS."""
