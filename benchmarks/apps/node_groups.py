"""A CDK app with as many node groups in one stack as the first argument says."""

import sys

import aws_cdk

from windows_nodegroup import EksCluster, WindowsNodeGroup

app = aws_cdk.App()
stack = aws_cdk.Stack(app, "NodeGroups")
cluster = EksCluster.from_attributes(
    cluster_name="my-cluster",
    vpc="vpc-0123456789abcdef0",
    subnets=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    cluster_security_group="sg-0123456789abcdef0",
    version="1.33",
)
for number in range(int(sys.argv[1])):
    WindowsNodeGroup(stack, f"Nodes{number}", cluster=cluster, nodegroup_name=f"windows-{number}")
app.synth()
