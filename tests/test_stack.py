"""The drop-in stack has the parameters, console groups and outputs of AWS's template, and constraints on top."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from tests.synthesis import only, resources_of, template_of
from windows_nodegroup import WindowsNodeGroupStack

if TYPE_CHECKING:
    from pathlib import Path

#: The AWS template of 2023-02-09: name, type, default (None: required), console group.
AWS_PARAMETERS = [
    ("ClusterName", "String", None, "EKS Cluster"),
    ("ClusterControlPlaneSecurityGroup", "AWS::EC2::SecurityGroup::Id", None, "EKS Cluster"),
    ("NodeGroupName", "String", None, "Worker Node Configuration"),
    ("NodeAutoScalingGroupMinSize", "Number", 1, "Worker Node Configuration"),
    ("NodeAutoScalingGroupDesiredCapacity", "Number", 3, "Worker Node Configuration"),
    ("NodeAutoScalingGroupMaxSize", "Number", 4, "Worker Node Configuration"),
    ("NodeInstanceType", "String", "t3.large", "Worker Node Configuration"),
    (
        "NodeImageIdSSMParam",
        "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        "/aws/service/ami-windows-latest/Windows_Server-2019-English-Core-EKS_Optimized-1.33/image_id",
        "Worker Node Configuration",
    ),
    ("NodeImageId", "String", "", "Worker Node Configuration"),
    ("NodeVolumeSize", "Number", 50, "Worker Node Configuration"),
    ("KeyName", "AWS::EC2::KeyPair::KeyName", None, "Worker Node Configuration"),
    ("BootstrapArguments", "String", "", "Worker Node Configuration"),
    ("DisableIMDSv1", "String", "false", "Worker Node Configuration"),
    ("VpcId", "AWS::EC2::VPC::Id", None, "Worker Network Configuration"),
    ("NodeSecurityGroups", "List<AWS::EC2::SecurityGroup::Id>", None, "Worker Network Configuration"),
    ("Subnets", "List<AWS::EC2::Subnet::Id>", None, "Worker Network Configuration"),
]
#: What is added, so that the function has a way into the cluster.
ACCESS_PARAMETERS = [
    ("ClusterAuthenticationMode", "String", "API_AND_CONFIG_MAP", "Cluster Access"),
    ("KubectlRoleArn", "String", "", "Cluster Access"),
]


@pytest.fixture(scope="module", name="template")
def make_template() -> dict[str, Any]:
    """The template of the stack as app.py makes it."""
    return template_of(WindowsNodeGroupStack(cdk.App(analytics_reporting=False), "WindowsNodeGroup"))


def test_parameters(template: dict[str, Any]) -> None:
    """The parameters are those of the AWS template, in its order, with its types and defaults, and two more."""
    found = [(name, given["Type"], given.get("Default")) for name, given in template["Parameters"].items()]
    assert found == [(name, kind, default) for name, kind, default, _ in AWS_PARAMETERS + ACCESS_PARAMETERS]


def test_every_parameter_is_described(template: dict[str, Any]) -> None:
    """The console says of every parameter what it is for."""
    assert all(given["Description"].endswith((".", "'")) for given in template["Parameters"].values())


def test_console_groups(template: dict[str, Any]) -> None:
    """The console shows the parameters in the groups of the AWS template, and one more."""
    groups: dict[str, list[str]] = {}
    for name, _, _, group in AWS_PARAMETERS + ACCESS_PARAMETERS:
        groups.setdefault(group, []).append(name)
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    assert {each["Label"]["default"]: each["Parameters"] for each in interface["ParameterGroups"]} == groups


def test_outputs(template: dict[str, Any]) -> None:
    """The outputs are those of the AWS templates, the role's ARN, the security group, the group; and the warnings."""
    values = {name: output["Value"] for name, output in template["Outputs"].items() if "Warnings" not in name}
    assert "PreflightAws: " in str(template["Outputs"]["Warnings"])
    types = {name: template["Resources"][_logical_id(value)]["Type"] for name, value in values.items()}
    assert types == {
        "NodeInstanceRole": "AWS::IAM::Role",
        "NodeSecurityGroup": "AWS::EC2::SecurityGroup",
        "NodeAutoScalingGroup": "AWS::AutoScaling::AutoScalingGroup",
    }
    assert values["NodeInstanceRole"]["Fn::GetAtt"][1] == "Arn"


def test_nothing_of_the_bootstrap_version(template: dict[str, Any]) -> None:
    """CDK adds no parameter and no rule of its own."""
    assert "BootstrapVersion" not in template["Parameters"]
    assert len(template["Rules"]) == 2


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("ClusterName", ["my-cluster", "1a", "A" * 100, "under_score"], ["", "-a", "a b", "A" * 101, "a.b", "ä"]),
        ("NodeGroupName", ["windows", "1", "a_b-C", "a" * 63], ["", "_a", "-a", "a b", "a" * 64]),
        (
            "NodeInstanceType",
            ["t3.large", "m7i-flex.xlarge", "u-6tb1.112xlarge", "x2iedn.metal"],
            ["", "t3", "T3.large"],
        ),
        ("NodeImageId", ["", "ami-01234567", "ami-0123456789abcdef0"], ["ami-", "ami-012345678", "sg-01234567"]),
        (
            "KubectlRoleArn",
            ["", "arn:aws:iam::111122223333:role/admin", "arn:aws-us-gov:iam::111122223333:role/path/to/a+b=c,d.e@f-g"],
            ["admin", "arn:aws:iam::111122223333:user/admin", "arn:aws:iam::1:role/admin"],
        ),
    ],
)
def test_patterns(template: dict[str, Any], parameter: str, good: list[str], bad: list[str]) -> None:
    """A text that AWS would refuse later is refused at once, and CloudFormation says what is allowed."""
    given = template["Parameters"][parameter]
    assert [text for text in good + bad if re.search(given["AllowedPattern"], text)] == good
    assert given["ConstraintDescription"]


def test_ranges(template: dict[str, Any]) -> None:
    """Sizes cannot be negative, and a volume cannot be smaller than the image."""
    least = {name: given.get("MinValue") for name, given in template["Parameters"].items() if given["Type"] == "Number"}
    assert least == {
        "NodeAutoScalingGroupMinSize": 0,
        "NodeAutoScalingGroupDesiredCapacity": 0,
        "NodeAutoScalingGroupMaxSize": 1,
        "NodeVolumeSize": 50,
    }


def test_choices(template: dict[str, Any]) -> None:
    """Where there is a choice, CloudFormation offers it."""
    choices = {
        name: given["AllowedValues"] for name, given in template["Parameters"].items() if "AllowedValues" in given
    }
    assert choices == {
        "DisableIMDSv1": ["false", "true"],
        "ClusterAuthenticationMode": ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"],
    }


def test_subnets_in_vpc(template: dict[str, Any]) -> None:
    """A rule refuses subnets of another VPC."""
    (assertion,) = template["Rules"]["SubnetsInVpc"]["Assertions"]
    in_vpc = [{"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}, {"Ref": "VpcId"}]
    assert assertion["Assert"] == {"Fn::EachMemberEquals": in_vpc}


def test_way_in(template: dict[str, Any]) -> None:
    """A rule refuses a cluster without access entries when no role is given."""
    (rule,) = [rule for name, rule in template["Rules"].items() if name != "SubnetsInVpc"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "ClusterAuthenticationMode"}, "CONFIG_MAP"]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KubectlRoleArn"}, ""]}]}
    assert "API_AND_CONFIG_MAP" in assertion["AssertDescription"]


def test_own_image_first(template: dict[str, Any]) -> None:
    """An image of one's own comes before the one that the SSM parameter names."""
    data = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    text, values = data["ImageId"]["Fn::Sub"]
    assert text == "${Image}"
    condition, if_given, otherwise = values["Image"]["Fn::If"]
    assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "NodeImageId"}, ""]}]}
    assert (if_given, otherwise) == ({"Ref": "NodeImageId"}, {"Ref": "NodeImageIdSSMParam"})


def test_instance_metadata(template: dict[str, Any]) -> None:
    """DisableIMDSv1 decides about version 1, and pods reach the service as with the AWS template."""
    options = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]["MetadataOptions"]
    condition, if_disabled, otherwise = options["HttpTokens"]["Fn::If"]
    assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "DisableIMDSv1"}, "true"]}
    assert (if_disabled, otherwise) == ("required", "optional")
    assert options["HttpPutResponseHopLimit"] == 2


def test_every_parameter_is_used(template: dict[str, Any]) -> None:
    """No parameter is there for show."""
    used = str(template["Resources"]) + str(template["Conditions"])
    assert [name for name in template["Parameters"] if f"'{name}'" not in used] == []


def test_groups_are_attached_as_one_list(template: dict[str, Any]) -> None:
    """The given groups, a list that nobody can loop over, are joined to the own one, and none of them is edited."""
    data = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    (own,) = resources_of(template, "AWS::EC2::SecurityGroup")
    assert data["SecurityGroupIds"] == {
        "Fn::Split": [
            ",",
            {
                "Fn::Join": [
                    ",",
                    [{"Fn::GetAtt": [own, "GroupId"]}, {"Fn::Join": [",", {"Ref": "NodeSecurityGroups"}]}],
                ]
            },
        ]
    }
    edited = [
        rule["Properties"]["GroupId"] for rule in resources_of(template, "AWS::EC2::SecurityGroupIngress").values()
    ]
    assert edited == [{"Fn::GetAtt": [own, "GroupId"]}]


def test_sizes(template: dict[str, Any]) -> None:
    """The sizes are the parameters', also where CloudFormation counts signals and keeps nodes in service."""
    group = only(template, "AWS::AutoScaling::AutoScalingGroup")
    properties = group["Properties"]
    desired = {"Ref": "NodeAutoScalingGroupDesiredCapacity"}
    assert properties["MinSize"] == {"Ref": "NodeAutoScalingGroupMinSize"}
    assert properties["DesiredCapacity"] == desired
    assert properties["MaxSize"] == {"Ref": "NodeAutoScalingGroupMaxSize"}
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == desired
    sizes = only(template, "Custom::PreflightAws")["Properties"]["Sizes"]
    assert sizes == [properties["MinSize"], desired, properties["MaxSize"]]


def test_resources(template: dict[str, Any]) -> None:
    """The stack holds what the AWS template makes, the authorization of the nodes, and the function that writes it."""
    types = sorted(resource["Type"] for resource in template["Resources"].values())
    assert types == [
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EKS::AccessEntry",  # the nodes', in mode API
        "AWS::EKS::AccessEntry",  # the function's, in both modes with API
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::Role",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "Custom::AwsAuthEntry",  # the nodes', in the other modes
        "Custom::ClusterFacts",
        "Custom::NodesReady",
        "Custom::PreflightAws",
        "Custom::PreflightCluster",
        "Custom::WindowsIpam",
    ]


def test_nodes_are_awaited_by_the_kubectl_role_alone(template: dict[str, Any]) -> None:
    """EKS's policy shows the function no nodes: without a kubectl role nobody waits, and the output says so."""
    condition = only(template, "Custom::NodesReady")["Condition"]
    assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KubectlRoleArn"}, ""]}]}
    outputs = template["Outputs"]
    assert outputs["NodesReadyWarnings"]["Condition"] == condition
    assert outputs["AwsAuthEntryWarnings"]["Condition"] == only(template, "Custom::AwsAuthEntry")["Condition"]
    (told,) = [each for each in outputs["Warnings"]["Value"]["Fn::Join"][1] if "Fn::If" in each]
    assert told["Fn::If"][0] == condition
    assert "does not wait" in told["Fn::If"][2]


def test_needs_no_account(tmp_path: Path) -> None:
    """Nothing has to be looked up, and the template is for any account and region."""
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path))
    WindowsNodeGroupStack(app, "WindowsNodeGroup")
    app.synth()
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert "missing" not in manifest
    assert manifest["artifacts"]["WindowsNodeGroup"]["environment"] == "aws://unknown-account/unknown-region"


def test_settings_of_the_stack() -> None:
    """What a stack can be told, this one can be told too."""
    stack = WindowsNodeGroupStack(cdk.App(analytics_reporting=False), "Id", stack_name="other", description="mine")
    assert stack.stack_name == "other"
    assert template_of(stack)["Description"] == "mine"


def _logical_id(value: dict[str, Any]) -> str:
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])
