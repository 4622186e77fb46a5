"""Tags that AWS accepts, and that nobody else sets."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from tests.found import codes
from windows_nodegroup.tags import check_tags, group_tags, name_launch_template, own_tags

OWN = own_tags("my-cluster", "windows")


def found(tags: dict[str, str] | None, added: dict[str, str] | None = None) -> list[str]:
    """The codes of what is wrong with tags."""
    return codes(lambda problems: check_tags(tags, problems, added=OWN if added is None else added))


def test_own_tags() -> None:
    """Nodes are called and marked as by the AWS template."""
    assert OWN == {"Name": "my-cluster-windows-Node", "kubernetes.io/cluster/my-cluster": "owned"}


def test_group_tags() -> None:
    """The group hands some tags to its nodes and keeps others."""
    assert group_tags({"a": "1"}, {"b": "2"}) == [
        {"key": "a", "value": "1", "propagateAtLaunch": True},
        {"key": "b", "value": "2", "propagateAtLaunch": False},
    ]


def test_name_of_the_launch_template() -> None:
    """The launch template itself is tagged by the specification that is its own."""
    tags = [{"key": "Name", "value": "windows"}]
    assert name_launch_template("windows") == [{"resourceType": "launch-template", "tags": tags}]


def test_good() -> None:
    """What AWS accepts is accepted, a name instead of ours included."""
    assert found({"Name": "windows", "team": "", "a b_.:/=+-@\u00e9": "x" * 256, "k" * 128: "v"}) == []
    assert found(None) == []


def test_wng701_tag_count() -> None:
    """There are at most 50 tags, the node group's own among them; one that replaces an own tag is no further one."""
    many = {f"tag-{number}": "" for number in range(48)}
    assert found(many) == []
    assert found(many | {"Name": "windows"}) == []
    assert found(many | {"one-more": ""}) == ["WNG701"]


@pytest.mark.parametrize("key", ["", "aws:team", "AWS:team", "k" * 129, "a\n", "a#b", "a,b"])
def test_wng702_tag_key(key: str) -> None:
    """A key has from 1 to 128 of certain characters, and AWS's prefix is AWS's."""
    assert found({key: "value"}) == ["WNG702"]


@pytest.mark.parametrize("value", ["v" * 257, "a#b", "a\nb", "blue!"])
def test_wng703_tag_value(value: str) -> None:
    """A value has at most 256 of the same characters."""
    assert found({"team": value}) == ["WNG703"]


@pytest.mark.parametrize("key", ["kubernetes.io/cluster/my-cluster", "k8s.io/cluster-autoscaler/enabled"])
def test_wng704_tag_reserved(key: str) -> None:
    """What EKS and cluster-autoscaler read, the node group sets."""
    assert found({key: "owned"}) == ["WNG704"]


def test_wng705_hint_too_long() -> None:
    """A hint that became too long for a tag is refused."""
    prefix = "k8s.io/cluster-autoscaler/node-template/label/"
    assert found(None, {prefix + "k" * (128 - len(prefix)): ""}) == []
    assert found(None, {prefix + "k" * (129 - len(prefix)): ""}) == ["WNG705"]


def test_tokens() -> None:
    """Tokens are left to AWS."""
    token = f"{cdk.Fn.ref('Tag')} #"
    assert found({token: token}, {token * 20: ""}) == []
