"""Self-managed Windows nodes for Amazon EKS.

Nothing is loaded before it is used: the operators' command, which needs no CDK, starts without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cluster import AuthenticationMode, EksCluster
    from .node_access import NodeAuthorization
    from .node_group import WindowsNodeGroup
    from .stack import WindowsNodeGroupStack

__all__ = ["AuthenticationMode", "EksCluster", "NodeAuthorization", "WindowsNodeGroup", "WindowsNodeGroupStack"]

_MODULES = {
    "AuthenticationMode": "cluster",
    "EksCluster": "cluster",
    "NodeAuthorization": "node_access",
    "WindowsNodeGroup": "node_group",
    "WindowsNodeGroupStack": "stack",
}


def __getattr__(name: str) -> object:
    """Loads the module of a public name when the name is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, also those that nobody has used yet."""
    return sorted({*globals(), *__all__})
