"""Labels and taints, with which nodes are born: Kubernetes' own syntax, and what kubelet may set of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from . import rules
from .literals import is_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_eks as eks

    from .problems import Problems

_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z_.-]{0,61}[0-9A-Za-z])?")
_PREFIX = re.compile(r"(?=.{1,253}/?$)[0-9a-z](?:[0-9a-z-]*[0-9a-z])?(?:\.[0-9a-z](?:[0-9a-z-]*[0-9a-z])?)*")

# Kubernetes' own namespaces, and what kubelet may set in them nevertheless.
# https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/apis/well_known_labels.go
_RESERVED_NAMESPACES = ("kubernetes.io", "k8s.io")
_KUBELET_NAMESPACES = ("kubelet.kubernetes.io", "node.kubernetes.io")
_SET_BY_KUBERNETES = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        "node.kubernetes.io/windows-build",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """

    NO_SCHEDULE = "NoSchedule"
    """Such pods are not scheduled."""
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """Such pods are scheduled elsewhere if possible."""
    NO_EXECUTE = "NoExecute"
    """Such pods are not scheduled, and evicted if they already run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaintSpec:
    """Keeps pods that do not tolerate it away from the nodes; the same words as `aws_eks.TaintSpec`.

    Attributes:
        key: Like the key of a label. May be a token.
        value: Like the value of a label, or nothing. May be a token.
        effect: What happens to pods that do not tolerate the taint. CDK's own `TaintEffect` is as good as ours.
    """

    key: str
    value: str = ""
    effect: TaintEffect | eks.TaintEffect | str = TaintEffect.NO_SCHEDULE

    def __post_init__(self) -> None:
        """Takes CDK's word for an effect, which is EKS's, as Kubernetes' word."""
        if isinstance(self.effect, Enum):
            object.__setattr__(self, "effect", TaintEffect.__members__.get(self.effect.name, self.effect))

    def __str__(self) -> str:
        """As kubelet reads it: `key=value:NoSchedule`."""
        return f"{self.key}={self.value}:{self.effect}"


def check_labels(labels: Mapping[str, str] | None, problems: Problems) -> None:
    """Check keys and values that are literals against Kubernetes' syntax and against what kubelet may set."""
    for key, value in (labels or {}).items():
        if is_literal(key):
            _check_label_key(key, problems)
        if is_literal(value) and not _is_value(value):
            problems.add(rules.LABEL_VALUE, f"label {key}={value!r} has a value that is not well-formed")


def check_taints(taints: Sequence[TaintSpec] | None, problems: Problems) -> None:
    """Check keys, values and effects that are literals, and that no taint stands twice."""
    for taint in taints or ():
        if (is_literal(taint.key) and not _is_key(taint.key)) or (
            is_literal(taint.value) and not _is_value(taint.value)
        ):
            problems.add(rules.TAINT, f"taint key {taint.key!r} with value {taint.value!r} is not well-formed")
        if is_literal(taint.effect) and taint.effect not in tuple(TaintEffect):
            problems.add(rules.TAINT, f"taint {taint.key} has the unknown effect {taint.effect!r}")
    repeated = Counter((taint.key, taint.effect) for taint in taints or ())
    for (key, effect), count in repeated.items():
        if count > 1:
            problems.add(rules.TAINT_TWICE, f"taint {key}:{effect} is given {count} times")


def _check_label_key(key: str, problems: Problems) -> None:
    if not _is_key(key):
        problems.add(rules.LABEL_KEY, f"label key {key!r} is not well-formed")
    elif key in _SET_BY_KUBERNETES:
        problems.add(rules.LABEL_OF_KUBELET, f"label {key} is set by Kubernetes itself")
    elif _is_reserved(key):
        problems.add(rules.LABEL_RESERVED, f"label {key} has a reserved prefix")


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return _NAME.fullmatch(name) is not None and (not slash or _PREFIX.fullmatch(prefix) is not None)


def _is_value(value: str) -> bool:
    return value == "" or _NAME.fullmatch(value) is not None


def _is_reserved(key: str) -> bool:
    namespace = key.rpartition("/")[0]
    return _lies_in(namespace, _RESERVED_NAMESPACES) and not _lies_in(namespace, _KUBELET_NAMESPACES)


def _lies_in(namespace: str, parents: Sequence[str]) -> bool:
    return any(namespace == parent or namespace.endswith("." + parent) for parent in parents)
