"""A function may do what its role's policy allows, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws

    NewRole = Callable[..., str]
    NewFunction = Callable[..., str]
    Invoke = Callable[..., tuple[Any, bool]]

_DESCRIBE = (
    "import boto3\n"
    "def handler(event, context):\n"
    "    return boto3.client('eks').describe_cluster(name=event)['cluster']['name']\n"
)
_ASSUME = (
    "import boto3\n"
    "def handler(event, context):\n"
    "    answer = boto3.client('sts').assume_role(RoleArn=event, RoleSessionName='kubectl')\n"
    "    return answer['AssumedRoleUser']['Arn']\n"
)


def _allow(action: str, resource: str) -> dict[str, str]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _kubectl_role(aws: LocalAws, name: str, principal: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return str(aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


def test_nothing_without_a_policy(new_function: NewFunction, invoke: Invoke) -> None:
    """A role without statements may not even describe a cluster."""
    error, failed = invoke(new_function(_DESCRIBE, Timeout=30), "my-cluster")
    assert failed
    assert "is not authorized to perform: eks:DescribeCluster on resource" in error["errorMessage"]


def test_allowed_for_one_cluster_only(
    aws: LocalAws, function_role: NewRole, new_function: NewFunction, invoke: Invoke
) -> None:
    """A statement that names a cluster opens that one."""
    aws.create_cluster("allowed")
    aws.create_cluster("forbidden")
    arn = f"arn:aws:eks:{aws.region}:{aws.account}:cluster/allowed"
    name = new_function(_DESCRIBE, Role=function_role(_allow("eks:DescribeCluster", arn)), Timeout=30)
    assert invoke(name, "allowed") == ("allowed", False)
    assert invoke(name, "forbidden")[1]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "eks:*", "Resource": "*"},
        {**_allow("eks:Describe*", "*"), "Condition": {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}},
    ],
    ids=["deny wins", "conditions are not understood"],
)
def test_refused_in_doubt(
    aws: LocalAws,
    function_role: NewRole,
    new_function: NewFunction,
    invoke: Invoke,
    statement: dict[str, Any],
) -> None:
    """A deny wins over an allow, and a condition allows nothing."""
    aws.client("eks").list_clusters()
    allowed = [_allow("eks:Describe*", "*")] if statement["Effect"] == "Deny" else []
    name = new_function(_DESCRIBE, Role=function_role(statement, *allowed), Timeout=30)
    error, failed = invoke(name, "my-cluster")
    assert failed
    assert "is not authorized" in error["errorMessage"]


def test_managed_policy_counts(
    aws: LocalAws, function_role: NewRole, new_function: NewFunction, invoke: Invoke
) -> None:
    """An attached managed policy is read like an inline one."""
    role = function_role()
    aws.create_cluster("by-managed-policy")
    policy = json.dumps({"Version": "2012-10-17", "Statement": _allow("eks:DescribeCluster", "*")})
    iam = aws.client("iam")
    arn = iam.create_policy(PolicyName="describe-clusters", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=arn)
    assert invoke(new_function(_DESCRIBE, Role=role, Timeout=30), "by-managed-policy") == ("by-managed-policy", False)


def test_role_is_assumed_with_permission_and_trust(
    aws: LocalAws, function_role: NewRole, new_function: NewFunction, invoke: Invoke
) -> None:
    """A function assumes a role that trusts its account, if its own policy names that role."""
    root = f"arn:aws:iam::{aws.account}:root"
    trusting = _kubectl_role(aws, "kubectl-trusting", root)
    other = _kubectl_role(aws, "kubectl-other", root)
    stern = _kubectl_role(aws, "kubectl-stern", f"arn:aws:iam::{aws.account}:user/developer")
    role = function_role(_allow("sts:AssumeRole", trusting), _allow("sts:AssumeRole", stern))
    name = new_function(_ASSUME, Role=role, Timeout=30)
    arn, failed = invoke(name, trusting)
    assert not failed
    assert arn.endswith(":assumed-role/kubectl-trusting/kubectl")
    for refused in (other, stern, trusting + "-not-there"):
        error, failed = invoke(name, refused)
        assert failed
        assert "is not authorized to perform: sts:AssumeRole" in error["errorMessage"]


def test_developer_assumes_only_what_trusts(aws: LocalAws) -> None:
    """Being an administrator does not replace the trust of a role."""
    closed = _kubectl_role(aws, "kubectl-closed", f"arn:aws:iam::{aws.account}:role/somebody-else")
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        aws.client("sts").assume_role(RoleArn=closed, RoleSessionName="me")
