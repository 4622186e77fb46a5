"""Self-managed Windows nodes for Amazon EKS.

Nothing is loaded before it is used: the operators' command, which needs no CDK, starts without it.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from .ami import AmiRefresh, WindowsAmi, WindowsEdition, WindowsVersion
    from .cluster import AuthenticationMode, EksCluster
    from .labels import TaintEffect, TaintSpec
    from .node_access import NodeAuthorization
    from .node_group import WindowsNodeGroup
    from .problems import InvalidNodeGroup
    from .purchase import (
        CapacityReservation,
        CapacityType,
        InstancesDistribution,
        OnDemandAllocationStrategy,
        SpotAllocationStrategy,
    )
    from .stack import WindowsNodeGroupStack
    from .volumes import EbsVolume, EbsVolumeType
    from .windows_support import WindowsIpam

__all__ = [
    "AmiRefresh",
    "AuthenticationMode",
    "CapacityReservation",
    "CapacityType",
    "EbsVolume",
    "EbsVolumeType",
    "EksCluster",
    "InstancesDistribution",
    "InvalidNodeGroup",
    "NodeAuthorization",
    "OnDemandAllocationStrategy",
    "SpotAllocationStrategy",
    "TaintEffect",
    "TaintSpec",
    "WindowsAmi",
    "WindowsEdition",
    "WindowsIpam",
    "WindowsNodeGroup",
    "WindowsNodeGroupStack",
    "WindowsVersion",
]

_MODULES = {
    "AmiRefresh": "ami",
    "AuthenticationMode": "cluster",
    "CapacityReservation": "purchase",
    "CapacityType": "purchase",
    "EbsVolume": "volumes",
    "EbsVolumeType": "volumes",
    "EksCluster": "cluster",
    "InstancesDistribution": "purchase",
    "InvalidNodeGroup": "problems",
    "NodeAuthorization": "node_access",
    "OnDemandAllocationStrategy": "purchase",
    "SpotAllocationStrategy": "purchase",
    "TaintEffect": "labels",
    "TaintSpec": "labels",
    "WindowsAmi": "ami",
    "WindowsEdition": "ami",
    "WindowsIpam": "windows_support",
    "WindowsNodeGroup": "node_group",
    "WindowsNodeGroupStack": "stack",
    "WindowsVersion": "ami",
}


def __getattr__(name: str) -> object:
    """Loads the module of a public name when the name is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_load(_MODULES[name]), name)
    globals()[name] = value
    return value


def _load(module: str) -> ModuleType:
    """Loads a module, and with it parts of the CDK: hundreds of thousands of objects that live as long as the process.

    Python would look through them for garbage while they come, and again later: a third of a small app's synthesis.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return import_module(f".{module}", __name__)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def __dir__() -> list[str]:
    """The public names, also those that nobody has used yet."""
    return sorted({*globals(), *__all__})
