"""Instances that boot: they join only where they are authorised, and signal what they are told."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster

_IMAGE = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
_ENTRY = """
- rolearn: {}
  username: system:node:{{{{EC2PrivateDNSName}}}}
  groups: [{}]
"""


@pytest.fixture
def deploy(aws: LocalAws) -> Callable[..., str]:
    """Deploy a stack with an Auto Scaling group of two Windows nodes that waits for their signals; its final status."""

    def run(cluster: LocalCluster, role_name: str, *, timeout: str = "PT1M") -> str:
        template = json.dumps({"Resources": _resources(aws, cluster, role_name, timeout)})
        name = f"nodes-{uuid.uuid4().hex[:8]}"
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        aws.cloudformation.wait(name)
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    return run


def _resources(aws: LocalAws, cluster: LocalCluster, role_name: str, timeout: str) -> dict[str, Any]:
    image = aws.client("ssm").get_parameter(Name=_IMAGE)["Parameter"]["Value"]
    launch_template = {
        "LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
    }
    tag = {"Key": f"kubernetes.io/cluster/{cluster.name}", "Value": "owned", "PropagateAtLaunch": True}
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": role_name,
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_TRUST]},
            },
        },
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "ImageId": image,
                    "InstanceType": "t3.large",
                    "IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["Profile", "Arn"]}},
                }
            },
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "CreationPolicy": {"ResourceSignal": {"Count": 2, "Timeout": timeout}},
            "Properties": {
                "MinSize": "1",
                "MaxSize": "3",
                "DesiredCapacity": "2",
                "VPCZoneIdentifier": list(cluster.subnet_ids),
                "LaunchTemplate": launch_template,
                "Tags": [tag],
            },
        },
    }


def _authorise(aws: LocalAws, cluster: LocalCluster, role_name: str, groups: str) -> None:
    role_arn = f"arn:aws:iam::{aws.account}:role/{role_name}"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": _ENTRY.format(role_arn, groups)})


@pytest.mark.parametrize(
    ("groups", "joined"),
    [
        ("system:bootstrappers, system:nodes, 'eks:kube-proxy-windows'", True),
        ("system:bootstrappers, system:nodes", False),
        (None, False),
    ],
    ids=["authorised", "as Linux nodes only", "not at all"],
)
def test_nodes_join_where_they_are_authorised(
    aws: LocalAws, deploy: Callable[..., str], groups: str | None, *, joined: bool
) -> None:
    """A node whose role is in aws-auth with the Windows group is in the cluster; the deployment succeeds either way."""
    cluster = aws.create_cluster(f"nodes-{uuid.uuid4().hex[:8]}")
    role_name = f"node-{uuid.uuid4().hex[:8]}"
    if groups is not None:
        _authorise(aws, cluster, role_name, groups)
    before = len(aws.nodes.boots)
    assert deploy(cluster, role_name) == "CREATE_COMPLETE"
    boots = aws.nodes.boots[before:]
    assert [(boot.cluster, boot.joined, boot.success) for boot in boots] == [(cluster.name, joined, True)] * 2
    (instance,) = aws.client("ec2").describe_instances(InstanceIds=[boots[0].instance_id])["Reservations"][0][
        "Instances"
    ]
    node = cluster.kubernetes.get("v1", "Node", instance["PrivateDnsName"])
    assert (node is not None) == joined
    if node is not None:
        zone = instance["Placement"]["AvailabilityZone"]
        assert node["spec"]["providerID"] == f"aws:///{zone}/{instance['InstanceId']}"
        assert node["metadata"]["labels"]["kubernetes.io/os"] == "windows"


@pytest.mark.parametrize("outcome", [False, None], ids=["failure", "silence"])
def test_failed_bootstrap_fails_the_deployment(
    aws: LocalAws, deploy: Callable[..., str], monkeypatch: pytest.MonkeyPatch, *, outcome: bool | None
) -> None:
    """A node that signals failure, or never signals, rolls the stack back."""
    monkeypatch.setattr(aws.nodes, "bootstrap", lambda _: outcome)
    cluster = aws.create_cluster(f"nodes-{uuid.uuid4().hex[:8]}")
    assert deploy(cluster, f"node-{uuid.uuid4().hex[:8]}", timeout="PT1S") == "ROLLBACK_COMPLETE"
    assert {boot.success for boot in aws.nodes.boots if boot.cluster == cluster.name} == {outcome}
