"""The security group that a node group owns, the groups that its nodes carry beside it, and where nodes are launched.

Groups that are given are attached as they are: no rule is ever added to them, so no two writers can ask EC2 for the
same rule. The own group bears no `kubernetes.io/cluster/…` tag, of which a node's groups may have only one: the cluster
security group has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Fn, Token
from aws_cdk import aws_ec2 as ec2

from . import rules
from .literals import is_token_list, literals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct, IDependable

    from .cluster import EksCluster
    from .literals import Intrinsic
    from .problems import Problems, Rule

_VPC_ID = re.compile(r"vpc-[0-9a-f]+")
_SUBNET_ID = re.compile(r"subnet-[0-9a-f]+")
_GROUP_ID = re.compile(r"sg-[0-9a-f]+")
_ERROR_NAME = re.compile(r"^\w+: ")

_SELECTION = ("availability_zones", "one_per_az", "subnet_filters", "subnet_group_name", "subnet_type")

# https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
_FROM_CONTROL_PLANE = ((443, 443, "webhooks"), (1025, 65535, "kubelet and pods"))


def subnet_ids(subnets: Sequence[ec2.ISubnet | str]) -> list[str]:
    """The ids of subnets that are given as objects or as ids; a token that stands for a list stays one."""
    return [subnet if isinstance(subnet, str) else subnet.subnet_id for subnet in subnets]


def check_vpc_id(name: str, vpc: ec2.IVpc | str, problems: Problems) -> None:
    """Check the id of a VPC that is given as an id; `name` is the input's."""
    _check_ids(name, [vpc], _VPC_ID, rules.VPC_ID, problems)


def check_subnet_ids(name: str, subnets: Sequence[ec2.ISubnet | str] | None, problems: Problems) -> None:
    """Check the ids of those subnets that are given as ids, likewise."""
    _check_ids(name, subnets, _SUBNET_ID, rules.SUBNET_ID, problems)


def check_group_ids(name: str, groups: Sequence[ec2.ISecurityGroup | str] | None, problems: Problems) -> None:
    """Check the ids of those security groups that are given as ids, likewise."""
    _check_ids(name, groups, _GROUP_ID, rules.SECURITY_GROUP_ID, problems)


def _check_ids(
    name: str, values: Sequence[object] | None, pattern: re.Pattern[str], rule: Rule, problems: Problems
) -> None:
    texts = literals(value for value in values or () if isinstance(value, str))
    if wrong := ", ".join(repr(text) for text in texts if not pattern.fullmatch(text)):
        problems.add(rule, f"{name} has {wrong}")


def ways_out(subnets: Sequence[ec2.ISubnet | str]) -> list[IDependable]:
    """The routes of those subnets that are given as objects: the app may make them."""
    return [each.internet_connectivity_established for each in subnets if not isinstance(each, str)]


def security_group_ids(groups: Sequence[ec2.ISecurityGroup | str]) -> list[str]:
    """The ids of security groups that are given as objects or as ids; a token that stands for a list stays one."""
    return [group if isinstance(group, str) else group.security_group_id for group in groups]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeNetwork:
    """Where nodes are launched and what they may talk to.

    Attributes:
        cluster: Whose nodes these are.
        subnets: Where to launch: subnets or their ids, or a selection from the cluster's VPC. None: those with which
            the cluster is described, or else the private ones of its VPC.
        security_groups: The groups to attach beside the own one. None: the cluster security group, as AWS advises.
    """

    cluster: EksCluster
    subnets: Sequence[ec2.ISubnet | str] | ec2.SubnetSelection | None = None
    security_groups: Sequence[ec2.ISecurityGroup | str] | None = None

    @property
    def launch_subnet_ids(self) -> list[str]:
        """The ids of the subnets in which nodes are launched; empty if nobody knows any."""
        if self.subnets is None and self.cluster.subnet_ids:
            return list(self.cluster.subnet_ids)
        return subnet_ids(self._launch_subnets)

    @property
    def ways_out(self) -> list[IDependable]:
        """What has to be there before nodes reach anything."""
        if self.subnets is None and self.cluster.subnet_ids:
            return []
        return ways_out(self._launch_subnets)

    @property
    def _launch_subnets(self) -> Sequence[ec2.ISubnet | str]:
        given, vpc = self.subnets, self.cluster.vpc
        if given is not None and not isinstance(given, ec2.SubnetSelection):
            return given
        if given is not None and given.subnets is not None:
            return given.subnets
        selection = {name: getattr(given, name) for name in _SELECTION} if given else {}
        return vpc.select_subnets(**selection).subnets if vpc else []

    def check(self, problems: Problems, *, control_plane_is_looked_up: bool = False) -> None:
        """Checks that nodes have a place to be launched in and a way to the control plane, and it one to them.

        Args:
            problems: Collects what is wrong.
            control_plane_is_looked_up: Whether `own_security_group` will be told a group of the control plane.
        """
        self._check_subnets(problems)
        self._check_groups(problems)
        cluster = self.cluster
        if not (control_plane_is_looked_up or _control_plane_group(cluster)):
            problems.add(rules.CONTROL_PLANE_UNKNOWN, "no security group of the control plane is known")
        if cluster.function_security_group_ids and not cluster.function_subnets:
            problems.add(rules.FUNCTION_NETWORK, "function_security_groups are given without function_subnets")
        if cluster.function_subnets and not (cluster.function_security_group_ids or cluster.cluster_security_group_id):
            problems.add(rules.FUNCTION_NETWORK, "function_subnets are given and no security group is known")

    def own_security_group(
        self, scope: Construct, description: str, *, control_plane_group: str | Intrinsic | None = None
    ) -> tuple[ec2.CfnSecurityGroup, str]:
        """Makes the own group in `scope`: open to the control plane and to itself, closed to all others.

        Args:
            scope: The node group.
            description: What the EC2 console shows for the group.
            control_plane_group: A security group of the control plane, where the cluster's description knows none.

        Returns:
            The group and its id.
        """
        source = _control_plane_group(self.cluster) or control_plane_group
        if isinstance(source, dict):
            source = Token.as_string(source)
        group = ec2.CfnSecurityGroup(
            scope,
            "SecurityGroup",
            group_description=description,
            vpc_id=self.cluster.vpc_id,
            security_group_ingress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": first,
                    "toPort": last,
                    "sourceSecurityGroupId": source,
                    "description": f"Control plane to {what}",
                }
                for first, last, what in _FROM_CONTROL_PLANE
                if source
            ],
            security_group_egress=[{"ipProtocol": "-1", "cidrIp": "0.0.0.0/0", "description": "To anywhere"}],
        )
        group_id = group.attr_group_id
        # A group cannot name itself in its own rules: CloudFormation sees a circle.
        ec2.CfnSecurityGroupIngress(
            scope,
            "NodeToNode",
            group_id=group_id,
            source_security_group_id=group_id,
            ip_protocol="-1",
            description="Node to node",
        )
        return group, group_id

    @property
    def foreign_group_ids(self) -> list[str]:
        """The ids of the groups of a node beside the own one; a token that stands for a list stays one."""
        if self.security_groups is None:
            return [*filter(None, [self.cluster.cluster_security_group_id])]
        return security_group_ids(self.security_groups)

    def attached_group_ids(self, own_id: str) -> list[str]:
        """The ids of all groups of a node, the own one first."""
        ids = self.foreign_group_ids
        if is_token_list(ids):
            return Fn.split(",", Fn.join(",", [own_id, Fn.join(",", ids)]))
        return [own_id, *ids]

    def _check_subnets(self, problems: Problems) -> None:
        given, cluster = self.subnets, self.cluster
        if isinstance(given, ec2.SubnetSelection):
            if given.subnets is None and cluster.vpc is None:
                problems.add(rules.SELECTION_NEEDS_VPC, f"subnets are to be selected from {cluster.vpc_id}, an id")
                return
        else:
            check_subnet_ids("subnets", given, problems)
        try:
            found = self.launch_subnet_ids
        except RuntimeError as error:  # what CDK says where a VPC has no such subnets
            problems.add(rules.SELECTION, f"the subnets cannot be selected ({_ERROR_NAME.sub('', str(error))})")
            return
        if not found:
            problems.add(rules.NO_SUBNETS, "no subnets are given, and none are known of the cluster")

    def _check_groups(self, problems: Problems) -> None:
        check_group_ids("security_groups", self.security_groups, problems)
        if not self.foreign_group_ids:
            empty = "security_groups is empty"
            unknown = "no security_groups are given and no cluster security group is known"
            problems.add(rules.NO_WAY_TO_CONTROL_PLANE, unknown if self.security_groups is None else empty)


def _control_plane_group(cluster: EksCluster) -> str | None:
    # The interfaces of the control plane carry the cluster security group and all additional ones, so any one of them
    # lets it in. An additional one is the narrowest: Linux nodes often carry the cluster security group as well.
    if is_token_list(cluster.security_group_ids):
        return Fn.select(0, list(cluster.security_group_ids))
    return next(iter(cluster.security_group_ids), cluster.cluster_security_group_id)
