"""Booleans in the ConfigMap amazon-vpc-cni, as EKS's VPC resource controller reads them: with Go's `strconv.ParseBool`.

https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/condition/conditions.go
"""

from __future__ import annotations

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def is_true(value: object) -> bool:
    """Whether a value is true; to the controller, what is no boolean is false."""
    return str(value) in _TRUE
