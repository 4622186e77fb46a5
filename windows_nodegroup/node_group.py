"""A group of Windows nodes that can join its cluster at the first try: the rooms of the house, in the order of deployment.

Read from top to bottom: the role of the nodes, its authorization in the cluster, the launch template, and the Auto Scaling group, which
waits for all of it. A deletion runs backwards: the nodes go first, then their authorization, then the way in of the function that
wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from .network import attached_group_ids, own_security_group, subnet_ids
from .node_access import NodeAuthorization, authorize
from .order import make_after
from .node_role import make_instance_profile, make_node_role
from .problems import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cluster import EksCluster


@jsii.implements(ec2.IConnectable, iam.IGrantable)
class WindowsNodeGroup(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: EksCluster,
        nodegroup_name: str,
        authorization: NodeAuthorization = NodeAuthorization.AUTOMATIC,
        bootstrap_arguments: str | None = None,
        desired_size: int | None = None,
        disk_size: int | None = None,
        image_id: str | None = None,
        instance_types: Sequence[str] = (),
        key_name: str | None = None,
        http_tokens: str = "required",
        max_size: int | None = None,
        min_size: int | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | str] | None = None,
        subnets: Sequence[ec2.ISubnet | str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        from aws_cdk import Aws, CfnCreationPolicy, CfnResourceSignal, CfnUpdatePolicy, CfnAutoScalingRollingUpdate, Fn

        description = f"Windows nodes {nodegroup_name} of the EKS cluster {cluster.cluster_name}"
        role = make_node_role(self)
        self.role = role
        self.security_group = own_security_group(self, cluster=cluster, description=description)
        authorization_ = authorize(self, cluster=cluster, role_arn=role.role_arn, authorization=authorization)
        self.launch_template = ec2.CfnLaunchTemplate(
            self,
            "LaunchTemplate",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                image_id=image_id,
                instance_type=instance_types[0],
                key_name=key_name,
                iam_instance_profile=ec2.CfnLaunchTemplate.IamInstanceProfileProperty(
                    arn=make_instance_profile(self, role)
                ),
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/sda1",
                        ebs=ec2.CfnLaunchTemplate.EbsProperty(
                            delete_on_termination=True, volume_size=disk_size, volume_type="gp3", encrypted=True
                        ),
                    )
                ],
                metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                    http_put_response_hop_limit=2, http_tokens=http_tokens
                ),
                security_group_ids=attached_group_ids(self.security_group, cluster=cluster, given=security_groups),
                user_data=Fn.base64(
                    "\n".join(
                        [
                            "<powershell>",
                            f'& "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1" -EKSClusterName {cluster.cluster_name} {bootstrap_arguments} 3>&1 4>&1 5>&1 6>&1',
                            "</powershell>",
                        ]
                    )
                ),
            ),
        )
        self.group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            min_size=str(min_size),
            max_size=str(max_size),
            desired_capacity=str(desired_size),
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=self.launch_template.ref, version=self.launch_template.attr_latest_version_number
            ),
            vpc_zone_identifier=subnet_ids(subnets),
            tags=[
                autoscaling.CfnAutoScalingGroup.TagPropertyProperty(
                    key="Name", value=f"{cluster.cluster_name}-{nodegroup_name}-Node", propagate_at_launch=True
                ),
                autoscaling.CfnAutoScalingGroup.TagPropertyProperty(
                    key=f"kubernetes.io/cluster/{cluster.cluster_name}", value="owned", propagate_at_launch=True
                ),
            ],
        )
        for step in authorization_:
            make_after(self.group, step)
