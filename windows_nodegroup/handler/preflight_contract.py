"""What a template and the function agree on about the preflight: types, properties, attributes and permissions.

The synthesis side imports this module, like `contract`; it imports nothing.
"""

from __future__ import annotations

from typing import NamedTuple

#: The codes of the checks whose failure can be acknowledged: all that ask AWS, but those without which nothing goes on.
ACKNOWLEDGEABLE = tuple(
    f"PF{number}"
    for first, last in ((103, 109), (201, 210), (301, 304), (401, 405), (501, 511), (601, 604))
    for number in range(first, last + 1)
)


class AwsPreflight:
    """`Custom::PreflightAws`: everything that can be asked of AWS, before anything else of a stack exists.

    Of the properties only `ClusterName` is required: what is not declared is not checked. A list may also be one string
    with commas.
    """

    TYPE = "Custom::PreflightAws"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: `true` where the app makes the cluster: another name is that of its replacement. Absent: the name is to stay.
    CLUSTER_OF_APP = "ClusterOfApp"
    #: The mode that the template was made for: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
    AUTHENTICATION_MODE = "AuthenticationMode"
    #: How the nodes are authorised: `aws-auth`, `access-entry` or `existing`.
    NODE_ACCESS = "NodeAccess"
    #: The Kubernetes version that the image was chosen for, for example `1.33`.
    KUBERNETES_VERSION = "KubernetesVersion"
    #: The Windows version that the nodes are meant to run: `2019`, `2022` or `2025`.
    WINDOWS_VERSION = "WindowsVersion"
    #: The image's id, after CloudFormation has resolved an SSM parameter.
    IMAGE_ID = "ImageId"
    #: The root volume's size in GiB.
    VOLUME_SIZE = "VolumeSize"
    #: The VPC that the template was given.
    VPC_ID = "VpcId"
    #: Where the nodes are launched.
    SUBNET_IDS = "SubnetIds"
    #: The groups that are attached to the nodes, without the node group's own.
    SECURITY_GROUP_IDS = "SecurityGroupIds"
    #: Groups that rules refer to and that are not attached: the control plane's.
    CONTROL_PLANE_SECURITY_GROUP_IDS = "ControlPlaneSecurityGroupIds"
    #: Every instance type that the group may launch.
    INSTANCE_TYPES = "InstanceTypes"
    #: The smallest, the desired and the largest size; absent: synthesis has checked them.
    SIZES = "Sizes"
    #: The nodes' role where it exists already; a role that the same stack makes cannot be looked at yet.
    NODE_ROLE_ARN = "NodeRoleArn"
    #: `true` where the function runs in subnets, else `false`; empty: it asks nothing of the Kubernetes API.
    FUNCTION_IN_VPC = "FunctionInVpc"
    #: The subnets that the function runs in, and its security groups; absent: it is in no VPC.
    FUNCTION_SUBNET_IDS = "FunctionSubnetIds"
    FUNCTION_SECURITY_GROUP_IDS = "FunctionSecurityGroupIds"
    #: The role that the function assumes for the Kubernetes API; absent or empty: none, so that it needs no STS.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"
    #: Who completes the add-on vpc-cni, where EKS manages it: `update`, the function; `advise`, nobody, so that the
    #: deployment fails if the ConfigMap is not complete either; absent: somebody else sees to Windows support.
    WINDOWS_IPAM = "WindowsIpam"
    #: `true` where creation waits for the nodes' signals, which they send to CloudFormation.
    WAITS_FOR_SIGNALS = "WaitsForSignals"
    #: Codes of failing checks that somebody has looked at: they become warnings.
    ACKNOWLEDGED = "Acknowledged"

    #: Attribute: the warnings, one a line, or `none`.
    WARNINGS = "Warnings"


class ClusterFacts:
    """`Custom::ClusterFacts`: what nodes have to know of their cluster, where only EKS can tell it."""

    TYPE = "Custom::ClusterFacts"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"

    #: Attributes: facts of the cluster that never change while it exists.
    ENDPOINT = "Endpoint"
    CERTIFICATE_AUTHORITY_DATA = "CertificateAuthorityData"
    SERVICE_IPV4_CIDR = "ServiceIpv4Cidr"
    DNS_CLUSTER_IP = "DnsClusterIp"
    CLUSTER_SECURITY_GROUP_ID = "ClusterSecurityGroupId"


class ClusterPreflight:
    """`Custom::PreflightCluster`: what only the Kubernetes API can tell, once it may be asked. It only warns."""

    TYPE = "Custom::PreflightCluster"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: The roles of the nodes, of all node groups: a list, or one string with commas; absent: none is looked at.
    NODE_ROLE_ARNS = "NodeRoleArns"
    #: The role to assume for the Kubernetes API; absent or empty: the function's own.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"

    #: Attribute: the warnings, one a line, or `none`.
    WARNINGS = "Warnings"


class Permission(NamedTuple):
    """One IAM action and the only resource that it is needed for.

    `resource` is `*`, or an ARN with the placeholders `{partition}`, `{region}`, `{account}`, `{cluster}` and `{stack}`
    (the stack's name), to be filled in with `str.format`.
    """

    action: str
    resource: str


#: What the AWS side asks. Each is missed by the checks that need it only: they answer "not checked".
PERMISSIONS = (
    Permission("cloudformation:DescribeStacks", "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*"),
    Permission("ec2:DescribeImages", "*"),
    Permission("ec2:DescribeInstanceTypeOfferings", "*"),
    Permission("ec2:DescribeInstanceTypes", "*"),
    Permission("ec2:DescribeRouteTables", "*"),
    Permission("ec2:DescribeSecurityGroups", "*"),
    Permission("ec2:DescribeSubnets", "*"),
    Permission("ec2:DescribeVpcEndpoints", "*"),
    Permission("eks:DescribeAccessEntry", "arn:{partition}:eks:{region}:{account}:access-entry/{cluster}/*"),
    Permission("eks:DescribeAddon", "arn:{partition}:eks:{region}:{account}:addon/{cluster}/vpc-cni/*"),
    Permission("eks:DescribeCluster", "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"),
    Permission("eks:ListClusters", "*"),
    Permission("iam:ListAttachedRolePolicies", "arn:{partition}:iam::{account}:role/*"),
)
