"""What a template and the function agree on: resource types, property names and variables, each written once.

The synthesis side imports this module and no other of the function's; the function imports nothing of that side.
"""

from __future__ import annotations

from .preflight_contract import Permission

#: The Lambda handler, as it stands in the asset: the package `handler`, module `index`, function `handler`.
HANDLER = "handler.index.handler"

#: Environment variable: the partition's DNS suffix (`AWS::URLSuffix`), for the endpoints of EKS and STS.
URL_SUFFIX = "URL_SUFFIX"

#: Seconds after which the function is stopped, the most that Lambda allows. It answers before that in every case.
FUNCTION_TIMEOUT_SECONDS = 900

#: Seconds within which every request is answered, except where a resource takes more: `Custom::NodesReady`.
REQUEST_SECONDS = 240

#: Seconds after which CloudFormation gives up waiting for an answer (`ServiceTimeout`); its own default is an hour.
#: An invocation that dies without an answer is repeated by Lambda after one minute: 240 + 60 + 240, and some.
SERVICE_TIMEOUT_SECONDS = 600


class AwsAuthEntry:
    """`Custom::AwsAuthEntry`: a role's entry in the ConfigMap `kube-system/aws-auth`."""

    TYPE = "Custom::AwsAuthEntry"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: The role whose nodes may join.
    ROLE_ARN = "RoleArn"
    #: The role to assume for the Kubernetes API; absent or empty: the function's own.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"
    #: The group that the access entry of the function's own role names; absent or empty: it has EKS's policy instead.
    KUBERNETES_GROUP = "KubernetesGroup"
    #: `true` where the app makes the cluster: one that its function may no longer describe goes with its map.
    CLUSTER_OF_APP = "ClusterOfApp"

    #: Attribute: the role's ARN as it stands in the map, without a path.
    ATTRIBUTE_ROLE_ARN = "RoleArn"
    #: Attribute: what the user should know, separated by semicolons, or `none`.
    ATTRIBUTE_WARNINGS = "Warnings"

    PERMISSIONS = (
        Permission(
            "cloudformation:DescribeStacks", "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*"
        ),
        Permission("eks:DescribeAccessEntry", "arn:{partition}:eks:{region}:{account}:access-entry/{cluster}/*"),
        Permission("eks:DescribeCluster", "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"),
    )


class WindowsIpam:
    """`Custom::WindowsIpam`: the ConfigMap `kube-system/amazon-vpc-cni` has EKS give Windows pods their addresses.

    The settings hold for all Windows nodes of the cluster. Those that are absent stay as they are, and nothing is ever
    switched off.
    """

    TYPE = "Custom::WindowsIpam"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: The role to assume for the Kubernetes API; absent or empty: the function's own.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"
    #: The group that the access entry of the function's own role names; absent or empty: it has EKS's policy instead.
    KUBERNETES_GROUP = "KubernetesGroup"
    #: `true`: nodes get prefixes of 16 addresses instead of single ones, and so hold more pods.
    PREFIX_DELEGATION = "EnablePrefixDelegation"
    #: How many prefixes, or addresses, a node has in reserve, and how many addresses it has at least: whole numbers.
    WARM_PREFIX_TARGET = "WarmPrefixTarget"
    WARM_IP_TARGET = "WarmIpTarget"
    MINIMUM_IP_TARGET = "MinimumIpTarget"
    #: Where EKS manages vpc-cni and its configuration lacks a setting: `update` changes the add-on; `advise`, as if
    #: absent, fails with the command that does.
    ADD_ON = "AddOn"

    #: Attribute: the warnings, one a line, or `none`.
    WARNINGS = "Warnings"

    PERMISSIONS = (
        Permission(
            "cloudformation:DescribeStacks", "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*"
        ),
        Permission("eks:DescribeAddon", "arn:{partition}:eks:{region}:{account}:addon/{cluster}/vpc-cni/*"),
        Permission("eks:DescribeCluster", "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"),
    )
    #: What `update` needs beside them. For an add-on with a role of its own also `iam:PassRole` of that role.
    UPDATE_PERMISSIONS = (
        Permission("eks:UpdateAddon", "arn:{partition}:eks:{region}:{account}:addon/{cluster}/vpc-cni/*"),
    )


class NodesReady:
    """`Custom::NodesReady`: waits until the instances of an Auto Scaling group are Ready nodes of the cluster.

    It waits again whenever a property changes.
    """

    TYPE = "Custom::NodesReady"

    #: Instead of the numbers above: from launch to Ready a Windows node takes ten minutes and more.
    REQUEST_SECONDS = FUNCTION_TIMEOUT_SECONDS
    SERVICE_TIMEOUT_SECONDS = 1020

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: The role to assume for the Kubernetes API; absent or empty: the function's own.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"
    #: The group; how many of its instances have to be Ready is what it desires when the wait begins.
    AUTO_SCALING_GROUP_NAME = "AutoScalingGroupName"
    #: The nodes' role, to find out why nodes do not join; absent: nobody looks.
    NODE_ROLE_ARN = "NodeRoleArn"
    #: How long to wait at most, in seconds; absent, or more than the function has: as long as the function can.
    TIMEOUT_SECONDS = "TimeoutSeconds"
    #: Whatever a new wait is due after: the launch template's version, the sizes. Nobody reads it.
    TRIGGERS = "Triggers"

    #: Attribute: the warnings, one a line, or `none`.
    WARNINGS = "Warnings"

    PERMISSIONS = (
        Permission("autoscaling:DescribeAutoScalingGroups", "*"),
        Permission("autoscaling:DescribeScalingActivities", "*"),
        Permission(
            "cloudformation:DescribeStacks", "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*"
        ),
        Permission("eks:DescribeAccessEntry", "arn:{partition}:eks:{region}:{account}:access-entry/{cluster}/*"),
        Permission("eks:DescribeCluster", "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"),
    )
