"""A laptop's AWS, for development: `cdk deploy` without an account. Only what this project's templates use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_aws.aws import LocalAws
    from local_aws.cluster_creation import LocalCluster

__all__ = ["LocalAws", "LocalCluster"]

_HOMES = {"LocalAws": "local_aws.aws", "LocalCluster": "local_aws.cluster_creation"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the public names
    """Import what is asked for: whoever needs the Kubernetes API alone does not wait for all of AWS."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
