"""Checks of the ways that lead out of the subnets: to the control plane, to registries, to CloudFormation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, collapse_addresses
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts
from .network import subnets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .aws import Answer

_PRIVATE = GUIDE + "private-clusters.html"

#: What AWS's page on private clusters asks for so that nodes get their images.
_NEEDED = ("ec2", "ecr.api", "ecr.dkr", "s3")
#: What it asks for in some cases: roles for service accounts, logs, Session Manager.
_ADVISED = ("logs", "ssm", "ssmmessages", "sts")
_SIGNALS = "cloudformation"


class Way(StrEnum):
    """Where a subnet's routes lead."""

    INTERNET_GATEWAY = "a public subnet"
    OUT = "a private subnet with a way to the internet"
    ELSEWHERE = "a private subnet with a way to other networks only"
    NOWHERE = "a private subnet without any way out of the VPC"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with what its routes say.

    Attributes:
        description: What EC2 says of it.
        way: Where its routes lead.
        table: The id of its route table.
    """

    description: Answer
    way: Way
    table: str

    @property
    def id(self) -> str:
        """The subnet's id."""
        return str(self.description["SubnetId"])

    @property
    def vpc_id(self) -> str:
        """The VPC that it is in."""
        return str(self.description["VpcId"])


class PublicSubnetsAssignAddresses(Check[Facts]):
    """Public subnets give every instance a public address."""

    code = "PF203"
    severity = Severity.FAILS
    cure = "enable automatic public IPv4 addresses for it, or give private subnets: without one a node reaches nothing"
    documentation = GUIDE + "launch-windows-workers.html"
    unseen = "does not see endpoints that would do instead, nor carrier addresses of Wavelength Zones"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each such subnet."""
        for one in _of_nodes(subject):
            if one.way is Way.INTERNET_GATEWAY and not one.description.get("MapPublicIpOnLaunch"):
                yield f"subnet {one.id} is public, but assigns no public addresses"


class WayOutOrEndpoints(Check[Facts]):
    """Private subnets have a way out of the VPC, or the VPC has the endpoints that nodes need."""

    code = "PF204"
    severity = Severity.FAILS
    cure = "add a NAT gateway, or these VPC endpoints with private DNS names"
    documentation = _PRIVATE
    unseen = "does not see security groups and policies of endpoints, nor a NAT gateway that leads nowhere"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet that is cut off, with the endpoints that it lacks."""
        signals = (_SIGNALS,) if subject.declared.waits_for_signals == "true" else ()
        for one, services in lacking(subject, _having(subject, Way.NOWHERE), _NEEDED + signals):
            yield f"subnet {one.id} has no way out of the VPC and lacks {services}"


class AdvisedEndpoints(Check[Facts]):
    """Subnets without a way to the internet have the endpoints that many pods and operators need."""

    code = "PF205"
    severity = Severity.WARNS
    cure = "add these VPC endpoints if pods have roles of their own or log to CloudWatch, or if you use Session Manager"
    documentation = _PRIVATE
    unseen = "does not see endpoints that are shared from another VPC, nor which services your pods use"
    asks = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each such subnet, with the endpoints that it may lack."""
        for one, services in lacking(subject, _having(subject, Way.NOWHERE), _ADVISED):
            yield f"subnet {one.id} has no way out of the VPC and lacks {services}"
        everything = (*_NEEDED, _SIGNALS, *_ADVISED)
        for one, services in lacking(subject, _having(subject, Way.ELSEWHERE), everything):
            yield f"subnet {one.id} has no way to the internet and, in this VPC, lacks {services}"


class NodesReachEndpoint(Check[Facts]):
    """The nodes reach the cluster's endpoint: it is private, or they have a way to the internet."""

    code = "PF206"
    severity = Severity.FAILS
    cure = "enable the cluster's private endpoint, or give subnets with a way to the internet"
    documentation = GUIDE + "cluster-endpoint.html"
    unseen = (
        "does not see whether publicAccessCidrs admit the NAT gateway's address when the endpoint is public only, nor "
        "routes to the endpoint's addresses alone, or to what a prefix list holds"
    )
    asks = ("eks:DescribeCluster", "ec2:DescribeSubnets", "ec2:DescribeRouteTables")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name each subnet from which the endpoint is out of reach."""
        if subject.vpc_config.get("endpointPrivateAccess", True):
            return
        for one in _of_nodes(subject):
            if one.way in {Way.NOWHERE, Way.ELSEWHERE}:
                yield f"subnet {one.id} has no way to the internet, and cluster {subject.name} a public endpoint only"


def lacking(subject: Facts, concerned: list[Subnet], services: tuple[str, ...]) -> Iterator[tuple[Subnet, str]]:
    """Yield each subnet whose VPC lacks endpoints of some services, with their names.

    Raises:
        NotCheckedError: EC2 cannot be asked, or the VPC is another account's.
    """
    if not concerned:
        return
    account = subject.cluster["arn"].split(":")[4]
    for one in concerned:
        if one.description.get("OwnerId", account) != account:
            raise NotCheckedError(f"subnet {one.id} is shared by another account, whose endpoints cannot be seen")
    filters = [{"Name": "vpc-id", "Values": sorted({one.vpc_id for one in concerned})}]
    endpoints = subject.aws.ask("ec2:DescribeVpcEndpoints", Filters=filters)["VpcEndpoints"]
    for one in concerned:
        absent = [name for name in services if not any(_serves(end, name, one, subject.region) for end in endpoints)]
        if absent:
            yield one, ", ".join(absent)


def routed(subject: Facts, described: list[Answer]) -> list[Subnet]:
    """Return subnets with where their routes lead.

    Raises:
        NotCheckedError: EC2 cannot be asked, or does not show the routes.
    """
    if not described:
        return []
    filters = [{"Name": "vpc-id", "Values": sorted({one["VpcId"] for one in described})}]
    tables = subject.aws.ask("ec2:DescribeRouteTables", Filters=filters)["RouteTables"]
    found = []
    for one in described:
        table = _table(one, tables)
        if not table:
            raise NotCheckedError(f"the routes of subnet {one['SubnetId']} cannot be seen")
        found.append(Subnet(one, _way(table.get("Routes", [])), table.get("RouteTableId", "")))
    return found


def _serves(endpoint: Answer, service: str, subnet: Subnet, region: str) -> bool:
    # China's service names begin otherwise, all end like this; IAM's has no region. VPC Lattice's endpoints have none.
    name = endpoint.get("ServiceName", "")
    if not (name.endswith(f".{region}.{service}") or (service == "iam" and name.endswith(".amazonaws.iam"))):
        return False
    if endpoint.get("VpcId", subnet.vpc_id) != subnet.vpc_id:
        return False
    if endpoint.get("State", "available").lower() != "available":
        return False
    if endpoint.get("VpcEndpointType") == "Gateway":
        return subnet.table in endpoint.get("RouteTableIds", [])
    return bool(endpoint.get("PrivateDnsEnabled"))


def _of_nodes(subject: Facts) -> list[Subnet]:
    described = subnets(subject)
    if not described:
        raise NotNeededError("there is no such subnet")
    return routed(subject, described)


def _having(subject: Facts, way: Way) -> list[Subnet]:
    return [one for one in _of_nodes(subject) if one.way is way]


def _table(subnet: Answer, tables: list[Answer]) -> Answer:
    main: Answer = {}
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet["SubnetId"]:
                return table
            if association.get("Main") and table["VpcId"] == subnet["VpcId"]:
                main = table
    return main


def _way(routes: list[Answer]) -> Way:
    active = [route for route in routes if route.get("State", "active") == "active"]
    beyond = [route for route in active if _leaves_vpc(route)]
    public = [route for route in beyond if str(route.get("GatewayId", "")).startswith("igw-")]
    to_gateway = _width_of_everywhere(public)
    otherwise = _width_of_everywhere([route for route in beyond if route not in public])
    # Of two ways to everywhere, the one of more specific routes wins. One to some addresses only says little.
    if to_gateway > otherwise:
        return Way.INTERNET_GATEWAY
    if otherwise >= 0:
        return Way.OUT
    return Way.ELSEWHERE if beyond else Way.NOWHERE


def _width_of_everywhere(routes: list[Answer]) -> int:
    """Return the shortest prefix of routes that lead to all addresses together; -1 if they do not.

    Instead of 0.0.0.0/0 some have 0.0.0.0/1 and 128.0.0.0/1, so as to overrule another route.
    """
    networks = [IPv4Network(route["DestinationCidrBlock"]) for route in routes if "DestinationCidrBlock" in route]
    return min(network.prefixlen for network in networks) if are_everywhere(networks) else -1


def are_everywhere(networks: Iterable[IPv4Network]) -> bool:
    """Whether networks hold all addresses together."""
    return any(network.prefixlen == 0 for network in collapse_addresses(networks))


def _is_ipv4(route: Answer) -> bool:
    return "DestinationIpv6CidrBlock" not in route


def _leaves_vpc(route: Answer) -> bool:
    if not _is_ipv4(route):
        return False
    # A gateway endpoint's route leads to one service; a Gateway Load Balancer's to wherever that sends its traffic.
    to_service = str(route.get("GatewayId", "")).startswith("vpce-") and "DestinationPrefixListId" in route
    return not to_service and route.get("GatewayId") != "local"
