"""How EKS is to give Windows pods their addresses, as far as synthesis can tell that it cannot."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from tests.found import codes
from windows_nodegroup.windows_support import WindowsIpam


@pytest.mark.parametrize("target", [-1, 1.5, "3", True])
def test_wng638_target(target: Any) -> None:
    """A target is a whole number."""
    for name in ("warm_prefix_target", "warm_ip_target", "minimum_ip_target"):
        assert codes(WindowsIpam(**{name: target}).check) == ["WNG638"]


@pytest.mark.parametrize("target", [None, 0, 16, cdk.Token.as_number({"Ref": "Target"})], ids=range(4))
def test_targets(target: Any) -> None:
    """Whole numbers, tokens, and what stays as it is."""
    assert codes(WindowsIpam(warm_prefix_target=target, warm_ip_target=target, minimum_ip_target=target).check) == []
