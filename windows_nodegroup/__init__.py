"""Self-managed Windows nodes for Amazon EKS."""
