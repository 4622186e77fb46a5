"""A Windows node group from the command line, in either of two ways.

- `cdk deploy -c cluster=my-cluster -c name=ng-windows` looks the cluster up and needs no more;
  `windows_nodegroup/context_stack.py` has the table of what else can be said.
- `cdk deploy --parameters ClusterName=my-cluster …` takes the parameters of AWS's own template.

`-c stack=<name>` names the stack; with another name there is another node group.
"""

from __future__ import annotations

import aws_cdk as cdk

from windows_nodegroup import WindowsNodeGroupStack
from windows_nodegroup.context_stack import DEFAULT_NAME, ContextNodeGroupStack, stack_name

app = cdk.App(analytics_reporting=False)
stack, cluster, name = (app.node.try_get_context(key) for key in ("stack", "cluster", "name"))
if cluster:
    ContextNodeGroupStack(app, stack or stack_name(str(cluster), str(name or DEFAULT_NAME)))
else:
    WindowsNodeGroupStack(
        app,
        stack or "WindowsNodeGroup",
        description="Self-managed Windows nodes for an Amazon EKS cluster, authorized before they launch",
    )
app.synth()
