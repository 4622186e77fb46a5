"""A node group whose inputs are CloudFormation parameters: a drop-in for the template of AWS's guide.

The same parameters, console groups and outputs as `amazon-eks-windows-nodegroup.yaml`, with the constraints that it lacks, and one more
group, "Cluster Access", for what the guide leaves to a person with `kubectl`.
https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import (
    CfnCondition,
    CfnOutput,
    CfnParameter,
    CfnRule,
    CfnRuleAssertion,
    DefaultStackSynthesizer,
    Fn,
    Stack,
    Token,
)

from .cluster import AuthenticationMode, EksCluster
from .node_group import WindowsNodeGroup

if TYPE_CHECKING:
    from constructs import Construct

# A kubelet may be up to three minor versions older than the control plane and never newer, so 1.33 fits every cluster from 1.33 to 1.36:
# all that EKS offered for new clusters when this was written. https://kubernetes.io/releases/version-skew-policy/
_IMAGE = "/aws/service/ami-windows-latest/Windows_Server-2019-English-Core-EKS_Optimized-1.33/image_id"

_PARAMETERS: dict[str, dict[str, dict[str, Any]]] = {
    "EKS Cluster": {
        "ClusterName": {
            "description": "The name of the cluster, exactly as EKS has it: otherwise nodes cannot join.",
            "allowed_pattern": "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$",
            "constraint_description": "at most 100 letters, digits, hyphens and underscores, the first a letter or digit",
        },
        "ClusterControlPlaneSecurityGroup": {
            "type": "AWS::EC2::SecurityGroup::Id",
            "description": "The cluster's additional security group, through which its control plane reaches the nodes.",
        },
    },
    "Worker Node Configuration": {
        "NodeGroupName": {
            "description": "A name for this group of nodes, unique in the cluster.",
            "allowed_pattern": "^[0-9A-Za-z][0-9A-Za-z_-]{0,62}$",
            "constraint_description": "at most 63 letters, digits, hyphens and underscores, the first a letter or digit",
        },
        "NodeAutoScalingGroupMinSize": {
            "type": "Number",
            "default": 1,
            "min_value": 0,
            "description": "The fewest nodes; at most the desired capacity.",
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
            "description": "The most nodes: at least one more than the desired capacity, so that an update can replace nodes one by one.",
        },
        "NodeInstanceType": {
            "default": "t3.large",
            "description": "The EC2 instance type of the nodes; x86_64.",
            "allowed_pattern": "^[a-z][a-z0-9-]*[.][a-z0-9-]+$",
            "constraint_description": "an EC2 instance type such as t3.large",
        },
        "NodeImageIdSSMParam": {
            "type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "default": _IMAGE,
            "description": (
                "The public SSM parameter of the image. Choose 2019, 2022 or 2025, Core or Full, and the Kubernetes version of the cluster. "
                "It is read anew at every deployment, and a newer image replaces the nodes."
            ),
        },
        "NodeImageId": {
            "default": "",
            "description": "An image of your own, instead of the one that the SSM parameter names.",
            "allowed_pattern": "^(ami-[0-9a-f]{8}([0-9a-f]{9})?)?$",
            "constraint_description": "the id of an image, such as ami-0123456789abcdef0, or empty",
        },
        "NodeVolumeSize": {
            "type": "Number",
            "default": 50,
            "min_value": 50,
            "max_value": 16384,
            "description": "The size of the root volume in GiB; Windows needs 50.",
        },
        "KeyName": {
            "type": "AWS::EC2::KeyPair::KeyName",
            "description": "The EC2 key pair that decrypts the administrator's password.",
        },
        "BootstrapArguments": {
            "default": "",
            "description": "More arguments for the bootstrap script, in PowerShell and used as they are, such as -KubeletExtraArgs '--max-pods=20'.",
        },
        "DisableIMDSv1": {
            "default": "false",
            "allowed_values": ["false", "true"],
            "description": "Whether nodes and pods have to use version 2 of the instance metadata service.",
        },
    },
    "Worker Network Configuration": {
        "VpcId": {
            "type": "AWS::EC2::VPC::Id",
            "description": "The VPC of the cluster.",
        },
        "NodeSecurityGroups": {
            "type": "List<AWS::EC2::SecurityGroup::Id>",
            "description": "All security groups of the cluster's Linux nodes. The Windows nodes get them too.",
        },
        "Subnets": {
            "type": "List<AWS::EC2::Subnet::Id>",
            "description": "Where the nodes are launched. Public subnets have to assign public addresses.",
        },
    },
    "Cluster Access": {
        "ClusterAuthenticationMode": {
            "default": AuthenticationMode.API_AND_CONFIG_MAP.value,
            "allowed_values": [mode.value for mode in AuthenticationMode],
            "description": "The cluster's authentication mode, which decides how the nodes are let in: 'aws eks describe-cluster' shows it.",
        },
        "KubectlRoleArn": {
            "default": "",
            "description": (
                "A role that may already edit aws-auth, the cluster's creator for example, and that the deployment may assume. "
                "Needed in mode CONFIG_MAP; otherwise the deployment can let itself in."
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
        # CDK's own parameter and rule about its bootstrap stack would stand between those of the AWS template.
        props.setdefault("synthesizer", DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
        super().__init__(scope, construct_id, **props)
        parameters = {
            name: CfnParameter(self, name, **definition) for group in _PARAMETERS.values() for name, definition in group.items()
        }
        self._show_in_groups()
        self._keep_subnets_in_vpc(parameters["VpcId"].value_as_string)
        self.node_group = self._node_group(parameters)
        CfnOutput(self, "NodeInstanceRole", value=self.node_group.role.role_arn, description="The role of the nodes")
        CfnOutput(
            self,
            "NodeSecurityGroup",
            value=self.node_group.security_group.attr_group_id,
            description="The security group that the node group owns",
        )
        CfnOutput(self, "NodeAutoScalingGroup", value=self.node_group.group.ref, description="The Auto Scaling group of the nodes")

    def _node_group(self, parameters: dict[str, CfnParameter]) -> WindowsNodeGroup:
        text = {name: parameter.value_as_string for name, parameter in parameters.items() if _is_text(parameter)}
        own_image = CfnCondition(self, "HasNodeImageId", expression=Fn.condition_not(Fn.condition_equals(text["NodeImageId"], "")))
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
            image_id=Fn.sub("${Image}", {"Image": _either(own_image, text["NodeImageId"], text["NodeImageIdSSMParam"])}),
            disk_size=parameters["NodeVolumeSize"].value_as_number,
            key_name=text["KeyName"],
            bootstrap_arguments=text["BootstrapArguments"],
            http_tokens=_either(only_v2, "required", "optional"),
            security_groups=parameters["NodeSecurityGroups"].value_as_list,
            subnets=parameters["Subnets"].value_as_list,
        )

    def _show_in_groups(self) -> None:
        self.template_options.metadata = {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": label}, "Parameters": list(group)} for label, group in _PARAMETERS.items()
                ]
            }
        }

    def _keep_subnets_in_vpc(self, vpc_id: str) -> None:
        # Rules compare for equality only: that the sizes are in order, Auto Scaling itself checks.
        in_vpc = Fn.condition_each_member_equals(Fn.value_of_all("AWS::EC2::Subnet::Id", "VpcId"), vpc_id)
        text = "every subnet in Subnets has to belong to the VPC in VpcId"
        CfnRule(self, "SubnetsInVpc", assertions=[CfnRuleAssertion(assert_=in_vpc, assert_description=text)])


def _is_text(parameter: CfnParameter) -> bool:
    return parameter.type != "Number" and not parameter.type.startswith("List<")


def _either(condition: CfnCondition, if_true: str, if_false: str) -> str:
    return Token.as_string(Fn.condition_if(condition.logical_id, if_true, if_false))
