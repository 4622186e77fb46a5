"""Three Windows node groups on a cluster that exists: one for every day, one on spot from zero, one for old images.

    cdk deploy --app "python -m examples.three_node_groups" --context cluster=my-cluster

Nothing but the cluster's name is asked for; the CDK CLI looks up the rest and keeps it in `cdk.context.json`.
"""

from __future__ import annotations

import os
from typing import cast

import aws_cdk as cdk

from windows_nodegroup import (
    CapacityType,
    EbsVolume,
    EksCluster,
    TaintEffect,
    TaintSpec,
    WindowsAmi,
    WindowsEdition,
    WindowsNodeGroup,
)

app = cdk.App(analytics_reporting=False)
here = cdk.Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
stack = cdk.Stack(app, "ThreeNodeGroups", env=here, description="Three groups of Windows nodes on one EKS cluster")
cluster = EksCluster.from_lookup(stack, cluster_name=app.node.get_context("cluster"))

WindowsNodeGroup(
    stack,
    "General",
    cluster=cluster,
    nodegroup_name="windows-general",
    ami=WindowsAmi.server_2022(),
    instance_types=["m5.large"],
    min_size=1,
    max_size=3,
)

# Only pods that tolerate the taint are put here. cluster-autoscaler reads labels and taints from the group's tags, so
# it knows which pods a node would fit while there is none.
WindowsNodeGroup(
    stack,
    "Batch",
    cluster=cluster,
    nodegroup_name="windows-batch",
    capacity_type=CapacityType.SPOT,
    instance_types=["m5.xlarge", "m5a.xlarge", "m6i.xlarge"],
    min_size=0,
    desired_size=0,
    max_size=10,
    labels={"workload": "batch"},
    taints=[TaintSpec(key="workload", value="batch", effect=TaintEffect.NO_SCHEDULE)],
    cluster_autoscaler=True,
)

# Containers on Windows run only on the build that their image was made for.
legacy = WindowsNodeGroup(
    stack,
    "Legacy",
    cluster=cluster,
    nodegroup_name="windows-legacy",
    ami=WindowsAmi.server_2019(WindowsEdition.FULL),
    root_volume=EbsVolume(size=200, iops=6000, throughput=500),
    desired_size=1,
    tags={"Team": "payments"},
)

# What has no argument of its own is a property of the Auto Scaling group or of the launch template.
group = cast("cdk.CfnResource", legacy.node.default_child)
group.add_property_override("TerminationPolicies", ["OldestInstance"])
legacy.launch_template.add_property_override("LaunchTemplateData.Monitoring.Enabled", value=True)

app.synth()
