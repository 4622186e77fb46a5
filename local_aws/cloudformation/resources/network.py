"""AWS::EC2::*: virtual networks, as CDK's `Vpc` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.ec2 import replace_ec2_tags, tag_specifications
from local_aws.cloudformation.resources.kind import Kind, Made

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Vpc(Kind):
    """AWS::EC2::VPC."""

    type = "AWS::EC2::VPC"
    properties = frozenset({"CidrBlock", "EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags"})
    immutable = frozenset({"CidrBlock"})
    attributes = frozenset({"CidrBlock", "CidrBlockAssociations", "DefaultNetworkAcl", "DefaultSecurityGroup", "VpcId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the network."""
        properties = task.properties
        vpc = task.call(
            "ec2",
            "create_vpc",
            CidrBlock=properties.get("CidrBlock"),
            InstanceTenancy=properties.get("InstanceTenancy"),
            TagSpecifications=tag_specifications("vpc", properties.get("Tags")),
        )["Vpc"]["VpcId"]
        task.initiated(vpc)
        return self._configure(task, vpc)

    def update(self, task: Task) -> Made:
        """Change DNS settings and tags."""
        replace_ec2_tags(task, str(task.physical_id))
        return self._configure(task, str(task.physical_id))

    def _configure(self, task: Task, vpc: str) -> Made:
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            if name in task.properties:
                task.call("ec2", "modify_vpc_attribute", VpcId=vpc, **{name: {"Value": task.properties[name]}})
        (described,) = task.call("ec2", "describe_vpcs", VpcIds=[vpc])["Vpcs"]
        mine = [{"Name": "vpc-id", "Values": [vpc]}]
        acl = task.call("ec2", "describe_network_acls", Filters=[*mine, {"Name": "default", "Values": ["true"]}])
        groups = task.call(
            "ec2", "describe_security_groups", Filters=[*mine, {"Name": "group-name", "Values": ["default"]}]
        )
        return Made(
            vpc,
            {
                "CidrBlock": described["CidrBlock"],
                "CidrBlockAssociations": [one["AssociationId"] for one in described["CidrBlockAssociationSet"]],
                "DefaultNetworkAcl": acl["NetworkAcls"][0]["NetworkAclId"],
                "DefaultSecurityGroup": groups["SecurityGroups"][0]["GroupId"],
                "VpcId": vpc,
            },
        )

    def delete(self, task: Task) -> None:
        """Delete the network; EC2 refuses while something is in it."""
        task.call("ec2", "delete_vpc", VpcId=task.physical_id)


class Subnet(Kind):
    """AWS::EC2::Subnet."""

    type = "AWS::EC2::Subnet"
    properties = frozenset({"AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "Tags", "VpcId"})
    required = frozenset({"VpcId"})
    immutable = frozenset({"AvailabilityZone", "CidrBlock", "VpcId"})
    attributes = frozenset({"AvailabilityZone", "CidrBlock", "SubnetId", "VpcId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the subnet."""
        properties = task.properties
        subnet = task.call(
            "ec2",
            "create_subnet",
            **{key: properties.get(key) for key in ("AvailabilityZone", "CidrBlock", "VpcId")},
            TagSpecifications=tag_specifications("subnet", properties.get("Tags")),
        )["Subnet"]["SubnetId"]
        task.initiated(subnet)
        return self._configure(task, subnet)

    def update(self, task: Task) -> Made:
        """Change whether instances get public addresses, and tags."""
        replace_ec2_tags(task, str(task.physical_id))
        return self._configure(task, str(task.physical_id))

    def _configure(self, task: Task, subnet: str) -> Made:
        public = {"Value": task.properties.get("MapPublicIpOnLaunch", False)}
        task.call("ec2", "modify_subnet_attribute", SubnetId=subnet, MapPublicIpOnLaunch=public)
        (described,) = task.call("ec2", "describe_subnets", SubnetIds=[subnet])["Subnets"]
        return Made(subnet, {key: described[key] for key in ("AvailabilityZone", "CidrBlock", "SubnetId", "VpcId")})

    def delete(self, task: Task) -> None:
        """Delete the subnet."""
        task.call("ec2", "delete_subnet", SubnetId=task.physical_id)


class InternetGateway(Kind):
    """AWS::EC2::InternetGateway."""

    type = "AWS::EC2::InternetGateway"
    properties = frozenset({"Tags"})
    attributes = frozenset({"InternetGatewayId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the gateway."""
        tags = tag_specifications("internet-gateway", task.properties.get("Tags"))
        gateway = task.call("ec2", "create_internet_gateway", TagSpecifications=tags)["InternetGateway"]
        return Made(gateway["InternetGatewayId"], {"InternetGatewayId": gateway["InternetGatewayId"]})

    def update(self, task: Task) -> Made:
        """Change the tags."""
        replace_ec2_tags(task, str(task.physical_id))
        return Made(str(task.physical_id), {"InternetGatewayId": task.physical_id})

    def delete(self, task: Task) -> None:
        """Delete the gateway."""
        task.call("ec2", "delete_internet_gateway", InternetGatewayId=task.physical_id)


class VpcGatewayAttachment(Kind):
    """AWS::EC2::VPCGatewayAttachment of an internet gateway."""

    type = "AWS::EC2::VPCGatewayAttachment"
    properties = frozenset({"InternetGatewayId", "VpcId"})
    required = properties
    immutable = frozenset({"VpcId"})
    attributes = frozenset({"AttachmentType"})

    def create(self, task: Task) -> Made:
        """Attach the gateway."""
        task.call("ec2", "attach_internet_gateway", **task.properties)
        return Made(f"IGW|{task.properties['VpcId']}", {"AttachmentType": "IGW"})

    def update(self, task: Task) -> Made:
        """Exchange the gateway."""
        task.call("ec2", "detach_internet_gateway", **task.old_properties)
        return self.create(task)

    def delete(self, task: Task) -> None:
        """Detach the gateway."""
        task.call("ec2", "detach_internet_gateway", **task.properties)


class RouteTable(Kind):
    """AWS::EC2::RouteTable."""

    type = "AWS::EC2::RouteTable"
    properties = frozenset({"Tags", "VpcId"})
    required = frozenset({"VpcId"})
    immutable = frozenset({"VpcId"})
    attributes = frozenset({"RouteTableId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the table."""
        tags = tag_specifications("route-table", task.properties.get("Tags"))
        table = task.call("ec2", "create_route_table", VpcId=task.properties["VpcId"], TagSpecifications=tags)
        table_id = table["RouteTable"]["RouteTableId"]
        return Made(table_id, {"RouteTableId": table_id})

    def update(self, task: Task) -> Made:
        """Change the tags."""
        replace_ec2_tags(task, str(task.physical_id))
        return Made(str(task.physical_id), {"RouteTableId": task.physical_id})

    def delete(self, task: Task) -> None:
        """Delete the table."""
        task.call("ec2", "delete_route_table", RouteTableId=task.physical_id)


class Route(Kind):
    """AWS::EC2::Route to a gateway."""

    type = "AWS::EC2::Route"
    properties = frozenset({"DestinationCidrBlock", "GatewayId", "NatGatewayId", "RouteTableId"})
    required = frozenset({"RouteTableId"})
    immutable = frozenset({"DestinationCidrBlock", "RouteTableId"})
    attributes = frozenset({"CidrBlock"})

    def create(self, task: Task) -> Made:
        """Create the route."""
        task.call("ec2", "create_route", **task.properties)
        return self._made(task)

    def update(self, task: Task) -> Made:
        """Lead it elsewhere."""
        task.call("ec2", "replace_route", **task.properties)
        return self._made(task)

    def _made(self, task: Task) -> Made:
        block = task.properties["DestinationCidrBlock"]
        return Made(f"{task.properties['RouteTableId']}|{block}", {"CidrBlock": block})

    def delete(self, task: Task) -> None:
        """Delete the route."""
        about = {key: task.properties[key] for key in ("DestinationCidrBlock", "RouteTableId")}
        task.call("ec2", "delete_route", **about)


class SubnetRouteTableAssociation(Kind):
    """AWS::EC2::SubnetRouteTableAssociation."""

    type = "AWS::EC2::SubnetRouteTableAssociation"
    properties = frozenset({"RouteTableId", "SubnetId"})
    required = properties
    immutable = properties
    attributes = frozenset({"Id"})

    def create(self, task: Task) -> Made:
        """Associate the table."""
        association = task.call("ec2", "associate_route_table", **task.properties)["AssociationId"]
        return Made(association, {"Id": association})

    def update(self, task: Task) -> Made:
        """Never called: each change makes a new association."""
        return Made(str(task.physical_id), {"Id": task.physical_id})

    def delete(self, task: Task) -> None:
        """Give the subnet back to the main table."""
        task.call("ec2", "disassociate_route_table", AssociationId=task.physical_id)


class Eip(Kind):
    """AWS::EC2::EIP."""

    type = "AWS::EC2::EIP"
    properties = frozenset({"Domain", "Tags"})
    attributes = frozenset({"AllocationId", "PublicIp"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Allocate an address."""
        tags = tag_specifications("elastic-ip", task.properties.get("Tags"))
        address = task.call("ec2", "allocate_address", Domain=task.properties.get("Domain"), TagSpecifications=tags)
        return self._made(address)

    def update(self, task: Task) -> Made:
        """Change the tags."""
        (address,) = task.call("ec2", "describe_addresses", PublicIps=[task.physical_id])["Addresses"]
        replace_ec2_tags(task, address["AllocationId"])
        return self._made(address)

    def _made(self, address: dict[str, Any]) -> Made:
        return Made(address["PublicIp"], {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]})

    def delete(self, task: Task) -> None:
        """Release the address."""
        (address,) = task.call("ec2", "describe_addresses", PublicIps=[task.physical_id])["Addresses"]
        task.call("ec2", "release_address", AllocationId=address["AllocationId"])


class NatGateway(Kind):
    """AWS::EC2::NatGateway."""

    type = "AWS::EC2::NatGateway"
    properties = frozenset({"AllocationId", "SubnetId", "Tags"})
    required = frozenset({"SubnetId"})
    immutable = frozenset({"AllocationId", "SubnetId"})
    attributes = frozenset({"NatGatewayId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the gateway."""
        properties = task.properties
        gateway = task.call(
            "ec2",
            "create_nat_gateway",
            AllocationId=properties.get("AllocationId"),
            SubnetId=properties["SubnetId"],
            TagSpecifications=tag_specifications("natgateway", properties.get("Tags")),
        )["NatGateway"]["NatGatewayId"]
        return Made(gateway, {"NatGatewayId": gateway})

    def update(self, task: Task) -> Made:
        """Change the tags."""
        replace_ec2_tags(task, str(task.physical_id))
        return Made(str(task.physical_id), {"NatGatewayId": task.physical_id})

    def delete(self, task: Task) -> None:
        """Delete the gateway."""
        task.call("ec2", "delete_nat_gateway", NatGatewayId=task.physical_id)


KINDS: tuple[type[Kind], ...] = (
    Vpc,
    Subnet,
    InternetGateway,
    VpcGatewayAttachment,
    RouteTable,
    Route,
    SubnetRouteTableAssociation,
    Eip,
    NatGateway,
)
