"""The checks of roles, access entries and the way to the endpoint."""

from __future__ import annotations

import boto3
import pytest

from windows_nodegroup.handler.checks.access import (
    ClusterRoleManagesAddresses,
    EntryIsForWindows,
    NodeRoleIsNotTheClusters,
    NoEntryInTheWay,
    NoShadowingEntry,
    RoleIsAuthorised,
)
from windows_nodegroup.handler.checks.check import Status

from .conftest import CLUSTER_ROLE, NODE_ROLE, REGION, Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")


def entry(kind: str) -> dict[str, object]:
    """Return DescribeAccessEntry's answer."""
    return {"accessEntry": {"clusterName": "my-cluster", "principalArn": NODE_ROLE, "type": kind}}


def test_pf501_passes(facts: Describe) -> None:
    """PF501 passes for a role with the policy, although the role has a path."""
    assert ClusterRoleManagesAddresses().run(facts()).status is Status.PASSED


def test_pf501_finds(facts: Describe) -> None:
    """PF501 fails for a role without the policy, and for one that somebody deleted."""
    boto3.client("iam", region_name=REGION).create_role(RoleName="bare", AssumeRolePolicyDocument="{}")
    bare = ClusterRoleManagesAddresses().run(facts({"roleArn": "arn:aws:iam::123456789012:role/bare"}))
    gone = ClusterRoleManagesAddresses().run(facts({"roleArn": "arn:aws:iam::123456789012:role/gone"}))

    assert bare.status is Status.FAILED
    assert "role bare of cluster my-cluster lacks AmazonEKSVPCResourceController" in bare.problems[0]
    assert "does not exist any more" in gone.problems[0]


def test_pf501_wants_awss_own_policy(facts: Describe, answers: Answers) -> None:
    """PF501 knows AWS's policy in every partition, and is not fooled by another one of that name."""
    china = {"PolicyName": "x", "PolicyArn": "arn:aws-cn:iam::aws:policy/AmazonEKSVPCResourceController"}
    own = {"PolicyName": "x", "PolicyArn": "arn:aws:iam::123456789012:policy/AmazonEKSVPCResourceController"}
    answers.given["iam:ListAttachedRolePolicies"] = {"AttachedPolicies": [china]}
    genuine = ClusterRoleManagesAddresses().run(facts())
    answers.given["iam:ListAttachedRolePolicies"] = {"AttachedPolicies": [own]}
    fake = ClusterRoleManagesAddresses().run(facts({"roleArn": "arn:aws:iam::123456789012:role/other"}))

    assert (genuine.status, fake.status) == (Status.PASSED, Status.FAILED)


def test_pf501_not_checked(facts: Describe, answers: Answers) -> None:
    """PF501 says so when policies may not be listed."""
    answers.given["iam:ListAttachedRolePolicies"] = "AccessDenied"

    assert ClusterRoleManagesAddresses().run(facts()).reason == "iam:ListAttachedRolePolicies is not allowed"


@pytest.mark.parametrize(
    ("role", "status"),
    [(NODE_ROLE, Status.PASSED), (CLUSTER_ROLE, Status.FAILED), ("", Status.NOT_NEEDED)],
)
def test_pf502(facts: Describe, role: str, status: Status) -> None:
    """PF502 fails when the nodes are given the cluster's role."""
    assert NodeRoleIsNotTheClusters().run(facts(node_role_arn=role)).status is status


def test_pf503(facts: Describe, answers: Answers) -> None:
    """PF503 fails when the role has an access entry although its nodes are to be authorised through aws-auth."""
    answers.given["eks:DescribeAccessEntry"] = "ResourceNotFoundException"
    clear = NoShadowingEntry().run(facts(node_access="aws-auth", node_role_arn=NODE_ROLE))
    answers.given["eks:DescribeAccessEntry"] = entry("EC2_WINDOWS")
    shadowed = NoShadowingEntry().run(facts(node_access="aws-auth", node_role_arn=NODE_ROLE + "-2"))

    assert clear.status is Status.PASSED
    assert shadowed.status is Status.FAILED


def test_pf503_not_checked(facts: Describe, answers: Answers) -> None:
    """PF503 says which permission it lacks, and has nothing to do without aws-auth, a role, or access entries."""
    answers.given["eks:DescribeAccessEntry"] = "AccessDeniedException"
    without = {"accessConfig": {"authenticationMode": "CONFIG_MAP"}}
    unneeded = [
        facts(node_access="access-entry", node_role_arn=NODE_ROLE),
        facts(node_access="aws-auth"),
        facts(without, node_access="aws-auth", node_role_arn=NODE_ROLE),
    ]

    assert NoShadowingEntry().run(facts(node_access="aws-auth", node_role_arn=NODE_ROLE)).status is Status.NOT_CHECKED
    assert {NoShadowingEntry().run(one).status for one in unneeded} == {Status.NOT_NEEDED}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("ResourceNotFoundException", Status.PASSED),
        ("EC2_WINDOWS", Status.PASSED),
        ("EC2_LINUX", Status.FAILED),
        ("STANDARD", Status.FAILED),
        ("AccessDeniedException", Status.NOT_CHECKED),
    ],
)
def test_pf504(facts: Describe, answers: Answers, answer: str, status: Status) -> None:
    """PF504 fails when the role's access entry is for something else than Windows nodes."""
    answers.given["eks:DescribeAccessEntry"] = answer if answer.endswith("Exception") else entry(answer)

    assert EntryIsForWindows().run(facts(node_access="access-entry", node_role_arn=NODE_ROLE)).status is status


@pytest.mark.parametrize(
    ("stack", "answer", "status"),
    [
        ("new", "EC2_WINDOWS", Status.FAILED),
        ("", "EC2_WINDOWS", Status.NOT_CHECKED),
        ("updated", "EC2_WINDOWS", Status.NOT_NEEDED),
        ("new", "EC2_LINUX", Status.PASSED),
        ("new", "ResourceNotFoundException", Status.PASSED),
        ("", "ResourceNotFoundException", Status.PASSED),
    ],
)
def test_pf510(facts: Describe, answers: Answers, stack: str, answer: str, status: Status) -> None:
    """PF510 fails when a new stack would make an entry that is there; elsewhere the entry may be the stack's own."""
    answers.given["eks:DescribeAccessEntry"] = answer if answer.endswith("Exception") else entry(answer)
    subject = facts(node_access="access-entry", node_role_arn=NODE_ROLE, stack=stack)

    assert NoEntryInTheWay().run(subject).status is status


@pytest.mark.parametrize("node_access", ["aws-auth", "existing", ""])
def test_pf510_is_for_entries_of_the_stack(facts: Describe, node_access: str) -> None:
    """PF510 has nothing to look at where the stack makes no entry."""
    assert NoEntryInTheWay().run(facts(node_access=node_access, stack="new")).status is Status.NOT_NEEDED


@pytest.mark.parametrize(
    ("node_access", "mode", "status"),
    [
        ("existing", "API", Status.WARNED),
        ("existing", "API_AND_CONFIG_MAP", Status.NOT_NEEDED),
        ("access-entry", "API", Status.NOT_NEEDED),
    ],
)
def test_pf511(facts: Describe, answers: Answers, node_access: str, mode: str, status: Status) -> None:
    """PF511 warns when nobody has let the role in, and in mode API nothing else than an entry could."""
    answers.given["eks:DescribeAccessEntry"] = "ResourceNotFoundException"
    described = {"accessConfig": {"authenticationMode": mode}}

    assert RoleIsAuthorised().run(facts(described, node_access=node_access, node_role_arn=NODE_ROLE)).status is status


def test_pf511_passes(facts: Describe, answers: Answers) -> None:
    """PF511 passes for a role that has been let in."""
    answers.given["eks:DescribeAccessEntry"] = entry("EC2_WINDOWS")
    subject = facts({"accessConfig": {"authenticationMode": "API"}}, node_access="existing", node_role_arn=NODE_ROLE)

    assert RoleIsAuthorised().run(subject).status is Status.PASSED
