"""What the checks know and what the construct knows of the same thing must be the same."""

from __future__ import annotations

import pytest

from windows_nodegroup import instance_types as construct
from windows_nodegroup.ami import WindowsVersion
from windows_nodegroup.handler.checks import instance_types, versions
from windows_nodegroup.problems import Problems


@pytest.mark.parametrize("version", list(WindowsVersion))
def test_windows_versions(version: WindowsVersion) -> None:
    """Both know the same first Kubernetes version of each Windows version that has one of its own."""
    assert versions._FIRST_MINOR.get(version.value, version.first_kubernetes_minor) == version.first_kubernetes_minor
    assert set(versions._FIRST_MINOR) <= {known.value for known in WindowsVersion}


@pytest.mark.parametrize(
    "family", ["c3", "c4", "c5", "d2", "d3", "i2", "i3", "m4", "m5", "m6a", "m6i", "r3", "r4", "t3"]
)
@pytest.mark.parametrize("size", ["large", "16xlarge"])
def test_instance_types(family: str, size: str) -> None:
    """Both refuse the same families, and know the same exception."""
    name = f"{family}.{size}"
    problems = Problems()
    construct.check_instance_types([name], problems)

    assert bool(instance_types._UNSUPPORTED.match(name)) is bool(problems.errors)
