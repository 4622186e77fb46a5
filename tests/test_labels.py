"""Labels and taints follow Kubernetes' own rules, and those of kubelet."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_eks as eks
from hypothesis import given
from hypothesis import strategies as st

from tests.found import codes, texts
from windows_nodegroup.labels import TaintEffect, TaintSpec, check_labels, check_taints


def labels(**pairs: str) -> list[str]:
    """The codes of what is wrong with labels."""
    return codes(lambda problems: check_labels(pairs, problems))


def taints(*specs: TaintSpec) -> list[str]:
    """The codes of what is wrong with taints."""
    return codes(lambda problems: check_taints(specs, problems))


@pytest.mark.parametrize(
    "key", ["a", "A.b_c-D", "0", "a" * 63, "example.com/a", "a-b.c0/d", "x" * 63 + "/a", "a." * 126 + "a/b"]
)
def test_label_key(key: str) -> None:
    """A key is a name, with a DNS name and a slash before it or without."""
    assert labels(**{key: "value"}) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "-a",
        "a-",
        "a b",
        "a!",
        "a" * 64,
        "/a",
        "a/",
        "a/b/c",
        "Example.com/a",
        "-a.b/c",
        "a..b/c",
        "a" * 254 + "/b",
        "a\n",
        "é",
        "a,b",
        "a=b",
    ],
)
def test_wng501_label_key(key: str) -> None:
    """Anything else is none."""
    assert labels(**{key: "value"}) == ["WNG501"]


@pytest.mark.parametrize("value", ["", "a", "A.b_c-D", "0", "a" * 63])
def test_label_value(value: str) -> None:
    """A value is a name or nothing."""
    assert labels(team=value) == []


@pytest.mark.parametrize("value", ["-a", "a-", "a b", "a/b", "a" * 64, "a\n", "\u00e9", "a,b=c", "a'b", 'a"'])
def test_wng502_label_value(value: str) -> None:
    """Anything else is none."""
    assert labels(team=value) == ["WNG502"]


@pytest.mark.parametrize(
    "key",
    [
        "kubernetes.io/team",
        "node-role.kubernetes.io/worker",
        "node-restriction.kubernetes.io/team",
        "k8s.io/team",
        "sub.k8s.io/team",
        "mynode.kubernetes.io/team",
        "kubernetes.io/instance-type",
    ],
)
def test_wng503_label_reserved(key: str) -> None:
    """Kubernetes' own namespaces are closed to kubelet."""
    assert labels(**{key: ""}) == ["WNG503"]


@pytest.mark.parametrize(
    "key",
    [
        "node.kubernetes.io/pool",
        "kubelet.kubernetes.io/pool",
        "sub.node.kubernetes.io/pool",
        "eks.amazonaws.com/pool",
        "notkubernetes.io/pool",
        "kubernetes.io.example.com/pool",
    ],
)
def test_open_namespaces(key: str) -> None:
    """Two of them are open to it, and others are nobody's business."""
    assert labels(**{key: ""}) == []


@pytest.mark.parametrize("key", ["kubernetes.io/os", "node.kubernetes.io/windows-build", "topology.kubernetes.io/zone"])
def test_wng504_label_of_kubelet(key: str) -> None:
    """What Kubernetes sets by itself is better left to it."""
    assert labels(**{key: "windows"}) == ["WNG504"]


def test_wng505_taint() -> None:
    """Keys and values of taints are like those of labels, and there are three effects."""
    assert taints(TaintSpec(key="a b")) == ["WNG505"]
    assert taints(TaintSpec(key="a", value="b c")) == ["WNG505"]
    assert taints(TaintSpec(key="a", effect="NO_SCHEDULE")) == ["WNG505"]
    assert taints(*(TaintSpec(key="example.com/a", value="b", effect=effect) for effect in TaintEffect)) == []


def test_wng506_taint_twice() -> None:
    """A key may have several taints, but not with the same effect."""
    twice = [TaintSpec(key="os"), TaintSpec(key="os", value="windows")]
    assert texts(lambda problems: check_taints(twice, problems)) == [
        "taint os:NoSchedule is given 2 times: keep one of them [WNG506]"
    ]
    assert taints(TaintSpec(key="os"), TaintSpec(key="os", effect=TaintEffect.NO_EXECUTE)) == []


def test_tokens() -> None:
    """Tokens are left to the bootstrap, which checks them on the node."""
    token = f"{cdk.Fn.ref('Value')} !"
    assert labels(**{token: token}) == []
    assert taints(TaintSpec(key=token, value=token)) == []
    assert codes(lambda problems: check_labels(None, problems)) == []
    assert codes(lambda problems: check_taints(None, problems)) == []


@pytest.mark.parametrize("effect", eks.TaintEffect)
def test_effect_of_cdk(effect: eks.TaintEffect) -> None:
    """CDK's effects are accepted, in Kubernetes' words."""
    taint = TaintSpec(key="os", effect=effect)
    assert taint == TaintSpec(key="os", effect=TaintEffect[effect.name])
    assert taints(taint) == []


def test_taint_as_text() -> None:
    """Kubelet reads key, value and effect."""
    assert str(TaintSpec(key="os", value="windows", effect=TaintEffect.NO_EXECUTE)) == "os=windows:NoExecute"
    assert str(TaintSpec(key="os")) == "os=:NoSchedule"


@given(st.text(max_size=70))
def test_accepted_labels_are_harmless(text: str) -> None:
    """What is accepted as a key or value survives the command line that it becomes part of."""
    dangerous = set(" \t\r\n\"'`$%&|<>^;,=\0")
    if labels(**{text: "a"}) == []:
        assert not dangerous & set(text)
    if labels(team=text) == []:
        assert not dangerous & set(text)
