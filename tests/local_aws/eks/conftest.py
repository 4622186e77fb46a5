"""A cluster for the tests of EKS, and roles to be."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster


@pytest.fixture
def cluster(aws: LocalAws) -> LocalCluster:
    """A cluster of its own for each test, whose mode reads both access entries and aws-auth."""
    return aws.create_cluster(f"cluster-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def new_role(aws: LocalAws) -> Callable[..., str]:
    """Make a role that the account trusts; its ARN."""

    def make(path: str = "/") -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
            "Action": "sts:AssumeRole",
        }
        role = aws.client("iam").create_role(
            Path=path,
            RoleName=f"role-{uuid.uuid4().hex[:8]}",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        return str(role["Role"]["Arn"])

    return make
