"""`cdk deploy --parameters ClusterName=my-cluster …`: a Windows node group with the parameters of AWS's own template.

`-c stack=<name>` names the stack; with another name there is another node group.
"""

from __future__ import annotations

import aws_cdk as cdk

from windows_nodegroup import WindowsNodeGroupStack

app = cdk.App(analytics_reporting=False)
WindowsNodeGroupStack(
    app,
    app.node.try_get_context("stack") or "WindowsNodeGroup",
    description="Self-managed Windows nodes for an Amazon EKS cluster, authorized before they launch",
)
app.synth()
