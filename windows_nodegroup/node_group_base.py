"""What an app can do with a node group, made or imported: connect to it, grant to it, scale it and watch it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import jsii
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch


@jsii.implements(ec2.IConnectable, iam.IGrantable)
class NodeGroupBase(Construct):
    """A group of Windows nodes.

    Attributes:
        nodegroup_name: The node group's name.
        auto_scaling_group_name: The name of its Auto Scaling group.
        security_group_id: The id of the security group that it owns.
        role: The role of its nodes.
    """

    nodegroup_name: str
    auto_scaling_group_name: str
    security_group_id: str
    role: iam.IRole

    @cached_property
    def auto_scaling_group(self) -> autoscaling.IAutoScalingGroup:
        """The Auto Scaling group, to scale on a schedule or a metric and to add lifecycle hooks."""
        return autoscaling.AutoScalingGroup.from_auto_scaling_group_name(
            self, "AutoScalingGroup", self.auto_scaling_group_name
        )

    @cached_property
    def security_group(self) -> ec2.ISecurityGroup:
        """The security group that the node group owns."""
        return ec2.SecurityGroup.from_security_group_id(self, "OwnSecurityGroup", self.security_group_id)

    # jsii finds what implements its interfaces only where it is a plain property.
    @property
    def connections(self) -> ec2.Connections:
        """The connections of the nodes, through the security group that the node group owns."""
        return self._connections

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Whom a grant to the node group is for: the role of the nodes."""
        return self.role.grant_principal

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:  # noqa: ANN401 — handed on to Metric
        """A metric of the Auto Scaling group, such as `GroupPendingInstances`.

        Args:
            metric_name: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
            **options: As for `aws_cloudwatch.Metric`.
        """
        return self._metric("AWS/AutoScaling", metric_name, options)

    def metric_desired_capacity(self, **options: Any) -> cloudwatch.Metric:  # noqa: ANN401
        """How many nodes there should be."""
        return self.metric("GroupDesiredCapacity", **options)

    def metric_in_service_instances(self, **options: Any) -> cloudwatch.Metric:  # noqa: ANN401
        """How many nodes there are."""
        return self.metric("GroupInServiceInstances", **options)

    def metric_cpu_utilization(self, **options: Any) -> cloudwatch.Metric:  # noqa: ANN401
        """How busy the processors of the nodes are, in percent."""
        return self._metric("AWS/EC2", "CPUUtilization", options)

    def _metric(self, namespace: str, metric_name: str, options: dict[str, Any]) -> cloudwatch.Metric:
        from aws_cdk import aws_cloudwatch as cloudwatch  # noqa: PLC0415 — few apps need it, and loading it takes time

        dimensions = {"AutoScalingGroupName": self.auto_scaling_group_name}
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=metric_name,
            dimensions_map=dimensions,
            **{"statistic": "Average", **options},
        )

    @cached_property
    def _connections(self) -> ec2.Connections:
        return ec2.Connections(security_groups=[self.security_group])


class ImportedNodeGroup(NodeGroupBase):
    """A node group that another stack made; see `WindowsNodeGroup.from_nodegroup_attributes`."""

    def __init__(  # noqa: PLR0913 — props
        self,
        scope: Construct,
        construct_id: str,
        *,
        nodegroup_name: str,
        auto_scaling_group_name: str,
        security_group_id: str,
        node_role_arn: str,
    ) -> None:
        """Refers to the node group; nothing is made."""
        super().__init__(scope, construct_id)
        self.nodegroup_name = nodegroup_name
        self.auto_scaling_group_name = auto_scaling_group_name
        self.security_group_id = security_group_id
        self.role = iam.Role.from_role_arn(self, "Role", node_role_arn)
