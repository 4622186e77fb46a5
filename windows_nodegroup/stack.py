"""A node group whose inputs are CloudFormation parameters: a drop-in for the template of AWS's guide.

The same parameters, console groups and outputs as `amazon-eks-windows-nodegroup.yaml`, with the constraints that it
lacks; and one more group, "Cluster Access", for what the guide leaves to a person with `kubectl`.
https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html
"""

from __future__ import annotations

from typing import Any

from aws_cdk import (
    CfnCondition,
    CfnOutput,
    CfnParameter,
    CfnRule,
    CfnRuleAssertion,
    Fn,
    Stack,
    Token,
)
from constructs import Construct

from .acknowledgments import skip_checkov
from .ami import WindowsAmi
from .cluster import AuthenticationMode, EksCluster
from .instance_types import INSTANCE_TYPE_PATTERN
from .names import CLUSTER_NAME_PATTERN, NODEGROUP_NAME_PATTERN
from .node_group import WindowsNodeGroup
from .volumes import DEFAULT_DISK_SIZE

# A kubelet may be up to three minor versions older than the control plane, and never newer: 1.33 fits every cluster
# from 1.33 to 1.36, which were all versions for new clusters when this was written.
# https://kubernetes.io/releases/version-skew-policy/
_IMAGE = "/aws/service/ami-windows-latest/Windows_Server-2019-English-Core-EKS_Optimized-1.33/image_id"

# By console group and name, in the order of the AWS template; what each says is the keyword arguments of CfnParameter.
_PARAMETERS: dict[str, dict[str, dict[str, Any]]] = {
    "EKS Cluster": {
        "ClusterName": {
            "description": "The name of the cluster, exactly as EKS has it: otherwise nodes cannot join.",
            "allowed_pattern": CLUSTER_NAME_PATTERN,
            "constraint_description": "up to 100 letters, digits, hyphens and underscores; first a letter or digit",
        },
        "ClusterControlPlaneSecurityGroup": {
            "type": "AWS::EC2::SecurityGroup::Id",
            "description": "The cluster's additional security group, by which its control plane reaches the nodes.",
        },
    },
    "Worker Node Configuration": {
        "NodeGroupName": {
            "description": "A name for this group of nodes, unique in the cluster.",
            "allowed_pattern": NODEGROUP_NAME_PATTERN,
            "constraint_description": "up to 63 letters, digits, hyphens and underscores; first a letter or digit",
        },
        "NodeAutoScalingGroupMinSize": {
            "type": "Number",
            "default": 1,
            "min_value": 0,
            "description": "The fewest nodes: at most the desired capacity.",
        },
        "NodeAutoScalingGroupDesiredCapacity": {
            "type": "Number",
            "default": 3,
            "min_value": 0,
            "description": "The nodes to launch.",
        },
        "NodeAutoScalingGroupMaxSize": {
            "type": "Number",
            "default": 4,
            "min_value": 1,
            "description": "The most nodes: best one more than desired, so that an update replaces them one by one.",
        },
        "NodeInstanceType": {
            "default": "t3.large",
            "description": "The EC2 instance type of the nodes, with an x86_64 processor.",
            "allowed_pattern": INSTANCE_TYPE_PATTERN,
            "constraint_description": "an EC2 instance type such as t3.large",
        },
        "NodeImageIdSSMParam": {
            "type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "default": _IMAGE,
            "description": (
                "The public SSM parameter of the image: 2019, 2022 or 2025, Core or Full, and the cluster's Kubernetes "
                "version. It is read at every deployment, and a newer image replaces the nodes."
            ),
        },
        "NodeImageId": {
            "default": "",
            "description": "An image of your own, used instead of the one that the SSM parameter names.",
            "allowed_pattern": "^(ami-[0-9a-f]{8}([0-9a-f]{9})?)?$",
            "constraint_description": "the id of an image, such as ami-0123456789abcdef0, or empty",
        },
        "NodeVolumeSize": {
            "type": "Number",
            "default": DEFAULT_DISK_SIZE,
            "min_value": DEFAULT_DISK_SIZE,
            "max_value": 65536,
            "description": "The size of the root volume in GiB; Windows needs 50.",
        },
        "KeyName": {
            "type": "AWS::EC2::KeyPair::KeyName",
            "description": "The EC2 key pair that decrypts the administrator's password.",
        },
        "BootstrapArguments": {
            "default": "",
            "description": (
                "More arguments for the bootstrap script. They are PowerShell and run as they are: "
                "-KubeletExtraArgs '--max-pods=20'"
            ),
        },
        "DisableIMDSv1": {
            "default": "false",
            "allowed_values": ["false", "true"],
            "description": "Whether nodes and pods have to use version 2 of the instance metadata service.",
        },
    },
    "Worker Network Configuration": {
        "VpcId": {"type": "AWS::EC2::VPC::Id", "description": "The VPC of the cluster."},
        "NodeSecurityGroups": {
            "type": "List<AWS::EC2::SecurityGroup::Id>",
            "description": "All security groups of the cluster's Linux nodes; the Windows nodes get them too.",
        },
        "Subnets": {
            "type": "List<AWS::EC2::Subnet::Id>",
            "description": "Where nodes are launched. Public subnets have to assign public addresses.",
        },
    },
    "Cluster Access": {
        "ClusterAuthenticationMode": {
            "default": AuthenticationMode.API_AND_CONFIG_MAP.value,
            "allowed_values": [mode.value for mode in AuthenticationMode],
            "description": "The authentication mode of the cluster, which decides how nodes are let in.",
        },
        "KubectlRoleArn": {
            "default": "",
            "description": (
                "A role that may edit aws-auth, such as the cluster's creator, and that the deployment may assume. "
                "Required in mode CONFIG_MAP; in the others the deployment can let itself in."
            ),
            "allowed_pattern": "^(arn:[a-z-]+:iam::[0-9]{12}:role/[0-9A-Za-z_+=,.@/-]+)?$",
            "constraint_description": "the ARN of an IAM role, or empty",
        },
    },
}


class WindowsNodeGroupStack(Stack):
    """A stack of one node group, described by parameters.

    Attributes:
        node_group: The node group.
    """

    def __init__(self, scope: Construct, construct_id: str, **props: Any) -> None:  # noqa: ANN401 — handed on to Stack
        """Makes the stack in `scope`, an app or a stage.

        Args:
            scope: The app.
            construct_id: The stack's id and, unless `stack_name` is given, its name.
            **props: As for `aws_cdk.Stack`.
        """
        super().__init__(scope, construct_id, **props)
        # CDK's parameter and rule about its bootstrap would stand among those of the AWS template. It adds none where
        # something of that name exists. (A synthesizer made here, told not to, would be out of reach: function_asset.)
        Construct(self, "BootstrapVersion")
        groups = _PARAMETERS.values()
        parameters = {name: CfnParameter(self, name, **given) for group in groups for name, given in group.items()}
        self._show_in_groups()
        self._keep_subnets_in_vpc(parameters["VpcId"].value_as_string)
        self.node_group = self._node_group(parameters)
        version_1 = "the AWS template lets nodes use version 1 unless DisableIMDSv1 is true, and so does its drop-in"
        skip_checkov(self.node_group.launch_template, {"CKV_AWS_79": version_1})
        show_results(self, self.node_group)

    def _node_group(self, parameters: dict[str, CfnParameter]) -> WindowsNodeGroup:
        text = {name: parameter.value_as_string for name, parameter in parameters.items() if _is_text(parameter)}
        only_v2 = CfnCondition(self, "IMDSv1Disabled", expression=Fn.condition_equals(text["DisableIMDSv1"], "true"))
        return WindowsNodeGroup(
            self,
            "NodeGroup",
            cluster=EksCluster.from_attributes(
                cluster_name=text["ClusterName"],
                vpc=text["VpcId"],
                security_groups=[text["ClusterControlPlaneSecurityGroup"]],
                authentication_mode=text["ClusterAuthenticationMode"],
                kubectl_role=text["KubectlRoleArn"],
            ),
            nodegroup_name=text["NodeGroupName"],
            min_size=parameters["NodeAutoScalingGroupMinSize"].value_as_number,
            desired_size=parameters["NodeAutoScalingGroupDesiredCapacity"].value_as_number,
            max_size=parameters["NodeAutoScalingGroupMaxSize"].value_as_number,
            instance_types=[text["NodeInstanceType"]],
            ami=WindowsAmi.custom(image_id=self._image_id(text["NodeImageId"], text["NodeImageIdSSMParam"])),
            disk_size=parameters["NodeVolumeSize"].value_as_number,
            key_pair=text["KeyName"],
            bootstrap_arguments=text["BootstrapArguments"],
            http_tokens=_either(only_v2, "required", "optional"),
            security_groups=parameters["NodeSecurityGroups"].value_as_list,
            subnets=parameters["Subnets"].value_as_list,
        )

    def _image_id(self, own: str, published: str) -> str:
        given = CfnCondition(self, "HasNodeImageId", expression=Fn.condition_not(Fn.condition_equals(own, "")))
        # Validators take the defaults of both parameters for image ids, unless something stands around the choice.
        return Fn.sub("${Image}", {"Image": _either(given, own, published)})

    def _show_in_groups(self) -> None:
        groups = [{"Label": {"default": label}, "Parameters": list(group)} for label, group in _PARAMETERS.items()]
        self.template_options.metadata = {"AWS::CloudFormation::Interface": {"ParameterGroups": groups}}

    def _keep_subnets_in_vpc(self, vpc_id: str) -> None:
        # Rules compare for equality alone: that the sizes are in order is left to the preflight.
        in_vpc = Fn.condition_each_member_equals(Fn.value_of_all("AWS::EC2::Subnet::Id", "VpcId"), vpc_id)
        text = "every subnet in Subnets has to belong to the VPC in VpcId"
        CfnRule(self, "SubnetsInVpc", assertions=[CfnRuleAssertion(assert_=in_vpc, assert_description=text)])


def show_results(stack: Stack, node_group: WindowsNodeGroup) -> None:
    """Has a stack of one node group tell what it made, as the AWS template does."""
    outputs = {
        "NodeInstanceRole": (node_group.role.role_arn, "The role of the nodes"),
        "NodeSecurityGroup": (node_group.security_group_id, "The security group that the node group owns"),
        "NodeAutoScalingGroup": (node_group.auto_scaling_group_name, "The Auto Scaling group of the nodes"),
    }
    for name, (value, description) in outputs.items():
        CfnOutput(stack, name, value=value, description=description)
    for child in node_group.node.children:
        if isinstance(child, CfnOutput):
            child.override_logical_id(child.node.id)


def _is_text(parameter: CfnParameter) -> bool:
    return parameter.type != "Number" and not parameter.type.startswith("List<")


def _either(condition: CfnCondition, if_true: str, if_false: str) -> str:
    return Token.as_string(Fn.condition_if(condition.logical_id, if_true, if_false))
