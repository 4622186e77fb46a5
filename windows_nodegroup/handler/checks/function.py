"""Checks of the function's own network: whether it reaches the cluster's endpoint, AWS, and CloudFormation."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts
from .routes import Way, are_everywhere, lacking, routed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .aws import Answer
    from .routes import Subnet

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"

#: Without these the function can do nothing, nor answer: CloudFormation takes the answer through S3.
_NEEDED = ("eks", "s3")
#: Without these some checks answer "not checked", nobody waits for nodes, and no rollback is recognised.
_ADVISED = ("autoscaling", "cloudformation", "ec2")
#: Where IAM has an endpoint in a VPC: once in each partition.
_IAM_REGIONS = ("us-east-1", "us-gov-west-1", "cn-north-1")

#: Ways by which no function gets to the internet: it has no public address, so a public subnet is none either.
_CLOSED = (Way.NOWHERE, Way.INTERNET_GATEWAY)


class FunctionReachesEndpoint(Check[Facts]):
    """The function reaches the cluster's endpoint."""

    code = "PF505"
    severity = Severity.FAILS
    cure = "let the function run in the cluster's VPC with the private endpoint enabled, or open the public endpoint"
    documentation = GUIDE + "cluster-endpoint.html"
    unseen = (
        "does not see whether the control plane's security group admits a function that runs in the VPC, nor whether "
        "publicAccessCidrs admit its NAT gateway, nor whether another VPC that it runs in is connected: then it "
        "answers `not checked`"
    )
    asks = ("eks:DescribeCluster", "ec2:DescribeSubnets", "ec2:DescribeRouteTables")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Say what is in the way."""
        if not subject.declared.function_in_vpc:
            raise NotNeededError("no function asks the Kubernetes API")
        config = subject.vpc_config
        in_subnets = subject.declared.function_in_vpc == "true"
        in_vpc = in_subnets and all(one["VpcId"] == subject.vpc_id for one in _described(subject))
        if in_vpc and config.get("endpointPrivateAccess", True):
            return
        if not config.get("endpointPublicAccess", True):
            outside = f"the endpoint of cluster {subject.name} is private, and the function runs outside of its VPC"
            ways = {one.way for one in routed(subject, _described(subject))}
            if ways and Way.NOWHERE not in ways:
                raise NotCheckedError(f"{outside}: its own must be connected to it, and resolve the endpoint's name")
            yield outside
            return
        for one in routed(subject, _described(subject)):
            if one.way is not Way.OUT:
                yield f"{_named(one)}, and so none to the public endpoint of cluster {subject.name}"
        cidrs = config.get("publicAccessCidrs") or ["0.0.0.0/0"]
        if _admit_everybody(cidrs):
            return
        admits = f"the endpoint of cluster {subject.name} admits {', '.join(cidrs)} only"
        if in_subnets:
            raise NotCheckedError(
                f"{admits}: the address of the NAT gateway of the function's subnets must be in there"
            )
        yield f"{admits}, not the function"


class FunctionSubnetsExist(Check[Facts]):
    """The function's subnets exist."""

    code = "PF506"
    severity = Severity.FAILS
    cure = "give subnets of the cluster's VPC"
    documentation = _LAMBDA + "configuration-vpc.html"
    unseen = "leaves it to PF505 whether the endpoint can be reached from them"
    asks = ("ec2:DescribeSubnets",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet that is not there."""
        yield from subject.missing("subnet", subject.declared.function_subnet_ids, _subnets(subject), "SubnetId")


class FunctionSecurityGroupsInVpc(Check[Facts]):
    """The function's security groups exist and are in the VPC of its subnets."""

    code = "PF507"
    severity = Severity.FAILS
    cure = "give security groups of the VPC that the function's subnets are in"
    documentation = _LAMBDA + "configuration-vpc.html"
    unseen = "does not see whether the groups' rules let the function out, nor whether the control plane's let it in"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each group that is not there or elsewhere."""
        ids = subject.declared.function_security_group_ids
        if not ids:
            raise NotNeededError("no security groups of the function were declared")
        found = subject.described("ec2:DescribeSecurityGroups", "SecurityGroups", "group-id", ids)
        yield from subject.missing("security group", ids, found, "GroupId")
        vpcs = sorted({one["VpcId"] for one in _described(subject)}) or [subject.vpc_id]
        for one in found:
            if one["VpcId"] not in vpcs:
                yield f"security group {one['GroupId']} is in {one['VpcId']}, the function in {' and '.join(vpcs)}"


class FunctionReachesServices(Check[Facts]):
    """The function's subnets have a way out, or the endpoints without which the function can do nothing."""

    code = "PF508"
    severity = Severity.FAILS
    cure = (
        "give private subnets with a NAT gateway (`function_subnets`, or `-c function-subnets=…`), or add these VPC "
        "endpoints with private DNS names"
    )
    documentation = _LAMBDA + "configuration-vpc-internet.html"
    unseen = "does not see security groups and policies of endpoints, nor a NAT gateway that leads nowhere"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet that is cut off, with the endpoints that it lacks."""
        for one, services in lacking(subject, _having(subject, _CLOSED), _needed(subject)):
            yield f"{_named(one)} and lacks {services}"


class FunctionReachesOthers(Check[Facts]):
    """The function's subnets have a way to the internet, or the endpoints of all that the function asks."""

    code = "PF509"
    severity = Severity.WARNS
    cure = "add these VPC endpoints, or expect checks that were not made, and no word on nodes and rollbacks"
    documentation = _LAMBDA + "configuration-vpc-internet.html"
    unseen = "does not see endpoints that are shared from another VPC"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each such subnet, with the endpoints that it may lack."""
        advised = (*_ADVISED, "iam") if subject.region in _IAM_REGIONS else _ADVISED
        for one, services in lacking(subject, _having(subject, _CLOSED), advised):
            yield f"{_named(one)} and lacks {services}"
        everything = (*_needed(subject), *advised)
        for one, services in lacking(subject, _having(subject, (Way.ELSEWHERE,)), everything):
            yield f"{_named(one)} and, in this VPC, lacks {services}"


def _needed(subject: Facts) -> tuple[str, ...]:
    return (*_NEEDED, "sts") if subject.declared.kubectl_role_arn else _NEEDED


def _having(subject: Facts, ways: tuple[Way, ...]) -> list[Subnet]:
    return [one for one in routed(subject, _subnets(subject)) if one.way in ways]


def _named(subnet: Subnet) -> str:
    if subnet.way is Way.INTERNET_GATEWAY:
        return f"the function's subnet {subnet.id} is public, so that a function in it has no way to the internet"
    return f"the function's subnet {subnet.id} has no way to the internet"


def _subnets(subject: Facts) -> list[Answer]:
    if not subject.declared.function_subnet_ids:
        raise NotNeededError("no subnets of the function were declared")
    return _described(subject)


def _described(subject: Facts) -> list[Answer]:
    ids = subject.declared.function_subnet_ids
    return subject.described("ec2:DescribeSubnets", "Subnets", "subnet-id", ids) if ids else []


def _admit_everybody(cidrs: list[str]) -> bool:
    return are_everywhere(IPv4Network(cidr, strict=False) for cidr in cidrs if ":" not in cidr)
