"""Instance types that cannot run Windows pods are told, and how many pods the others can have addresses for."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from tests.found import codes
from windows_nodegroup.instance_types import PodLimits, check_instance_types, pod_limits


def found(*instance_types: str) -> list[str]:
    """The codes of what is wrong with these types."""
    return codes(lambda problems: check_instance_types(instance_types, problems))


@pytest.mark.parametrize(
    "instance_type",
    [
        "t3.large",
        "m5.large",
        "m6i.4xlarge",
        "m7a.medium",
        "c7i-flex.large",
        "r6id.metal",
        "u-6tb1.56xlarge",
        "x2iedn.xlarge",
    ],
)
def test_suitable(instance_type: str) -> None:
    """Nothing is wrong with common types of x86_64."""
    assert found(instance_type) == []


@pytest.mark.parametrize("instance_type", ["large", "m5", "m5.", ".large", "M5.large", "m5 .large", "m5.large\n", ""])
def test_wng301_instance_type(instance_type: str) -> None:
    """A type is a family and a size."""
    assert found(instance_type) == ["WNG301"]


@pytest.mark.parametrize("family", ["c3", "c4", "d2", "i2", "m4", "m6a", "r3", "mac1", "mac2-m2", "mac-m4"])
def test_wng302_not_for_windows(family: str) -> None:
    """Families that EKS excludes for Windows are refused, but not their successors."""
    assert found(f"{family}.xlarge") == ["WNG302"]
    assert found("m4.16xlarge", "d3.xlarge", "i3.xlarge", "m6i.xlarge", "c5.xlarge", "r4.xlarge") == []


@pytest.mark.parametrize(
    "instance_type",
    [
        "a1.large",
        "t4g.large",
        "m6g.large",
        "m6gd.large",
        "c7gn.large",
        "x2gd.large",
        "im4gn.large",
        "is4gen.large",
        "g5g.xlarge",
        "p6e-gb200.36xlarge",
        "p6e-gb300.36xlarge",
    ],
)
def test_wng303_arm(instance_type: str) -> None:
    """Arm processors are refused, whatever the family."""
    assert found(instance_type) == ["WNG303"]


@pytest.mark.parametrize(
    "family", ["g4dn", "g4ad", "g5", "g6e", "gr6", "p3", "p5en", "p6-b200", "inf2", "trn1", "dl1", "f2", "vt1"]
)
def test_wng304_accelerator(family: str) -> None:
    """Accelerators for which the image has no driver are warned of."""
    assert found(f"{family}.xlarge") == ["WNG304"]


@pytest.mark.parametrize("size", ["nano", "micro", "small"])
def test_wng305_little_memory(size: str) -> None:
    """Sizes that Windows alone fills are warned of."""
    assert found(f"t3.{size}") == ["WNG305"]
    assert found("t3.medium") == []


def test_tokens() -> None:
    """A type that only the deployment knows is left to the checks of the deployment."""
    assert found(cdk.Fn.ref("NodeInstanceType")) == []
    assert pod_limits(cdk.Fn.ref("NodeInstanceType")) is None


@pytest.mark.parametrize(
    ("instance_type", "addresses"),
    [
        ("t3.large", 12),
        ("t3a.medium", 6),
        ("t2.small", 4),
        ("t3.xlarge", 15),
        ("m4.16xlarge", 30),
        ("m5.large", 10),
        ("m5.24xlarge", 50),
        ("c5.9xlarge", 30),
        ("c5n.18xlarge", 50),
        ("m6i.large", 10),
        ("m6i.32xlarge", 50),
        ("r7a.medium", 4),
        ("c7i-flex.2xlarge", 15),
        ("m8i.large", 20),
        ("r8id.4xlarge", 50),
        ("c8a.2xlarge", 40),
        ("m8a.48xlarge", 64),
        ("c8a.medium", 4),
        ("c8in.xlarge", 30),
        ("r8idb.16xlarge", 64),
        ("x8i.64xlarge", 64),
        ("m8azn.3xlarge", 40),
        ("d3.xlarge", 3),
        ("d3en.12xlarge", 30),
        ("g4ad.xlarge", 4),
        ("g4dn.xlarge", 10),
        ("g4dn.16xlarge", 15),
        ("g5.xlarge", 15),
        ("g5.12xlarge", 50),
        ("g6e.48xlarge", 50),
        ("g7e.2xlarge", 64),
        ("i3en.3xlarge", 15),
        ("i3en.6xlarge", 30),
        ("i4i.large", 10),
        ("i4i.24xlarge", 30),
        ("i7ie.12xlarge", 50),
        ("m5zn.3xlarge", 30),
        ("p3.16xlarge", 30),
        ("r7iz.metal-32xl", 50),
        ("x1e.8xlarge", 15),
        ("x2iezn.12xlarge", 50),
        ("z1d.large", 10),
    ],
)
def test_pod_limits(instance_type: str, addresses: int) -> None:
    """One interface's addresses but the first are for pods; with prefixes each of them is sixteen."""
    assert pod_limits(instance_type) == PodLimits(addresses - 1, (addresses - 1) * 16)


@pytest.mark.parametrize("instance_type", ["m9x.large", "m5.17xlarge", "c8idb.large", "u-6tb1.56xlarge", "large"])
def test_unknown_pod_limits(instance_type: str) -> None:
    """What is not known is not guessed."""
    assert pod_limits(instance_type) is None
