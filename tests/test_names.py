"""Names of clusters and node groups are what EKS takes for names."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from tests.found import codes, texts
from windows_nodegroup.names import check_cluster_name, check_nodegroup_name


@pytest.mark.parametrize("name", ["a", "0", "my-cluster_1", "A" * 100])
def test_cluster_name(name: str) -> None:
    """Letters, digits, hyphens and underscores make a name, up to 100 of them."""
    assert codes(lambda problems: check_cluster_name(name, problems)) == []


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a\n", "a.b", "\u00e9", "a" * 101])
def test_wng101_cluster_name(name: str) -> None:
    """Anything else does not."""
    assert codes(lambda problems: check_cluster_name(name, problems)) == ["WNG101"]


@pytest.mark.parametrize("name", ["a", "0", "windows-2022_a", "A" * 63])
def test_nodegroup_name(name: str) -> None:
    """A node group's name is like a cluster's, up to 63 characters."""
    assert codes(lambda problems: check_nodegroup_name(name, problems)) == []


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a\n", "a.b", "\u00e9", "a" * 64])
def test_wng102_nodegroup_name(name: str) -> None:
    """Anything else is refused."""
    assert codes(lambda problems: check_nodegroup_name(name, problems)) == ["WNG102"]


def test_tokens() -> None:
    """Tokens are left to CloudFormation, and a name that is not given to nobody."""
    token = f"{cdk.Fn.ref('Name')} !"
    assert codes(lambda problems: check_cluster_name(token, problems)) == []
    assert codes(lambda problems: check_nodegroup_name(token, problems)) == []
    assert codes(lambda problems: check_nodegroup_name(None, problems)) == []


def test_text() -> None:
    """The error says what was given and what is allowed."""
    (text,) = texts(lambda problems: check_nodegroup_name("-a", problems))
    assert text == (
        "nodegroup_name '-a' is not well-formed: use at most 63 letters, digits, hyphens and underscores, "
        "the first a letter or digit [WNG102]"
    )
