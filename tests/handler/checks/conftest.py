"""An account with a cluster, public, private and isolated subnets: moto's, and answers by hand where moto has none."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.validate import validate_parameters
from moto import mock_aws

from windows_nodegroup.handler.checks.aws import CONFIG, Aws
from windows_nodegroup.handler.checks.declared import Declared
from windows_nodegroup.handler.checks.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.client import BaseClient
    from botocore.model import OperationModel

REGION = "us-west-2"
CLUSTER = "my-cluster"
CLUSTER_ROLE = "arn:aws:iam::123456789012:role/eks/my-cluster-role"
NODE_ROLE = "arn:aws:iam::123456789012:role/windows-nodes"
IMAGE = "ami-0123456789abcdef0"


@dataclass
class Account:
    """What is in the account.

    Attributes:
        vpc_id: The cluster's VPC.
        other_vpc_id: Another.
        public: A subnet with an internet gateway, which assigns addresses.
        closed: A subnet with an internet gateway, which assigns none.
        private: A subnet with a NAT gateway.
        isolated: A subnet without routes; in the zone that lacks old types.
        peered: A subnet with a route to another network only.
        stranger: A subnet of the other VPC.
    """

    vpc_id: str
    other_vpc_id: str
    public: str
    closed: str
    private: str
    isolated: str
    peered: str
    stranger: str
    group: str
    stranger_group: str
    isolated_table: str


@dataclass
class Answers:
    """Makes clients; an action that is `given` an answer, an error code or an exception never reaches moto."""

    given: dict[str, dict[str, Any] | str | Exception] = field(default_factory=dict)

    def client(self, service: str) -> BaseClient:
        """Return a client whose calls look at `given` first."""
        client: BaseClient = boto3.client(service, region_name=REGION, config=CONFIG)  # type: ignore[call-overload]
        answer: Callable[..., Any] = self._answer
        client.meta.events.register_first(f"before-call.{service}", answer)
        return client

    def _answer(self, model: OperationModel, **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        given = self.given.get(f"{model.service_model.service_name}:{model.name}")
        if given is None:
            return None
        if isinstance(given, Exception):
            raise given
        if isinstance(given, str):
            return _response(400), {"Error": {"Code": given, "Message": "no"}, "ResponseMetadata": {}}
        if model.output_shape is not None:
            validate_parameters(given, model.output_shape)
        return _response(200), given


class Describe:
    """Makes the subject of the checks: a cluster as EKS describes it, and what the user declared."""

    def __init__(self, account: Account, answers: Answers) -> None:
        """Start with a cluster that is as it should be."""
        self.account = account
        self.aws = Aws(answers.client)
        self.cluster: dict[str, Any] = {
            "name": CLUSTER,
            "arn": f"arn:aws:eks:{REGION}:123456789012:cluster/{CLUSTER}",
            "version": "1.33",
            "status": "ACTIVE",
            "roleArn": CLUSTER_ROLE,
            "endpoint": "https://EXAMPLE.gr7.us-west-2.eks.amazonaws.com",
            "certificateAuthority": {"data": "Q0E="},
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4"},
            "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
            "resourcesVpcConfig": {
                "vpcId": account.vpc_id,
                "subnetIds": [account.public, account.private],
                "clusterSecurityGroupId": account.group,
                "endpointPublicAccess": True,
                "endpointPrivateAccess": False,
                "publicAccessCidrs": ["0.0.0.0/0"],
            },
        }

    def __call__(self, cluster: dict[str, Any] | None = None, **declared: Any) -> Facts:
        """Return the facts: what is `declared`, and a cluster with some members replaced; nested ones are merged."""
        described = dict(self.cluster)
        for key, value in (cluster or {}).items():
            nested = isinstance(value, dict) and isinstance(described.get(key), dict)
            described[key] = {**described[key], **value} if nested else value
        return Facts(
            declared=Declared(cluster_name=declared.pop("cluster_name", CLUSTER), **declared),
            aws=self.aws,
            region=REGION,
            cluster=described,
        )


def _response(status: int) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), None)


def image(**members: object) -> dict[str, Any]:
    """Return DescribeImages' answer: one of AWS's images, with some members replaced."""
    description = {
        "ImageId": IMAGE,
        "Name": "Windows_Server-2022-English-Core-EKS_Optimized-1.33-2026.11.10",
        "ImageOwnerAlias": "amazon",
        "Public": True,
        "State": "available",
        "Architecture": "x86_64",
        "Platform": "windows",
        "PlatformDetails": "Windows",
        "CreationDate": "2126-11-10T02:25:32.000Z",
        "RootDeviceName": "/dev/sda1",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50}},
            {"DeviceName": "xvdca", "VirtualName": "ephemeral0"},
        ],
    }
    return {"Images": [{**description, **members}]}


@pytest.fixture(scope="package")
def account() -> Iterator[Account]:
    """An account that all tests only look at, or add to."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    }
    moto = mock_aws(config={"iam": {"load_aws_managed_policies": True}})
    with mock.patch.dict(os.environ, environment):
        moto.start(reset=False)  # other accounts of this process stay as they are
        try:
            yield _account()
        finally:
            moto.stop(remove_data=False)


@pytest.fixture
def answers() -> Answers:
    """The answers that moto does not know."""
    return Answers()


@pytest.fixture
def facts(account: Account, answers: Answers) -> Describe:
    """Make the subject of a check."""
    return Describe(account, answers)


def _account() -> Account:
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    other_vpc_id = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    zones = ["a", "b", "a", "c", "b"]
    public, closed, private, isolated, peered = (
        _subnet(ec2, vpc_id, f"10.0.{number}.0/24", zone) for number, zone in enumerate(zones)
    )
    stranger = _subnet(ec2, other_vpc_id, "10.1.0.0/24", "a")
    ec2.modify_subnet_attribute(SubnetId=public, MapPublicIpOnLaunch={"Value": True})
    nat = ec2.create_nat_gateway(SubnetId=public, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    peering = ec2.create_vpc_peering_connection(VpcId=vpc_id, PeerVpcId=other_vpc_id)["VpcPeeringConnection"]
    _route_table(ec2, vpc_id, (public, closed), DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    _route_table(ec2, vpc_id, (private,), DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    to_peer = {"VpcPeeringConnectionId": peering["VpcPeeringConnectionId"]}
    _route_table(ec2, vpc_id, (peered,), DestinationCidrBlock="10.1.0.0/16", **to_peer)
    isolated_table = _route_table(ec2, vpc_id, (isolated,))
    group, stranger_group = (
        ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
        for vpc in (vpc_id, other_vpc_id)
    )
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = boto3.client("iam", region_name=REGION)
    role = CLUSTER_ROLE.rpartition("/")[2]
    iam.create_role(RoleName=role, Path="/eks/", AssumeRolePolicyDocument=trust)
    for policy in ("AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"):
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    boto3.client("eks", region_name=REGION).create_cluster(
        name=CLUSTER, roleArn=CLUSTER_ROLE, version="1.33", resourcesVpcConfig={"subnetIds": [public, private]}
    )
    return Account(
        vpc_id,
        other_vpc_id,
        public,
        closed,
        private,
        isolated,
        peered,
        stranger,
        group,
        stranger_group,
        isolated_table,
    )


def _subnet(ec2: Any, vpc_id: str, cidr: str, zone: str) -> str:
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=REGION + zone)["Subnet"]
    return str(subnet["SubnetId"])


def _route_table(ec2: Any, vpc_id: str, subnet_ids: tuple[str, ...], **route: str) -> str:
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    for subnet_id in subnet_ids:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
    if route:
        ec2.create_route(RouteTableId=table, **route)
    return str(table)
