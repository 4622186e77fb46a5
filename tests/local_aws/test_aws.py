"""The local AWS as a whole: how it starts, what it tells a terminal, and that it forgets."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_aws import LocalAws

if TYPE_CHECKING:
    from pathlib import Path

_HANG = "import time\ndef handler(event, context):\n    print('it hangs')\n    time.sleep(600)\n"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_HANGING = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_TRUST]}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 900,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": _HANG},
            },
        },
        "Hanging": {
            "Type": "Custom::Hanging",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
    }
}


def test_environment_is_all_that_boto3_needs(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 with nothing but the environment's variables is the developer's user of the account."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    identity = boto3.Session().client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{aws.account}:user/developer"


def test_reads_nothing_of_the_developers_own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile, a proxy and a configuration file of the developer do not matter."""
    broken = tmp_path / "config"
    broken.write_text("[default")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with LocalAws() as aws:
        assert aws.client("kms").list_keys()["Keys"] == []


def test_key_pair_exists(aws: LocalAws) -> None:
    """The key pair that templates ask for is there."""
    (pair,) = aws.client("ec2").describe_key_pairs(KeyNames=[aws.key_pair_name])["KeyPairs"]
    assert pair["KeyName"] == aws.key_pair_name


def test_two_at_a_time_are_two_accounts(aws: LocalAws) -> None:
    """A second local AWS in the process sees nothing of the first."""
    with LocalAws() as other:
        assert other.account != aws.account
        other.client("iam").create_user(UserName="only-in-the-other")
        assert "only-in-the-other" not in [user["UserName"] for user in aws.client("iam").list_users()["Users"]]


def test_forgets_everything_when_it_ends() -> None:
    """The next local AWS starts empty, with the same account number."""
    with LocalAws() as first:
        account = first.account
        first.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": first.region})
        first.create_cluster("gone")
    with LocalAws() as second:
        assert second.account == account
        assert second.client("s3").list_buckets()["Buckets"] == []
        assert second.client("eks").list_clusters()["clusters"] == []


def test_ends_all_that_it_started() -> None:
    """After its end nobody listens, no thread runs, and a second end does no harm."""
    before = set(threading.enumerate())
    local = LocalAws().start()
    local.create_cluster("short-lived")
    iam = local.client("iam")
    local.close()
    local.close()
    with pytest.raises(EndpointConnectionError):
        iam.list_users()
    assert [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()] == []


def test_ends_at_once_in_the_middle_of_a_deployment() -> None:
    """A function that hangs, and a stack that waits for it, are ended with the rest."""
    before = set(threading.enumerate())
    local = LocalAws().start()
    local.cloudformation.join_seconds = 0
    local.client("cloudformation").create_stack(
        StackName="hanging", TemplateBody=json.dumps(_HANGING), Capabilities=["CAPABILITY_IAM"]
    )
    while "it hangs" not in "".join(map(local.function_logs, local.functions.function_names())):
        time.sleep(0.05)
    started = time.monotonic()
    local.close()
    assert time.monotonic() - started < 5
    assert [thread for thread in threading.enumerate() if thread not in before and not thread.daemon] == []


def test_tells_that_it_is_not_started() -> None:
    """Using it too early is an error that names the cure."""
    with pytest.raises(RuntimeError, match=r"with.*start\(\)"):
        _ = LocalAws().url


def test_partition_follows_the_region() -> None:
    """In China everything is named as in China."""
    with LocalAws(region="cn-north-1") as china:
        cluster = china.create_cluster("zhong")
        assert cluster.record.arn.startswith("arn:aws-cn:eks:cn-north-1:")
        entries = china.client("eks").list_access_entries(clusterName="zhong")["accessEntries"]
        assert entries == [cluster.creator_role_arn]
        assert cluster.creator_role_arn.startswith("arn:aws-cn:iam:")


def test_service_that_is_missing_is_named(aws: LocalAws) -> None:
    """A service that is not there says so; nothing is accepted in silence."""
    with pytest.raises(ClientError, match="the local AWS has no service 'sqs'"):
        aws.client("sqs").list_queues()
    with pytest.raises(ClientError, match="the local AWS has no service 'rds'"):
        aws.client("rds").describe_db_instances()


@pytest.mark.parametrize(
    ("service", "operation", "named"),
    [
        ("eks", "describe_cluster_versions", "eks:DescribeClusterVersions"),
        ("ec2", "describe_coip_pools", "ec2:DescribeCoipPools"),
        ("lambda", "list_layers", "lambda:ListLayers"),
        ("ssm", "list_associations", "ssm:ListAssociations"),
    ],
)
def test_operation_that_is_missing_is_named(aws: LocalAws, service: str, operation: str, named: str) -> None:
    """An operation that is not there says so, whether the service is ours or moto's."""
    with pytest.raises(ClientError, match=f"the local AWS has no operation {named}"):
        getattr(aws.client(service), operation)()


def test_unknown_key_is_refused(aws: LocalAws) -> None:
    """Keys of the real AWS, or of another local one, open nothing."""
    stranger = boto3.Session(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="secret")
    for service, operation in (("iam", "list_users"), ("eks", "list_clusters"), ("s3", "list_buckets")):
        client = stranger.client(service, endpoint_url=aws.url, region_name=aws.region)  # type: ignore[call-overload]
        with pytest.raises(ClientError, match="security token included in the request is invalid"):
            getattr(client, operation)()


def test_calls_are_recorded_with_their_callers(aws: LocalAws) -> None:
    """Who asked what can be asserted."""
    aws.client("autoscaling").describe_auto_scaling_groups()
    call = aws.calls[-1]
    assert (call.service, call.operation) == ("autoscaling", "DescribeAutoScalingGroups")
    assert call.caller.endswith(":user/developer")


def test_failed_deployments_are_not_slowed_down(aws: LocalAws) -> None:
    """CloudTrail answers that it knows nothing, which the CDK CLI asks after a failure."""
    assert aws.client("cloudtrail").lookup_events()["Events"] == []
