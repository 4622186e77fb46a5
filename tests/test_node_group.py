"""The node group as a whole: what it makes, in which order, what it says of wrong inputs, and how apps use it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from tests.synthesis import (
    CLUSTER_SECURITY_GROUP,
    make_cluster,
    make_node_group,
    make_stack,
    only,
    resources_of,
    template_of,
)
from windows_nodegroup import EksCluster, WindowsNodeGroup
from windows_nodegroup.ami import WindowsAmi
from windows_nodegroup.labels import TaintSpec
from windows_nodegroup.problems import InvalidNodeGroup
from windows_nodegroup.purchase import CapacityReservation, InstancesDistribution
from windows_nodegroup.volumes import EbsVolume

OWN = {
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::Role",
    "Custom::AwsAuthEntry",
    "Custom::PreflightAws",
}
SHARED = {
    "AWS::EKS::AccessEntry",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "Custom::ClusterFacts",
    "Custom::PreflightCluster",
    "Custom::WindowsIpam",
}


def data_of(template: dict[str, Any]) -> dict[str, Any]:
    """The launch template's data."""
    return dict(only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"])


def group_of(template: dict[str, Any]) -> dict[str, Any]:
    """The Auto Scaling group, all attributes included."""
    return only(template, "AWS::AutoScaling::AutoScalingGroup")


def tags_of(template: dict[str, Any]) -> dict[str, tuple[Any, bool]]:
    """The tags of the Auto Scaling group by key: value, and whether nodes get them."""
    tags = group_of(template)["Properties"]["Tags"]
    return {tag["Key"]: (tag["Value"], tag["PropagateAtLaunch"]) for tag in tags}


def test_resources() -> None:
    """A node group makes what is its own, and the first of a stack what all share."""
    types = sorted(each["Type"] for each in template_of(make_node_group())["Resources"].values())
    assert types == sorted([*OWN, *SHARED])


@pytest.mark.parametrize("number", [2, 5])
def test_one_more(number: int) -> None:
    """One more node group adds only what is its own, so that sixty fit into a stack."""
    stack = make_stack()
    for each in range(number):
        make_node_group(stack, f"Windows{each}", nodegroup_name=f"windows-{each}")
    template = template_of(stack)
    assert len(template["Resources"]) == number * len(OWN) + len(SHARED)
    assert len(template["Conditions"]) == 1


def test_defaults() -> None:
    """With nothing but a cluster and a name, nodes run Windows Server 2022 Core, encrypted and without IMDSv1."""
    template = template_of(make_node_group())
    data = data_of(template)
    image = template["Parameters"][data["ImageId"]["Ref"]]
    assert image["Type"] == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
    assert image["Default"].endswith("/Windows_Server-2022-English-Core-EKS_Optimized-1.33/image_id")
    assert data["InstanceType"] == "t3.large"
    (root,) = data["BlockDeviceMappings"]
    assert root["DeviceName"] == "/dev/sda1"
    assert (root["Ebs"]["VolumeSize"], root["Ebs"]["VolumeType"], root["Ebs"]["Encrypted"]) == (50, "gp3", True)
    assert (data["MetadataOptions"]["HttpTokens"], data["MetadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        2,
    )
    assert "KeyName" not in data
    sizes = {name: group_of(template)["Properties"][name] for name in ("MinSize", "DesiredCapacity", "MaxSize")}
    assert sizes == {"MinSize": "1", "DesiredCapacity": "2", "MaxSize": "2"}


def test_tags() -> None:
    """The group and its nodes have the tags that the AWS template gives them."""
    assert tags_of(template_of(make_node_group())) == {
        "Name": ("my-cluster-windows-Node", True),
        "kubernetes.io/cluster/my-cluster": ("owned", True),
    }


def test_named_launch_template() -> None:
    """The launch template has the name of the nodes, as do their volumes and interfaces."""
    properties = only(make_node_group(), "AWS::EC2::LaunchTemplate")["Properties"]
    assert properties["TagSpecifications"] == [
        {"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "my-cluster-windows-Node"}]}
    ]


def test_wng635_name_taken() -> None:
    """A second node group of the same name in the same cluster looks like the first; others go by their cluster."""
    stack = make_stack()
    make_node_group(stack, "First")
    make_node_group(stack, "Other", cluster=make_cluster(cluster_name="other"))
    make_node_group(stack, "Second")
    found = Annotations.from_stack(stack)
    found.has_warning("/Stack/Second", Match.string_like_regexp("nodegroup_name 'windows' is that .*WNG635"))
    for each in ("First", "Other"):
        found.has_no_warning(f"/Stack/{each}", Match.string_like_regexp("WNG635"))


def test_group_follows_its_launch_template() -> None:
    """The group launches the newest version of its launch template, in the profile with the role."""
    template = template_of(make_node_group())
    ((name, _),) = resources_of(template, "AWS::EC2::LaunchTemplate").items()
    assert group_of(template)["Properties"]["LaunchTemplate"] == {
        "LaunchTemplateId": {"Ref": name},
        "Version": {"Fn::GetAtt": [name, "LatestVersionNumber"]},
    }
    ((profile, _),) = resources_of(template, "AWS::IAM::InstanceProfile").items()
    assert data_of(template)["IamInstanceProfile"] == {"Arn": {"Fn::GetAtt": [profile, "Arn"]}}


def test_signals() -> None:
    """CloudFormation waits for the nodes that are launched, and they report under the group's own name."""
    template = template_of(make_node_group(desired_size=2, max_size=3))
    group = group_of(template)
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == 2
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"]["WaitOnResourceSignals"] is True
    ((name, _),) = resources_of(template, "AWS::AutoScaling::AutoScalingGroup").items()
    assert f"{{'Fn::Base64': '{name}'}}" in str(data_of(template)["UserData"])


def test_no_signals() -> None:
    """Where nodes cannot reach CloudFormation, nobody waits and no script signals."""
    template = template_of(make_node_group(wait_for_signals=False))
    assert "CreationPolicy" not in group_of(template)
    assert "cfn-signal" not in str(data_of(template)["UserData"])


def test_bootstrap() -> None:
    """What is known of the cluster and asked of kubelet reaches the bootstrap script."""
    cluster = make_cluster(
        cluster_endpoint="https://e.eks.amazonaws.com",
        cluster_certificate_authority_data="Q0E=",
        service_ipv4_cidr="10.100.0.0/16",
    )
    node_group = make_node_group(
        cluster=cluster,
        labels={"team": "blue"},
        taints=[TaintSpec(key="os", value="windows")],
        max_pods=9,
        kubelet_extra_args=["--v=4"],
        kube_proxy_extra_args=["--v=2"],
        dns_cluster_ip="10.100.0.53",
        excluded_snat_cidrs=["192.168.0.0/16"],
        pre_bootstrap_commands=["Write-Output before"],
        post_bootstrap_commands=["Write-Output after"],
    )
    script = str(data_of(template_of(node_group))["UserData"])
    for part in (
        *("https://e.eks.amazonaws.com", "Q0E=", "10.100.0.0/16", "10.100.0.53", "192.168.0.0/16"),
        *("--node-labels=team=blue", "--register-with-taints=os=windows:NoSchedule", "--max-pods=9", "--v=4", "--v=2"),
        *("Write-Output before", "Write-Output after"),
    ):
        assert part in script


def test_everything_at_once() -> None:
    """All that is wrong is said in one error, each with its code and cure, and by which construct."""
    with pytest.raises(InvalidNodeGroup) as caught:
        make_node_group(
            nodegroup_name="-",
            min_size=3,
            max_size=2,
            disk_size=30,
            instance_types=["m6g.large"],
            labels={"a b": "c"},
            subnets=[],
            http_put_response_hop_limit=0,
            tags={"aws:x": "y"},
            cluster=make_cluster(cluster_name="my cluster", authentication_mode="CONFIG_MAP"),
        )
    codes = [problem.code for problem in caught.value.problems]
    expected = "WNG101 WNG102 WNG104 WNG303 WNG401 WNG501 WNG606 WNG612 WNG617 WNG702"
    assert codes == expected.split()
    assert str(caught.value).startswith("Stack/Windows has 10 problems:")
    assert "min_size 3 is greater than max_size 2: raise max_size or lower min_size [WNG104]" in str(caught.value)


def test_nothing_is_made_of_wrong_inputs() -> None:
    """After an error nothing of the node group is in the tree."""
    stack = make_stack()
    with pytest.raises(InvalidNodeGroup):
        make_node_group(stack, disk_size=30)
    assert stack.node.find_child("Windows").node.children == []
    assert [child.node.id for child in stack.node.children] == ["Windows"]


def test_warnings() -> None:
    """What is only unwise is a warning that can be acknowledged by its id."""
    stack = make_stack()
    node_group = make_node_group(stack, instance_types=["t3.small"])
    Annotations.from_stack(stack).has_warning("/Stack/Windows", Match.string_like_regexp("WNG305"))
    cdk.Annotations.of(node_group).acknowledge_warning("windows-nodegroup:WNG305", "a test")
    Annotations.from_stack(stack).has_no_warning("/Stack/Windows", Match.any_value())


def test_everything_is_a_token() -> None:
    """No input is misjudged, looped over or lost because CloudFormation parameters stand in its place."""
    stack = make_stack()

    def text(name: str) -> str:
        return cdk.CfnParameter(stack, name).value_as_string

    def number(name: str) -> float:
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    def texts(name: str) -> list[str]:
        return cdk.CfnParameter(stack, name, type="CommaDelimitedList").value_as_list

    cluster = EksCluster.from_attributes(
        cluster_name=text("ClusterName"),
        vpc=text("Vpc"),
        subnets=texts("ClusterSubnets"),
        cluster_security_group=text("ClusterSecurityGroup"),
        security_groups=texts("ControlPlane"),
        version=text("Version"),
        authentication_mode=text("Mode"),
        cluster_endpoint=text("Endpoint"),
        cluster_certificate_authority_data=text("Authority"),
        service_ipv4_cidr=text("Services"),
        kubectl_role=text("KubectlRole"),
        kubernetes_group=text("Group"),
    )
    WindowsNodeGroup(
        stack,
        "Windows",
        cluster=cluster,
        nodegroup_name=text("Name"),
        ami=WindowsAmi.custom(image_id=text("Image")),
        bootstrap_arguments=text("Arguments"),
        capacity_reservation=CapacityReservation.of(text("Reservation")),
        cluster_autoscaler=True,
        desired_size=number("Desired"),
        disk_size=number("Disk"),
        dns_cluster_ip=text("Dns"),
        excluded_snat_cidrs=texts("Excluded"),
        http_put_response_hop_limit=number("Hops"),
        http_tokens=text("Tokens"),
        instance_profile=text("Profile"),
        instance_types=[text("Type")],
        instances_distribution=InstancesDistribution(
            on_demand_base_capacity=number("Base"), on_demand_percentage_above_base_capacity=100
        ),
        key_pair=text("Key"),
        kube_proxy_extra_args=[text("KubeProxy")],
        kubelet_extra_args=[text("Kubelet")],
        labels={"key": text("Label")},
        max_pods=number("Pods"),
        max_size=number("Max"),
        max_unavailable=number("Unavailable"),
        min_size=number("Min"),
        node_role=text("Role"),
        post_bootstrap_commands=[text("After")],
        pre_bootstrap_commands=[text("Before")],
        root_volume=EbsVolume(iops=number("Iops"), throughput=number("Throughput"), kms_key=text("Kms")),
        security_groups=texts("Groups"),
        subnets=texts("Subnets"),
        tags={text("TagKey"): text("TagValue")},
        taints=[TaintSpec(key="key", value=text("Taint"))],
        volumes={"xvdf": EbsVolume(size=number("Size"), snapshot_id=text("Snapshot"))},
    )
    template = template_of(stack)
    used = str([template["Resources"], template["Conditions"], template["Rules"]])
    unused = {name for name in template["Parameters"] if f"{{'Ref': '{name}'}}" not in used}
    # The version is part of the name of AWS's images alone; subnets were given to the group itself.
    assert unused == {"ClusterSecurityGroup", "ClusterSubnets", "Version"}
    assert "Token[" not in used


def test_ids_without_tokens() -> None:
    """No token gets into a logical id."""
    stack = make_stack()
    name = cdk.CfnParameter(stack, "ClusterName").value_as_string
    make_node_group(stack, cluster=make_cluster(cluster_name=name))
    assert not [logical_id for logical_id in template_of(stack)["Resources"] if "oken" in logical_id]


def test_stable_ids() -> None:
    """The logical ids are a promise: a changed one would replace what runs."""
    own = {
        "Windows891EF9B0",
        "WindowsAwsAuthEntry4cbfcec96A6F989A",
        "WindowsInstanceProfileF707B7B5",
        "WindowsLaunchTemplate853F973D",
        "WindowsNodeToNode11EBFCA8",
        "WindowsPreflight4cbfcec9DAFF3A79",
        "WindowsRoleECAF186D",
        "WindowsSecurityGroup9591922E",
    }
    shared = {
        "WindowsNodeGroups4cbfcec9AccessEntryE3B85286",
        "WindowsNodeGroups4cbfcec9ClusterFactsC7A10745",
        "WindowsNodeGroups4cbfcec9ClusterPreflight0FC20410",
        "WindowsNodeGroups4cbfcec9Function9B868FB1",
        "WindowsNodeGroups4cbfcec9LogGroup22508978",
        "WindowsNodeGroups4cbfcec9Role8D53F285",
        "WindowsNodeGroups4cbfcec9WindowsIpam7482B015",
    }
    assert set(template_of(make_node_group())["Resources"]) == own | shared


def test_connections() -> None:
    """Others are connected to the nodes through the own group, and given groups stay as they are."""
    stack = make_stack()
    node_group = make_node_group(stack)
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-west-2a"])
    other = ec2.SecurityGroup(stack, "Other", vpc=vpc)
    other.connections.allow_from(node_group, ec2.Port.tcp(443))
    node_group.connections.allow_from(other, ec2.Port.tcp(80))
    template = template_of(stack)
    rules = resources_of(template, "AWS::EC2::SecurityGroupIngress").values()
    changed = {str(rule["Properties"]["GroupId"]) for rule in rules}
    assert CLUSTER_SECURITY_GROUP not in changed
    assert len(changed) == 2


def test_grants() -> None:
    """A grant to the node group is a grant to the role of its nodes."""
    stack = make_stack()
    node_group = make_node_group(stack)
    s3.Bucket(stack, "Bucket").grant_read(node_group)
    policy = only(stack, "AWS::IAM::Policy")["Properties"]
    assert policy["Roles"] == [stack.resolve(node_group.role.role_name)]


def test_auto_scaling_group() -> None:
    """The Auto Scaling group can be scaled by what an app measures."""
    stack = make_stack()
    make_node_group(stack).auto_scaling_group.scale_on_cpu_utilization("Busy", target_utilization_percent=60)
    template = template_of(stack)
    ((name, _),) = resources_of(template, "AWS::AutoScaling::AutoScalingGroup").items()
    policy = only(template, "AWS::AutoScaling::ScalingPolicy")["Properties"]
    assert policy["AutoScalingGroupName"] == {"Ref": name}


def test_metrics() -> None:
    """The group's metrics are collected and can be had, with CDK's own options."""
    node_group = make_node_group()
    metrics = [
        node_group.metric("GroupPendingInstances", statistic="Maximum"),
        node_group.metric_desired_capacity(),
        node_group.metric_in_service_instances(),
        node_group.metric_cpu_utilization(),
    ]
    assert [(each.namespace, each.metric_name, each.statistic) for each in metrics] == [
        ("AWS/AutoScaling", "GroupPendingInstances", "Maximum"),
        ("AWS/AutoScaling", "GroupDesiredCapacity", "Average"),
        ("AWS/AutoScaling", "GroupInServiceInstances", "Average"),
        ("AWS/EC2", "CPUUtilization", "Average"),
    ]
    collected = group_of(template_of(node_group))["Properties"]["MetricsCollection"]
    assert collected == [{"Granularity": "1Minute"}]


def test_tags_on_everything() -> None:
    """Tags that are given reach the group, the nodes, their volumes and interfaces, the role and the security group."""
    template = template_of(make_node_group(tags={"team": "blue"}))
    assert tags_of(template)["team"] == ("blue", True)
    tag = {"Key": "team", "Value": "blue"}
    for specification in data_of(template)["TagSpecifications"]:
        assert tag in specification["Tags"]
    kinds = [each["ResourceType"] for each in data_of(template)["TagSpecifications"]]
    assert kinds == ["volume", "network-interface"]
    (own,) = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["TagSpecifications"]
    assert own["ResourceType"] == "launch-template"
    assert own["Tags"] == [{"Key": "Name", "Value": "my-cluster-windows-Node"}, tag]
    assert tag in only(template, "AWS::EC2::SecurityGroup")["Properties"]["Tags"]
    roles = [role["Properties"].get("Tags") for role in resources_of(template, "AWS::IAM::Role").values()]
    assert [tag] in roles


def test_tags_of() -> None:
    """CDK's own tagging reaches the same places, and a name given so is the name of everything."""
    node_group = make_node_group()
    cdk.Tags.of(node_group).add("team", "blue")
    cdk.Tags.of(cdk.Stack.of(node_group)).add("Name", "mine")
    template = template_of(node_group)
    assert tags_of(template)["Name"] == ("mine", True)
    own = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["TagSpecifications"]
    for specification in (*own, *data_of(template)["TagSpecifications"]):
        assert specification["Tags"] == [{"Key": "Name", "Value": "mine"}, {"Key": "team", "Value": "blue"}]


def test_cluster_autoscaler() -> None:
    """The autoscaler's hints are on the group alone, nodes do not need them."""
    tags = tags_of(template_of(make_node_group(cluster_autoscaler=True, labels={"team": "blue"})))
    hints = {key: value for key, value in tags.items() if key.startswith("k8s.io/cluster-autoscaler/")}
    assert {"k8s.io/cluster-autoscaler/enabled", "k8s.io/cluster-autoscaler/node-template/label/team"} < hints.keys()
    assert not any(propagated for _, propagated in hints.values())


def test_key_pair() -> None:
    """A key pair is given as a construct or by name."""
    stack = make_stack()
    pair = ec2.KeyPair.from_key_pair_name(stack, "Pair", "mine")
    for construct_id, key_pair in (("A", pair), ("B", "mine")):
        make_node_group(stack, construct_id, key_pair=key_pair)
    templates = resources_of(stack, "AWS::EC2::LaunchTemplate").values()
    assert [each["Properties"]["LaunchTemplateData"]["KeyName"] for each in templates] == ["mine", "mine"]


def test_escape_hatches() -> None:
    """What there is no input for is reached through the resources themselves."""
    node_group = make_node_group()
    group = node_group.node.default_child
    assert isinstance(group, cdk.CfnResource)
    group.add_property_override("TerminationPolicies", ["OldestInstance"])
    node_group.launch_template.add_property_override("LaunchTemplateData.Placement.GroupName", "close")
    template = template_of(node_group)
    assert group_of(template)["Properties"]["TerminationPolicies"] == ["OldestInstance"]
    assert data_of(template)["Placement"] == {"GroupName": "close"}


@pytest.mark.parametrize("version", ["1.34", eks.KubernetesVersion.of("1.34")], ids=["text", "object"])
def test_kubernetes_version(version: eks.KubernetesVersion | str) -> None:
    """A version of the cluster, or else of the node group, goes into the name of the image."""
    for cluster, given in ((None, version), (version, None)):
        node_group = make_node_group(cluster=make_cluster(version=cluster), kubernetes_version=given)
        template = template_of(node_group)
        assert "EKS_Optimized-1.34" in template["Parameters"][data_of(template)["ImageId"]["Ref"]]["Default"]


def test_import() -> None:
    """A node group of another app is known by its outputs, and used like one that is made here."""
    stack = make_stack()
    imported = WindowsNodeGroup.from_nodegroup_attributes(
        stack,
        "Imported",
        nodegroup_name="windows",
        auto_scaling_group_name="group",
        security_group_id="sg-1",
        node_role_arn="arn:aws:iam::111122223333:role/Windows",
    )
    ec2.Connections(security_groups=[ec2.SecurityGroup.from_security_group_id(stack, "Other", "sg-2")]).allow_from(
        imported, ec2.Port.tcp(443)
    )
    s3.Bucket(stack, "Bucket").grant_read(imported)
    template = template_of(stack)
    rule = only(template, "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == ("sg-2", "sg-1")
    assert only(template, "AWS::IAM::Policy")["Properties"]["Roles"] == ["Windows"]
    assert imported.auto_scaling_group.auto_scaling_group_name == "group"
    assert imported.nodegroup_name == "windows"


def test_aspects() -> None:
    """Aspects see every resource of the node group."""
    seen: set[str] = set()

    @jsii.implements(cdk.IAspect)
    class Look:
        def visit(self, node: Any) -> None:
            if isinstance(node, cdk.CfnResource):
                seen.add(node.cfn_resource_type)

    node_group = make_node_group()
    cdk.Aspects.of(cdk.Stack.of(node_group)).add(Look())
    template_of(node_group)
    assert seen >= OWN | SHARED


@pytest.mark.parametrize("flags", [False, True])
def test_feature_flags(*, flags: bool) -> None:
    """The node group is the same with and without CDK's recommended feature flags."""
    recommended = {
        "@aws-cdk/aws-iam:minimizePolicies": flags,
        "@aws-cdk/core:enablePartitionLiterals": flags,
        "@aws-cdk/core:explicitStackTags": flags,
        "@aws-cdk/core:aspectPrioritiesMutating": flags,
    }
    app = cdk.App(analytics_reporting=False, context=recommended)
    stack = cdk.Stack(app, "Stack")
    make_node_group(stack, tags={"team": "blue"})
    reference = make_node_group(tags={"team": "blue"})
    assert template_of(stack) == template_of(reference)


def test_same_every_time() -> None:
    """Synthesizing the same app again makes the same template, so there is nothing to deploy."""
    assert template_of(make_node_group()) == template_of(make_node_group())
