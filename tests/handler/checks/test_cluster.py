"""The checks of the cluster itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from windows_nodegroup.handler.checks.check import Status
from windows_nodegroup.handler.checks.cluster import (
    ClusterActive,
    ClusterExists,
    IPv4,
    ModeAsDeclared,
    ModeSuffices,
    NotLocal,
)

if TYPE_CHECKING:
    from windows_nodegroup.handler.checks.check import Outcome

    from .conftest import Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")


def absent(facts: Describe, **declared: Any) -> Outcome:
    """Ask for a cluster that is not there."""
    subject = facts(**declared)
    subject.cluster.clear()
    return ClusterExists().run(subject)


def test_pf101_passes(facts: Describe) -> None:
    """PF101 passes for a cluster that EKS describes."""
    assert ClusterExists().run(facts()).status is Status.PASSED


def test_pf101_finds_the_right_case(facts: Describe) -> None:
    """PF101 says the right name when only upper and lower case differ."""
    outcome = absent(facts, cluster_name="My-Cluster")

    assert outcome.messages() == (
        (
            "there is no cluster My-Cluster in us-west-2, but there is my-cluster (case matters): give the name as "
            "`aws eks list-clusters` shows it, and deploy to the cluster's region and account [PF101]"
        ),
    )


def test_pf101_finds_a_name_like_it(facts: Describe) -> None:
    """PF101 says which name was probably meant."""
    assert absent(facts, cluster_name="my-clutser").problems[0].endswith("but there is my-cluster")


def test_pf101_finds_another_region(facts: Describe) -> None:
    """PF101 guesses another region when the subnets are not there either."""
    outcome = absent(facts, cluster_name="production", subnet_ids=("subnet-0aaaaaaaaaaaaaaaa",))

    assert "this is probably another region or account" in outcome.problems[0]


def test_pf101_blames_no_region_when_the_subnets_are_there(facts: Describe) -> None:
    """PF101 does not guess another region when the subnets exist."""
    outcome = absent(facts, cluster_name="production", subnet_ids=(facts.account.private,))

    assert outcome.problems == ("there is no cluster production in us-west-2",)


def test_pf101_fails_without_hints_when_nothing_may_be_listed(facts: Describe, answers: Answers) -> None:
    """PF101 still fails, without a hint, when clusters and subnets may not be listed."""
    answers.given = {"eks:ListClusters": "AccessDeniedException", "ec2:DescribeSubnets": "UnauthorizedOperation"}
    outcome = absent(facts, cluster_name="My-Cluster", subnet_ids=("subnet-0aaaaaaaaaaaaaaaa",))

    assert outcome.problems == ("there is no cluster My-Cluster in us-west-2",)


def test_pf102_passes(facts: Describe) -> None:
    """PF102 passes for an ACTIVE cluster."""
    assert ClusterActive().run(facts()).status is Status.PASSED


@pytest.mark.parametrize(
    ("status", "outlook"),
    [
        ("CREATING", "wait for it to become ACTIVE"),
        ("UPDATING", "wait for it to become ACTIVE"),
        ("PENDING", "wait for it to become ACTIVE"),
        ("FAILED", "it will not become ACTIVE any more"),
        ("DELETING", "it will not become ACTIVE any more"),
    ],
)
def test_pf102_finds(facts: Describe, status: str, outlook: str) -> None:
    """PF102 fails in every other status, names it, and says whether waiting helps."""
    outcome = ClusterActive().run(facts({"status": status}))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"cluster my-cluster is {status}, {outlook}",)


def test_pf102_not_checked(facts: Describe) -> None:
    """PF102 does not judge a cluster whose status EKS does not tell."""
    assert ClusterActive().run(facts({"status": ""})).status is Status.NOT_CHECKED


def test_pf103_passes(facts: Describe) -> None:
    """PF103 passes for a cluster in the region."""
    assert NotLocal().run(facts()).status is Status.PASSED


def test_pf103_finds(facts: Describe) -> None:
    """PF103 fails for a local cluster and names its Outpost."""
    arn = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0123456789abcdef0"
    outcome = NotLocal().run(facts({"outpostConfig": {"outpostArns": [arn]}}))

    assert outcome.status is Status.FAILED
    assert outcome.problems == (f"cluster my-cluster is a local cluster on {arn}",)


def test_pf104_passes(facts: Describe) -> None:
    """PF104 passes for an IPv4 cluster."""
    assert IPv4().run(facts()).status is Status.PASSED


def test_pf104_finds(facts: Describe) -> None:
    """PF104 fails for an IPv6 cluster."""
    outcome = IPv4().run(facts({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}))

    assert outcome.status is Status.FAILED
    assert outcome.problems == ("cluster my-cluster has the IP family ipv6",)


def test_pf104_not_checked(facts: Describe) -> None:
    """PF104 does not judge a cluster whose IP family EKS does not tell."""
    assert IPv4().run(facts({"kubernetesNetworkConfig": {"ipFamily": None}})).status is Status.NOT_CHECKED


@pytest.mark.parametrize(
    ("declared", "node_access", "actual", "status"),
    [
        ("CONFIG_MAP", "aws-auth", "CONFIG_MAP", Status.PASSED),
        ("CONFIG_MAP", "aws-auth", "API_AND_CONFIG_MAP", Status.PASSED),
        ("CONFIG_MAP", "aws-auth", "API", Status.FAILED),
        ("CONFIG_MAP", "", "API", Status.FAILED),
        ("CONFIG_MAP", "existing", "API", Status.PASSED),
        ("API_AND_CONFIG_MAP", "aws-auth", "CONFIG_MAP", Status.FAILED),
        ("API_AND_CONFIG_MAP", "aws-auth", "API_AND_CONFIG_MAP", Status.PASSED),
        ("API_AND_CONFIG_MAP", "aws-auth", "API", Status.FAILED),
        ("API_AND_CONFIG_MAP", "access-entry", "API", Status.PASSED),
        ("API", "access-entry", "CONFIG_MAP", Status.FAILED),
        ("API", "access-entry", "API_AND_CONFIG_MAP", Status.PASSED),
        ("CONFIG_MAP", "access-entry", "CONFIG_MAP", Status.FAILED),
        ("", "aws-auth", "API", Status.FAILED),
        ("", "aws-auth", "CONFIG_MAP", Status.PASSED),
        ("", "access-entry", "CONFIG_MAP", Status.FAILED),
        ("", "access-entry", "API", Status.PASSED),
        ("", "", "API", Status.NOT_NEEDED),
    ],
)
def test_pf105(facts: Describe, declared: str, node_access: str, actual: str, status: Status) -> None:
    """PF105 fails where the cluster does not read what the declared mode, or the nodes, rely on, and nowhere else."""
    cluster = {"accessConfig": {"authenticationMode": actual}}

    assert ModeSuffices().run(facts(cluster, authentication_mode=declared, node_access=node_access)).status is status


def test_pf105_says_what_is_missing(facts: Describe) -> None:
    """PF105 names the mode and what the cluster lacks; a cluster from before access entries is in mode CONFIG_MAP."""
    outcome = ModeSuffices().run(facts({"accessConfig": None}, authentication_mode="API"))

    assert outcome.problems == (
        "mode API is declared, but cluster my-cluster has no access entries in mode CONFIG_MAP",
    )


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ("API_AND_CONFIG_MAP", Status.PASSED),
        ("API", Status.WARNED),
        ("CONFIG_MAP", Status.WARNED),
        ("", Status.NOT_NEEDED),
    ],
)
def test_pf106(facts: Describe, declared: str, status: Status) -> None:
    """PF106 warns when the declared mode is not the cluster's, even if it would work."""
    assert ModeAsDeclared().run(facts(authentication_mode=declared)).status is status
