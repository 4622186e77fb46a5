"""The package offers its public names, and loads nothing before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import windows_nodegroup


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after `code`."""
    script = f"{code}\nimport sys; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(answer.stdout.split())


def test_names() -> None:
    """The public names are sorted, and each can be had."""
    assert windows_nodegroup.__all__ == sorted(windows_nodegroup.__all__)
    for name in windows_nodegroup.__all__:
        assert getattr(windows_nodegroup, name).__name__ == name
    assert set(windows_nodegroup.__all__) <= set(dir(windows_nodegroup))


def test_unknown_name() -> None:
    """A name that does not exist is refused as by any module."""
    with pytest.raises(AttributeError, match="no attribute 'LinuxNodeGroup'"):
        windows_nodegroup.LinuxNodeGroup  # noqa: B018 — reading it is what the test is about


def test_nothing_is_loaded_early() -> None:
    """Importing the package, as the operators' command does, does not load the CDK."""
    assert "aws_cdk" not in loaded_after("import windows_nodegroup")


def test_nothing_is_loaded_in_vain() -> None:
    """The node group loads the modules of the CDK whose resources it makes, and what those load, and no other."""
    needed = "import aws_cdk\nfrom aws_cdk import aws_autoscaling, aws_ec2, aws_eks, aws_iam, aws_lambda, aws_s3_assets"
    loaded = loaded_after("from windows_nodegroup import WindowsNodeGroup, WindowsNodeGroupStack")
    assert {name for name in loaded - loaded_after(needed) if name.startswith(("aws_cdk", "cdk8s"))} == set()


def test_the_function_stays_out() -> None:
    """Of the function's modules, synthesis loads the contracts alone."""
    loaded = loaded_after("from windows_nodegroup import WindowsNodeGroup, WindowsNodeGroupStack")
    handler = {name for name in loaded if name.startswith("windows_nodegroup.handler.")}
    assert handler == {"windows_nodegroup.handler.contract", "windows_nodegroup.handler.preflight_contract"}
    assert not {"yaml", "boto3", "botocore"} & loaded
