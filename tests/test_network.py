"""The own security group is complete and minimal, given groups are attached as they are, and subnets are found."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from tests.found import codes, texts
from tests.synthesis import (
    CLUSTER_SECURITY_GROUP,
    SUBNETS,
    make_cluster,
    make_node_group,
    make_stack,
    only,
    resources_of,
    template_of,
)
from windows_nodegroup.network import NodeNetwork
from windows_nodegroup.problems import InvalidNodeGroup
from windows_nodegroup.remembered import attribute

CONTROL_PLANE = "sg-0eeeeeeeeeeeeeeee"
GIVEN = "sg-0dddddddddddddddd"


def ingress(template: dict[str, Any]) -> list[tuple[str, Any, Any, Any]]:
    """Protocol, ports and source of the rules in the own group."""
    rules = only(template, "AWS::EC2::SecurityGroup")["Properties"]["SecurityGroupIngress"]
    return [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["SourceSecurityGroupId"]) for rule in rules]


def attached(template: dict[str, Any]) -> list[str]:
    """The groups in the launch template; the own one as "own"."""
    (own,) = resources_of(template, "AWS::EC2::SecurityGroup")
    ids = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]["SecurityGroupIds"]
    return (
        ["own" if each == {"Fn::GetAtt": [own, "GroupId"]} else each for each in ids] if isinstance(ids, list) else ids
    )


def launched_in(template: dict[str, Any]) -> Any:
    """The subnets of the Auto Scaling group."""
    return only(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]["VPCZoneIdentifier"]


def test_own_group() -> None:
    """The group lets in itself, and the control plane on the ports of webhooks, kubelet and pods; all may go out."""
    template = template_of(make_node_group())
    assert ingress(template) == [
        ("tcp", 443, 443, CLUSTER_SECURITY_GROUP),
        ("tcp", 1025, 65535, CLUSTER_SECURITY_GROUP),
    ]
    (own,) = resources_of(template, "AWS::EC2::SecurityGroup")
    itself = {"Fn::GetAtt": [own, "GroupId"]}
    rule = only(template, "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["SourceSecurityGroupId"], rule["IpProtocol"]) == (itself, itself, "-1")
    properties = only(template, "AWS::EC2::SecurityGroup")["Properties"]
    assert [(rule["IpProtocol"], rule["CidrIp"]) for rule in properties["SecurityGroupEgress"]] == [("-1", "0.0.0.0/0")]
    assert properties["VpcId"] == "vpc-0123456789abcdef0"


def test_narrowest_source() -> None:
    """Where an additional group of the control plane is known, that one alone is let in."""
    template = template_of(make_node_group(cluster=make_cluster(security_groups=[CONTROL_PLANE])))
    assert {source for _, _, _, source in ingress(template)} == {CONTROL_PLANE}


def test_source_in_a_list_token() -> None:
    """Of a list that nobody can loop over, the first is let in."""
    stack = make_stack()
    groups = cdk.CfnParameter(stack, "Groups", type="List<AWS::EC2::SecurityGroup::Id>")
    cluster = make_cluster(security_groups=groups.value_as_list)
    template = template_of(make_node_group(stack, cluster=cluster))
    assert {str(source) for _, _, _, source in ingress(template)} == {str({"Fn::Select": [0, {"Ref": "Groups"}]})}


def test_cluster_group_by_default() -> None:
    """Nodes that are given no groups get the cluster security group, and with it reach all of the cluster."""
    assert attached(template_of(make_node_group())) == ["own", CLUSTER_SECURITY_GROUP]


def test_given_groups() -> None:
    """Given groups, as objects or ids, take the place of the cluster security group, and no rule is added to them."""
    stack = make_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Given", GIVEN)
    template = template_of(make_node_group(stack, security_groups=[group, CONTROL_PLANE]))
    assert attached(template) == ["own", GIVEN, CONTROL_PLANE]
    assert len(resources_of(template, "AWS::EC2::SecurityGroupIngress")) == 1


def test_looked_up_source() -> None:
    """Where the cluster's description knows no group of the control plane, one is let in that was looked up."""
    stack = make_stack()
    checks = cdk.CfnResource(stack, "Checks", type="Custom::Checks")
    network = NodeNetwork(cluster=make_cluster(cluster_security_group=None), security_groups=[GIVEN])
    network.own_security_group(stack, "x", control_plane_group=attribute(checks, "GroupId"))
    sources = {str(source) for _, _, _, source in ingress(template_of(stack))}
    assert sources == {str({"Fn::GetAtt": ["Checks", "GroupId"]})}


def test_known_source() -> None:
    """What the description knows is preferred."""
    stack = make_stack()
    NodeNetwork(cluster=make_cluster()).own_security_group(stack, "x", control_plane_group=CONTROL_PLANE)
    assert {source for _, _, _, source in ingress(template_of(stack))} == {CLUSTER_SECURITY_GROUP}


def test_wng625_control_plane_unknown() -> None:
    """A group that would keep the control plane out is refused."""
    network = NodeNetwork(cluster=make_cluster(cluster_security_group=None), security_groups=[GIVEN])
    assert codes(network.check) == ["WNG625"]
    assert codes(lambda problems: network.check(problems, control_plane_is_looked_up=True)) == []


def test_wng616_no_groups_at_all() -> None:
    """With the own group alone, nodes would reach neither the control plane nor the cluster's DNS."""
    network = NodeNetwork(cluster=make_cluster(), security_groups=[])
    assert codes(network.check) == ["WNG616"]
    assert texts(network.check)[0].startswith("security_groups is empty: ")


def test_wng632_security_group_id() -> None:
    """A name is no id; tokens are left alone."""
    token = cdk.Fn.ref("Group")
    assert codes(NodeNetwork(cluster=make_cluster(), security_groups=["nodes", token, GIVEN]).check) == ["WNG632"]
    assert codes(NodeNetwork(cluster=make_cluster(), security_groups=[token, GIVEN]).check) == []
    tokens = cdk.Token.as_list({"Ref": "Groups"})
    assert codes(NodeNetwork(cluster=make_cluster(), security_groups=tokens).check) == []


def test_no_second_cluster_tag() -> None:
    """The own group bears no cluster tag, of which a node's groups may have only one."""
    properties = only(make_node_group(), "AWS::EC2::SecurityGroup")["Properties"]
    assert "Tags" not in properties


def test_subnets_of_the_cluster() -> None:
    """Nodes that are given no subnets are launched in those of the cluster."""
    assert launched_in(template_of(make_node_group())) == list(SUBNETS)


def test_given_subnets() -> None:
    """Subnets are given as objects or ids."""
    stack = make_stack()
    subnet = ec2.Subnet.from_subnet_id(stack, "Given", "subnet-1")
    assert launched_in(template_of(make_node_group(stack, subnets=[subnet, "subnet-2"]))) == ["subnet-1", "subnet-2"]


def test_subnets_as_a_list_token() -> None:
    """A list that nobody can loop over goes through as it is."""
    stack = make_stack()
    subnets = cdk.CfnParameter(stack, "Subnets", type="List<AWS::EC2::Subnet::Id>")
    template = template_of(make_node_group(stack, subnets=subnets.value_as_list))
    assert launched_in(template) == {"Ref": "Subnets"}


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (None, ["Private"]),
        (ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC), ["Public"]),
        (ec2.SubnetSelection(subnet_group_name="Private"), ["Private"]),
    ],
)
def test_selection(selection: ec2.SubnetSelection | None, names: list[str]) -> None:
    """With the VPC at hand its private subnets are the default, and others can be selected."""
    stack = make_stack()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1)
    template = template_of(make_node_group(stack, cluster=make_cluster(vpc=vpc, subnets=()), subnets=selection))
    subnets = [each["Ref"] for each in launched_in(template)]
    assert [name for name in names for subnet in subnets if name in subnet] == names


def test_selection_of_known_subnets() -> None:
    """A selection that lists its subnets needs no VPC."""
    stack = make_stack()
    subnet = ec2.Subnet.from_subnet_id(stack, "Given", "subnet-1")
    template = template_of(make_node_group(stack, subnets=ec2.SubnetSelection(subnets=[subnet])))
    assert launched_in(template) == ["subnet-1"]


def test_wng634_selection_needs_vpc() -> None:
    """Nothing can be selected from a VPC of which only the id is known, and the cure says how to know it."""
    private = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    (text,) = texts(NodeNetwork(cluster=make_cluster(), subnets=private).check)
    assert "from vpc-0123456789abcdef0, an id: " in text
    assert "vpc=ec2.Vpc.from_lookup(...)" in text
    assert "[WNG634]" in text


def test_wng633_selection() -> None:
    """What CDK says of a selection that cannot be met is said with all that is wrong."""
    vpc = ec2.Vpc(make_stack(), "Vpc", max_azs=1)
    nothing = ec2.SubnetSelection(subnet_group_name="nope")
    (text,) = texts(NodeNetwork(cluster=make_cluster(vpc=vpc), subnets=nothing).check)
    assert text.startswith("the subnets cannot be selected (There are no subnet groups with name 'nope' in this VPC")
    assert "[WNG633]" in text


def test_wng631_subnet_id() -> None:
    """A name is no id; all that are none are named, and tokens are left alone."""
    given = ["private-a", cdk.Fn.ref("Subnet"), "subnet-1", "private-b"]
    (text,) = texts(NodeNetwork(cluster=make_cluster(), subnets=given).check)
    assert text.startswith("subnets has 'private-a', 'private-b': ")
    assert "[WNG631]" in text


def test_nowhere_to_launch() -> None:
    """Without subnets there is an error that says so."""
    with pytest.raises(InvalidNodeGroup, match="WNG617"):
        make_node_group(cluster=make_cluster(subnets=()))


def test_no_way_to_the_control_plane() -> None:
    """Without any group that leads to the control plane there is an error that says so."""
    with pytest.raises(InvalidNodeGroup, match="WNG616"):
        make_node_group(cluster=make_cluster(cluster_security_group=None))
