"""The resource types: one small class each, in a module by service; each module lists its own in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.resources import (
    auto_scaling,
    cdk,
    custom,
    ec2,
    ecr,
    eks,
    eks_cluster,
    iam,
    kms,
    lambda_,
    logs,
    network,
    s3,
    ssm,
)

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Kind

_MODULES = (auto_scaling, cdk, ec2, ecr, eks, eks_cluster, iam, kms, lambda_, logs, network, s3, ssm)

KINDS: dict[str, Kind] = {kind.type: kind() for module in _MODULES for kind in module.KINDS}
_CUSTOM = custom.CustomResource()


def is_custom(type_name: str) -> bool:
    """Whether a function makes resources of this type."""
    return type_name.startswith("Custom::") or type_name == custom.CustomResource.type


def is_known(type_name: str) -> bool:
    """Whether there are resources of this type."""
    return is_custom(type_name) or type_name in KINDS


def kind_of(type_name: str) -> Kind:
    """What makes resources of this type.

    Raises:
        KeyError: nothing does.
    """
    return _CUSTOM if is_custom(type_name) else KINDS[type_name]
