"""A cluster of Linux and Windows nodes from nothing: VPC, EKS cluster, a managed Linux group, a Windows group.

cdk deploy --app "python -m examples.new_cluster"
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks

from windows_nodegroup import EksCluster, WindowsNodeGroup

app = cdk.App(analytics_reporting=False)
stack = cdk.Stack(app, "NewCluster", description="An EKS cluster of Linux and Windows nodes")
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
cluster = eks.Cluster(
    stack,
    "Cluster",
    vpc=vpc,
    version=eks.KubernetesVersion.V1_34,
    default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
    default_capacity=0,
)
linux = cluster.add_nodegroup_capacity(
    "Linux", ami_type=eks.NodegroupAmiType.AL2023_X86_64_STANDARD, instance_types=[ec2.InstanceType("t3.medium")]
)
windows = WindowsNodeGroup(
    stack, "Windows", cluster=EksCluster.from_cluster(cluster), nodegroup_name="windows", desired_size=1
)
# CoreDNS runs on Linux alone: without it Windows pods resolve no names.
windows.node.add_dependency(linux)

app.synth()
