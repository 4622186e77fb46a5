"""The security group that a node group owns, and the groups that its nodes carry beside it.

Groups that are given are attached as they are: no rule is ever added to them, so no two writers can ask EC2 for the same rule. The own
group bears no `kubernetes.io/cluster/…` tag, of which a node's groups may have only one: the cluster security group has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2

from .literals import is_token_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from .cluster import EksCluster

# https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
_FROM_CONTROL_PLANE = ((443, 443, "webhooks"), (1025, 65535, "kubelet and pods"))


def subnet_ids(subnets: Sequence[ec2.ISubnet | str]) -> list[str]:
    """The ids of subnets that are given as objects or as ids; a token that stands for a list stays one."""
    return [subnet if isinstance(subnet, str) else subnet.subnet_id for subnet in subnets]


def security_group_ids(groups: Sequence[ec2.ISecurityGroup | str]) -> list[str]:
    """The ids of security groups that are given as objects or as ids; a token that stands for a list stays one."""
    return [group if isinstance(group, str) else group.security_group_id for group in groups]


def own_security_group(scope: Construct, *, cluster: EksCluster, description: str) -> ec2.CfnSecurityGroup:
    """Makes the node group's own security group: open to the control plane and to the group itself, and to reach everything.

    Args:
        scope: The node group.
        cluster: Whose nodes these are.
        description: What the EC2 console shows for the group.
    """
    source = _control_plane_group(cluster)
    group = ec2.CfnSecurityGroup(
        scope,
        "SecurityGroup",
        group_description=description,
        vpc_id=cluster.vpc_id,
        security_group_ingress=[
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=first,
                to_port=last,
                source_security_group_id=source,
                description=f"Control plane to {what}",
            )
            for first, last, what in _FROM_CONTROL_PLANE
            if source
        ],
        security_group_egress=[
            ec2.CfnSecurityGroup.EgressProperty(ip_protocol="-1", cidr_ip="0.0.0.0/0", description="Nodes and pods to anywhere")
        ],
    )
    # A group cannot name itself in its own rules: CloudFormation sees a circle.
    ec2.CfnSecurityGroupIngress(
        scope,
        "NodeToNode",
        group_id=group.attr_group_id,
        source_security_group_id=group.attr_group_id,
        ip_protocol="-1",
        description="Node to node",
    )
    return group


def attached_group_ids(
    own: ec2.CfnSecurityGroup, *, cluster: EksCluster, given: Sequence[ec2.ISecurityGroup | str] | None
) -> list[str]:
    """The ids of all groups of a node.

    Args:
        own: The node group's own security group.
        cluster: Whose nodes these are.
        given: The groups to attach beside the own one. None: the cluster security group, as AWS advises.
    """
    if given is None:
        return [own.attr_group_id, *filter(None, [cluster.cluster_security_group_id])]
    ids = security_group_ids(given)
    if is_token_list(ids):
        return Fn.split(",", Fn.join(",", [own.attr_group_id, Fn.join(",", ids)]))
    return [own.attr_group_id, *ids]


def _control_plane_group(cluster: EksCluster) -> str | None:
    # The control plane's interfaces carry the cluster security group and all additional ones, so any one lets them in. An additional
    # one is the narrowest: Linux nodes often carry the cluster security group as well.
    if is_token_list(cluster.security_group_ids):
        return Fn.select(0, list(cluster.security_group_ids))
    return next(iter(cluster.security_group_ids), cluster.cluster_security_group_id)
