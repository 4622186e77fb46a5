"""The role of the nodes has what a worker node needs, in any partition, or is one that exists."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from tests.found import texts
from tests.synthesis import make_node_group, make_stack, only, resources_of, template_of
from windows_nodegroup.node_role import NodeRole
from windows_nodegroup.problems import InvalidNodeGroup

ROLE = "arn:aws:iam::111122223333:role/eks/nodes/Windows"
PROFILE = "arn:aws:iam::111122223333:instance-profile/Windows"
POLICY = "arn:aws:iam::111122223333:policy/Extra"


def node_role(template: dict[str, Any]) -> dict[str, Any]:
    """The properties of the nodes' role; the function's has inline policies."""
    roles = [role["Properties"] for role in resources_of(template, "AWS::IAM::Role").values()]
    (role,) = [role for role in roles if "Policies" not in role]
    return dict(role)


def policies(role: dict[str, Any]) -> list[str]:
    """The names of the managed policies, or their ARNs."""
    arns = role["ManagedPolicyArns"]
    return [arn if isinstance(arn, str) else arn["Fn::Join"][1][-1].rpartition("/")[2] for arn in arns]


def test_policies() -> None:
    """A node may join, pull images, be reached by Session Manager and manage the addresses of its pods."""
    assert policies(node_role(template_of(make_node_group()))) == [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonSSMManagedInstanceCore",
        "AmazonEKS_CNI_Policy",
    ]


def test_any_partition() -> None:
    """EC2's service principal and the policies are those of the partition that the stack is deployed to."""
    template = template_of(make_node_group())
    role = node_role(template)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    condition, own, other = statement["Principal"]["Service"]["Fn::If"]
    partitions = [equals["Fn::Equals"] for equals in template["Conditions"][condition]["Fn::Or"]]
    assert partitions == [[{"Ref": "AWS::Partition"}, name] for name in ("aws-cn", "aws-iso", "aws-iso-b")]
    assert own == {"Fn::Join": ["", ["ec2.", {"Ref": "AWS::URLSuffix"}]]}
    assert other == "ec2.amazonaws.com"
    assert all({"Ref": "AWS::Partition"} in arn["Fn::Join"][1] for arn in role["ManagedPolicyArns"])


def test_no_names() -> None:
    """Nothing of IAM is named, so the stack needs CAPABILITY_IAM and no more."""
    template = template_of(make_node_group())
    assert not [role for role in resources_of(template, "AWS::IAM::Role").values() if "RoleName" in role["Properties"]]
    assert "InstanceProfileName" not in only(template, "AWS::IAM::InstanceProfile")["Properties"]


def test_settings() -> None:
    """The role takes more policies, a boundary and a path, and leaves addresses to aws-node where that has a role."""
    role = node_role(
        template_of(
            make_node_group(
                cni_policy=False, managed_policies=[POLICY], permissions_boundary=POLICY, role_path="/eks/nodes/"
            )
        )
    )
    assert policies(role)[-2:] == ["AmazonSSMManagedInstanceCore", POLICY]
    assert (role["PermissionsBoundary"], role["Path"]) == (POLICY, "/eks/nodes/")


def test_policies_as_objects() -> None:
    """Policies are given as constructs, too."""
    stack = make_stack()
    policy = iam.ManagedPolicy.from_managed_policy_arn(stack, "Extra", POLICY)
    role = node_role(template_of(make_node_group(stack, managed_policies=[policy], permissions_boundary=policy)))
    assert policies(role)[-1] == role["PermissionsBoundary"] == POLICY


@pytest.mark.parametrize("as_object", [False, True])
def test_existing_role(*, as_object: bool) -> None:
    """A role that exists is put into a profile and authorized; it is neither made again nor changed."""
    stack = make_stack()
    role = iam.Role.from_role_arn(stack, "Mine", ROLE) if as_object else ROLE
    node_group = make_node_group(stack, node_role=role)
    template = template_of(node_group)
    assert len(resources_of(template, "AWS::IAM::Role")) == 1  # the function's
    assert not resources_of(template, "AWS::IAM::Policy")
    assert only(template, "AWS::IAM::InstanceProfile")["Properties"]["Roles"] == ["Windows"]
    assert only(template, "Custom::AwsAuthEntry")["Properties"]["RoleArn"] == ROLE
    assert node_group.role.role_arn == ROLE


@pytest.mark.parametrize("as_object", [False, True])
def test_existing_profile(*, as_object: bool) -> None:
    """A profile that exists is used, and its role is authorized."""
    stack = make_stack()
    profile = iam.InstanceProfile.from_instance_profile_arn(stack, "Mine", PROFILE) if as_object else PROFILE
    template = template_of(make_node_group(stack, node_role=ROLE, instance_profile=profile))
    assert not resources_of(template, "AWS::IAM::InstanceProfile")
    data = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    assert data["IamInstanceProfile"] == {"Arn": PROFILE}


def test_settings_of_an_existing_role() -> None:
    """What is meant for a role that is made cannot be asked of one that exists; all of it is named."""
    with pytest.raises(InvalidNodeGroup, match=r"cni_policy and role_path given beside node_role.*WNG618"):
        make_node_group(node_role=ROLE, role_path="/x/", cni_policy=False)


def test_profile_without_role() -> None:
    """A profile without its role cannot be authorized."""
    with pytest.raises(InvalidNodeGroup, match="WNG619"):
        make_node_group(instance_profile=PROFILE)


@pytest.mark.parametrize(
    ("props", "code"),
    [
        ({"node_role": "my-role"}, "WNG626"),
        ({"node_role": POLICY}, "WNG626"),
        ({"node_role": ROLE, "instance_profile": "my-profile"}, "WNG627"),
        ({"managed_policies": [POLICY, "AmazonS3ReadOnlyAccess"]}, "WNG628"),
        ({"permissions_boundary": "boundary"}, "WNG628"),
        ({"managed_policies": cdk.Token.as_list({"Ref": "Policies"})}, "WNG629"),
        ({"role_path": "nopath"}, "WNG630"),
        ({"role_path": "/no path/"}, "WNG630"),
    ],
)
def test_not_well_formed(props: dict[str, Any], code: str) -> None:
    """A name where an ARN belongs is said to be none, with the cure, and so is a path that is none."""
    (text,) = texts(NodeRole(**props).check)
    assert f"[{code}]" in text
    assert " such as " in text or "one by one" in text


@pytest.mark.parametrize(
    "partition",
    ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", pytest.param(cdk.Aws.PARTITION, id="token")],
)
def test_arns(partition: str) -> None:
    """ARNs of all partitions are accepted, AWS's own policies too, and tokens are left alone."""
    token = cdk.Fn.ref("Parameter")
    policies = [f"arn:{partition}:iam::aws:policy/service-role/Some", token]
    assert texts(NodeRole(managed_policies=policies, permissions_boundary=token, role_path=token).check) == []
    role = f"arn:{partition}:iam::111122223333:role/a/b+c=,.@-_"
    assert texts(NodeRole(node_role=role, instance_profile=token).check) == []
