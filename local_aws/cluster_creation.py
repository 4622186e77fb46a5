"""A cluster as people have one: in a VPC with public subnets, made by a role, perhaps with an `aws-auth` map."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws import eks_token
from local_aws.kubernetes_versions import DEFAULT_KUBERNETES_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.callers import Callers
    from local_aws.eks import Cluster, Eks
    from local_aws.kubernetes_api import KubernetesApi

_CLUSTER_POLICIES = ("AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCluster:
    """A cluster of the local AWS, and what it stands in."""

    name: str
    vpc_id: str
    #: Public, in distinct zones.
    subnet_ids: tuple[str, ...]
    #: The cluster security group, which EKS made.
    security_group_id: str
    #: The "additional" security group of the control plane.
    control_plane_security_group_id: str
    role_arn: str
    #: The role that made the cluster and is its administrator.
    creator_role_arn: str
    #: What EKS knows; a test may change it (`record.status = "UPDATING"`).
    record: Cluster
    region: str
    callers: Callers
    environment: dict[str, str]

    @property
    def kubernetes(self) -> KubernetesApi:
        """The Kubernetes API at the cluster's endpoint."""
        return self.record.kubernetes

    def token(self, role_arn: str = "", session_name: str = "terminal") -> str:
        """A bearer token of a session of a role; by default the creator's."""
        session = self.callers.assume(role_arn or self.creator_role_arn, session_name)
        keys = eks_token.Keys(session.access_key_id, session.secret_access_key, session.session_token or "")
        return eks_token.token(keys, self.region, self.name)

    def kubeconfig(self, path: Path | str, role_arn: str = "") -> Path:
        """Write a kubeconfig whose user is a role; `kubectl` gets its tokens as with AWS, from a command.

        Args:
            path: The file to write.
            role_arn: The role; by default the cluster's creator.
        """
        user = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "command": sys.executable,
            "args": [eks_token.__file__, self.name, "--role-arn", role_arn or self.creator_role_arn],
            "env": [{"name": name, "value": value} for name, value in self.environment.items()],
        }
        certificate_authority = self.record.description()["certificateAuthority"]["data"]
        server = {"server": self.kubernetes.url, "certificate-authority-data": certificate_authority}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": self.name, "cluster": server}],
            "users": [{"name": self.name, "user": {"exec": user}}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": self.name}}],
            "current-context": self.name,
        }
        path = Path(path)
        path.touch(mode=0o600)
        path.write_text(json.dumps(config, indent=2), "utf-8")
        return path


class ClusterCreation:
    """Makes clusters as an administrator would, with nothing but AWS's own calls."""

    def __init__(
        self,
        *,
        client: Callable[..., Any],
        callers: Callers,
        eks: Eks,
        region: str,
        environment: dict[str, str],
    ) -> None:
        """`client` gives boto3 clients of the local AWS, also as a role; `environment` is what a terminal needs."""
        self._client = client
        self._callers = callers
        self._eks = eks
        self._region = region
        self._environment = environment

    def create(
        self,
        name: str,
        *,
        version: str = DEFAULT_KUBERNETES_VERSION,
        authentication_mode: str = "API_AND_CONFIG_MAP",
        aws_auth: str | None = None,
        vpc: bool = True,
    ) -> LocalCluster:
        """Make a cluster, ACTIVE at once.

        Args:
            name: The cluster's name.
            version: The Kubernetes version, for example `1.34`.
            authentication_mode: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
            aws_auth: The text of `mapRoles` in the ConfigMap `kube-system/aws-auth`; None: there is no such map.
            vpc: In a VPC of its own; False: in the account's default VPC.
        """
        vpc_id = self._new_vpc(name) if vpc else self._default_vpc()
        subnet_ids = self._subnets(vpc_id)
        control_plane_group = self._client("ec2").create_security_group(
            GroupName=f"{name}-control-plane", Description="Control plane, additional", VpcId=vpc_id
        )["GroupId"]
        role_arn = self._role(f"{name}-cluster", {"Service": "eks.amazonaws.com"}, _CLUSTER_POLICIES)
        account = role_arn.split(":")[4]
        partition = role_arn.split(":")[1]
        creator = self._role(
            f"{name}-creator", {"AWS": f"arn:{partition}:iam::{account}:root"}, ("AdministratorAccess",)
        )
        described = self._client("eks", role_arn=creator).create_cluster(
            name=name,
            version=version,
            roleArn=role_arn,
            resourcesVpcConfig={"subnetIds": list(subnet_ids), "securityGroupIds": [control_plane_group]},
            accessConfig={"authenticationMode": authentication_mode},
        )["cluster"]
        cluster = LocalCluster(
            name=name,
            vpc_id=vpc_id,
            subnet_ids=subnet_ids,
            security_group_id=described["resourcesVpcConfig"]["clusterSecurityGroupId"],
            control_plane_security_group_id=control_plane_group,
            role_arn=role_arn,
            creator_role_arn=creator,
            record=self._eks.clusters[name],
            region=self._region,
            callers=self._callers,
            environment=self._environment,
        )
        if aws_auth is not None:
            cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": aws_auth})
        return cluster

    def _new_vpc(self, name: str) -> str:
        """A VPC with three public subnets in distinct zones and a way out."""
        ec2 = self._client("ec2")
        vpc_id = str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
        ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
        ec2.create_tags(Resources=[vpc_id], Tags=[{"Key": "Name", "Value": name}])
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
        table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
        for index, zone in enumerate(zones[:3]):
            subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{index * 32}.0/19", AvailabilityZone=zone)
            subnet_id = subnet["Subnet"]["SubnetId"]
            ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": True})
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
        return vpc_id

    def _default_vpc(self) -> str:
        return str(
            self._client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        )

    def _subnets(self, vpc_id: str) -> tuple[str, ...]:
        subnets = self._client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
        by_zone = sorted(subnets, key=lambda subnet: str(subnet["AvailabilityZone"]))
        return tuple(str(subnet["SubnetId"]) for subnet in by_zone[:3])

    def _role(self, name: str, principal: dict[str, str], policies: tuple[str, ...]) -> str:
        iam = self._client("iam")
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
        for policy in policies:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:{arn.split(':')[1]}:iam::aws:policy/{policy}")
        return arn
