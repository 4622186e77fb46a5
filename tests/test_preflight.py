"""The preflight comes first and is told what the template declares; nodes are told what nobody knew before."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks

from tests.synthesis import (
    CLUSTER_SECURITY_GROUP,
    SUBNETS,
    make_cluster,
    make_node_group,
    make_stack,
    only,
    resources_of,
    template_of,
)
from windows_nodegroup import AmiRefresh, NodeAuthorization, WindowsAmi, WindowsIpam
from windows_nodegroup.handler import contract
from windows_nodegroup.handler.preflight_contract import PERMISSIONS, AwsPreflight, ClusterFacts, ClusterPreflight

ROLE = "arn:aws:iam::111122223333:role/nodes"
FACTS = {
    "cluster_endpoint": "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
    "cluster_certificate_authority_data": "Y2E=",
    "service_ipv4_cidr": "10.64.0.0/16",
}


def _properties(**props: Any) -> dict[str, Any]:
    return dict(only(make_node_group(**props), AwsPreflight.TYPE)["Properties"])


def _user_data(**props: Any) -> str:
    data = only(make_node_group(**props), "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    return str(data["UserData"])


def test_declared() -> None:
    """The checks are told everything that is known of the node group."""
    properties = _properties(instance_types=["m6i.large", "m5.large"], acknowledged_checks=["PF203"], disk_size=80)
    assert properties.pop("ServiceToken")
    image = properties.pop(AwsPreflight.IMAGE_ID)
    assert image["Ref"].startswith("WindowsImage")
    assert properties == {
        "ServiceTimeout": contract.SERVICE_TIMEOUT_SECONDS,
        AwsPreflight.CLUSTER_NAME: "my-cluster",
        AwsPreflight.AUTHENTICATION_MODE: "API_AND_CONFIG_MAP",
        AwsPreflight.NODE_ACCESS: "aws-auth",
        AwsPreflight.KUBERNETES_VERSION: "1.33",
        AwsPreflight.WINDOWS_VERSION: "2022",
        AwsPreflight.VOLUME_SIZE: 80,
        AwsPreflight.VPC_ID: "vpc-0123456789abcdef0",
        AwsPreflight.SUBNET_IDS: list(SUBNETS),
        AwsPreflight.SECURITY_GROUP_IDS: [CLUSTER_SECURITY_GROUP],
        AwsPreflight.CONTROL_PLANE_SECURITY_GROUP_IDS: [],
        AwsPreflight.INSTANCE_TYPES: ["m6i.large", "m5.large"],
        AwsPreflight.FUNCTION_IN_VPC: "false",
        AwsPreflight.WINDOWS_IPAM: "advise",
        AwsPreflight.WAITS_FOR_SIGNALS: "true",
        AwsPreflight.ACKNOWLEDGED: ["PF203"],
    }


def test_what_is_not_known_is_not_declared() -> None:
    """An image that EC2 finds at each launch, and a role that is made here, are not there to be looked at."""
    properties = _properties(ami=WindowsAmi.server_2022(refresh=AmiRefresh.EVERY_LAUNCH))
    assert AwsPreflight.IMAGE_ID not in properties
    assert AwsPreflight.NODE_ROLE_ARN not in properties
    role = "arn:aws:iam::111122223333:role/windows"
    assert _properties(node_role=role)[AwsPreflight.NODE_ROLE_ARN] == role


def test_cluster_of_the_app() -> None:
    """Only a cluster that the app makes may get another name: the stack would leave any other one behind."""
    stack = make_stack()
    subnets = eks.CfnCluster.ResourcesVpcConfigProperty(subnet_ids=list(SUBNETS))
    made = eks.CfnCluster(stack, "Made", role_arn=ROLE, resources_vpc_config=subnets)
    parameter = cdk.CfnParameter(stack, "Given")
    for name in (made.ref, parameter.value_as_string, cdk.Fn.import_value("shared"), "my-cluster"):
        make_node_group(stack, f"Windows{len(stack.node.children)}", cluster=make_cluster(cluster_name=name))
    declared = [each["Properties"] for each in resources_of(stack, AwsPreflight.TYPE).values()]
    of_app = [each for each in declared if each.get(AwsPreflight.CLUSTER_OF_APP) == "true"]
    assert [each[AwsPreflight.CLUSTER_NAME] for each in of_app] == [{"Ref": "Made"}]
    assert len(declared) == 4


def test_sizes_that_synthesis_cannot_compare() -> None:
    """Sizes are checked at the deployment where one of them is a token, and else at synthesis alone."""
    stack = make_stack()
    most = cdk.CfnParameter(stack, "Most", type="Number", default=5).value_as_number
    template = template_of(make_node_group(stack, max_size=most))
    assert only(template, AwsPreflight.TYPE)["Properties"][AwsPreflight.SIZES] == [1, 2, {"Ref": "Most"}]
    assert AwsPreflight.SIZES not in _properties(min_size=1, max_size=5)


def test_what_is_said_of_the_function() -> None:
    """Where the function runs, as whom, and what becomes of the add-on, is checked as well."""
    cluster = make_cluster(
        **FACTS, function_subnets=["subnet-0aaaaaaaaaaaaaaaa"], kubectl_role=ROLE, kubernetes_group="windows"
    )
    properties = _properties(cluster=cluster, windows_ipam=WindowsIpam(update_add_on=True))
    assert properties[AwsPreflight.FUNCTION_SUBNET_IDS] == ["subnet-0aaaaaaaaaaaaaaaa"]
    assert properties[AwsPreflight.FUNCTION_SECURITY_GROUP_IDS] == [CLUSTER_SECURITY_GROUP]
    assert properties[AwsPreflight.KUBECTL_ROLE_ARN] == ROLE
    assert properties[AwsPreflight.WINDOWS_IPAM] == "update"
    assert AwsPreflight.WINDOWS_IPAM not in _properties(windows_ipam=None)


def test_group_of_the_control_plane() -> None:
    """Where nobody knows a security group of the control plane, the checks find the cluster's."""
    cluster = make_cluster(**FACTS, cluster_security_group=None)
    template = template_of(make_node_group(cluster=cluster, security_groups=["sg-0ddddddddddddddddd"]))
    rules = only(template, "AWS::EC2::SecurityGroup")["Properties"]["SecurityGroupIngress"]
    ((facts, _),) = resources_of(template, ClusterFacts.TYPE).items()
    sources = [rule["SourceSecurityGroupId"] for rule in rules]
    assert sources == [{"Fn::GetAtt": [facts, ClusterFacts.CLUSTER_SECURITY_GROUP_ID]}] * 2


def test_group_of_the_function() -> None:
    """What refuses the function says how it is let in: by its Kubernetes group, or as another role."""
    by_group = make_cluster(kubernetes_group="windows")
    for kind in (contract.AwsAuthEntry.TYPE, contract.WindowsIpam.TYPE):
        assert only(make_node_group(cluster=by_group), kind)["Properties"]["KubernetesGroup"] == "windows"
        assert "KubernetesGroup" not in only(make_node_group(), kind)["Properties"]


def test_prefixes() -> None:
    """With prefixes a node holds more pods, and cluster-autoscaler is told so."""
    ipam = WindowsIpam(prefix_delegation=True)
    props: dict[str, Any] = {"max_pods": 60, "instance_types": ["m6i.large"], "cluster_autoscaler": True}
    node_group = make_node_group(**props, windows_ipam=ipam)
    assert not [each for each in node_group.node.metadata if "WNG508" in str(each.data)]
    hints = [
        int(tag["Value"])
        for group in (node_group, make_node_group(**props))
        for tag in only(group, "AWS::AutoScaling::AutoScalingGroup")["Properties"]["Tags"]
        if tag["Key"].endswith("PrivateIPv4Address")
    ]
    assert hints[0] > hints[1]


def test_node_access() -> None:
    """The checks know by what nodes are let in, by a condition where only the deployment knows."""
    by = AwsPreflight.NODE_ACCESS
    assert _properties(authorization=NodeAuthorization.EXISTING)[by] == "existing"
    assert _properties(cluster=make_cluster(authentication_mode="API"))[by] == "access-entry"
    stack = make_stack()
    mode = cdk.CfnParameter(stack, "Mode").value_as_string
    template = template_of(make_node_group(stack, cluster=make_cluster(authentication_mode=mode)))
    condition, if_true, otherwise = only(template, AwsPreflight.TYPE)["Properties"][by]["Fn::If"]
    assert (if_true, otherwise) == ("access-entry", "aws-auth")
    assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "Mode"}, "API"]}


def test_first() -> None:
    """Whatever the node group makes, and what the function does in the cluster, waits; the function itself does not."""
    template = template_of(make_node_group(cluster=make_cluster(kubernetes_group="windows")))
    ((preflight, _),) = resources_of(template, AwsPreflight.TYPE).items()
    waiting: set[str] = {preflight}
    before: set[str] = set()
    while waiting != before:
        before = set(waiting)
        waiting |= {
            name for name, each in template["Resources"].items() if any(f"'{one}'" in str(each) for one in before)
        }
    at_once = template["Resources"].keys() - waiting
    assert {name.removeprefix("WindowsNodeGroups4cbfcec9")[:-8] for name in at_once} == {"LogGroup", "Function", "Role"}


def test_facts() -> None:
    """What nobody knows of the cluster, nodes learn from EKS, asked once after the checks; what is known stays."""
    stack, cluster = make_stack(), make_cluster()
    for name in ("one", "two"):
        make_node_group(stack, name, cluster=cluster, nodegroup_name=name)
    template = template_of(stack)
    ((facts, asked),) = resources_of(template, ClusterFacts.TYPE).items()
    assert len(asked["DependsOn"]) == 1
    assert asked["DependsOn"][0] in resources_of(template, AwsPreflight.TYPE)
    for launch_template in resources_of(template, "AWS::EC2::LaunchTemplate").values():
        user_data = str(launch_template["Properties"]["LaunchTemplateData"]["UserData"])
        for name in (ClusterFacts.ENDPOINT, ClusterFacts.CERTIFICATE_AUTHORITY_DATA, ClusterFacts.SERVICE_IPV4_CIDR):
            assert f"'Fn::GetAtt': ['{facts}', '{name}']" in user_data
    assert not resources_of(make_node_group(cluster=make_cluster(**FACTS)), ClusterFacts.TYPE)
    partly = _user_data(cluster=make_cluster(**FACTS | {"service_ipv4_cidr": None}))
    assert FACTS["cluster_endpoint"] in partly
    assert ClusterFacts.SERVICE_IPV4_CIDR in partly
    assert ClusterFacts.ENDPOINT + "'" not in partly


def test_off() -> None:
    """Without a preflight nothing is checked, nobody may look, and nodes ask EKS themselves."""
    template = template_of(make_node_group(preflight=False))
    assert not resources_of(template, AwsPreflight.TYPE)
    assert "ec2:DescribeImages" not in str(template)
    assert "APIServerEndpoint" not in _user_data(preflight=False)


def test_permissions() -> None:
    """The function may do all that the checks ask, each on the resource that is named, and no action is on all else."""
    (role,) = (
        each
        for each in resources_of(make_node_group(), "AWS::IAM::Role").values()
        if "lambda.amazonaws.com" in str(each)
    )
    (policy,) = role["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    granted = {action: each["Resource"] for each in statements for action in each["Action"]}
    assert {permission.action for permission in PERMISSIONS} <= granted.keys()
    on_all = {action for action, resource in granted.items() if resource == "*"}
    assert on_all == {permission.action for permission in PERMISSIONS if permission.resource == "*"}


def test_ipam_settings() -> None:
    """Windows support is enabled once, with the settings that are asked for, and its permission to update only then."""
    stack = make_stack()
    ipam = WindowsIpam(prefix_delegation=True, warm_prefix_target=1, update_add_on=True)
    for name in ("A", "B"):
        make_node_group(stack, name, windows_ipam=ipam)
    template = template_of(stack)
    properties = only(template, contract.WindowsIpam.TYPE)["Properties"]
    assert properties[contract.WindowsIpam.PREFIX_DELEGATION] == "true"
    assert properties[contract.WindowsIpam.WARM_PREFIX_TARGET] == 1
    assert properties[contract.WindowsIpam.ADD_ON] == "update"
    assert contract.WindowsIpam.WARM_IP_TARGET not in properties
    assert "eks:UpdateAddon" in str(template)
    assert "eks:UpdateAddon" not in str(template_of(make_node_group()))


def test_ready() -> None:
    """The deployment waits for Ready nodes where the function may see them, anew with each change of the template."""
    template = template_of(make_node_group(cluster=make_cluster(kubernetes_group="windows")))
    properties = only(template, contract.NodesReady.TYPE)["Properties"]
    ((group, _),) = resources_of(template, "AWS::AutoScaling::AutoScalingGroup").items()
    ((launch_template, _),) = resources_of(template, "AWS::EC2::LaunchTemplate").items()
    assert properties[contract.NodesReady.AUTO_SCALING_GROUP_NAME] == {"Ref": group}
    assert properties["ServiceTimeout"] == contract.NodesReady.SERVICE_TIMEOUT_SECONDS
    assert {"Fn::GetAtt": [launch_template, "LatestVersionNumber"]} in properties[contract.NodesReady.TRIGGERS]
    seeing = make_cluster(kubernetes_group="windows")
    assert not resources_of(make_node_group(cluster=seeing, wait_for_ready=False), contract.NodesReady.TYPE)
    assert not resources_of(make_node_group(), contract.NodesReady.TYPE)


def test_inside() -> None:
    """The cluster is looked at from inside once, for all roles that exist already, after Windows support."""
    stack, cluster = make_stack(), make_cluster()
    for number, role in enumerate([None, ROLE, ROLE + "-2", ROLE]):
        make_node_group(stack, f"Windows{number}", cluster=cluster, nodegroup_name=f"w{number}", node_role=role)
    template = template_of(stack)
    inside = only(template, ClusterPreflight.TYPE)
    assert inside["Properties"][ClusterPreflight.NODE_ROLE_ARNS] == [ROLE, ROLE + "-2"]
    ((support, _),) = resources_of(template, contract.WindowsIpam.TYPE).items()
    assert support in inside["DependsOn"]
    alone = only(template_of(make_node_group(windows_ipam=None)), ClusterPreflight.TYPE)
    assert ClusterPreflight.NODE_ROLE_ARNS not in alone["Properties"]
    assert not resources_of(make_node_group(preflight=False), ClusterPreflight.TYPE)


def test_support_that_comes_later() -> None:
    """A second node group that enables Windows support has the first one's look at the cluster come after that."""
    stack, cluster = make_stack(), make_cluster()
    make_node_group(stack, "One", cluster=cluster, nodegroup_name="one", windows_ipam=None)
    make_node_group(stack, "Two", cluster=cluster, nodegroup_name="two")
    template = template_of(stack)
    ((support, _),) = resources_of(template, contract.WindowsIpam.TYPE).items()
    assert support in only(template, ClusterPreflight.TYPE)["DependsOn"]


def test_nothing_but_a_wait() -> None:
    """A function that enters for the wait alone enters after the checks, and is asked about; else it does not enter."""
    props: dict[str, Any] = {"authorization": NodeAuthorization.EXISTING, "windows_ipam": None}
    template = template_of(make_node_group(cluster=make_cluster(kubernetes_group="windows"), **props))
    ((preflight, checks),) = resources_of(template, AwsPreflight.TYPE).items()
    assert checks["Properties"][AwsPreflight.FUNCTION_IN_VPC] == "false"
    assert preflight in only(template, "AWS::EKS::AccessEntry")["DependsOn"]
    assert resources_of(template, contract.NodesReady.TYPE)
    blind = make_cluster(kubernetes_group="windows", authentication_mode="CONFIG_MAP")
    template = template_of(make_node_group(cluster=blind, **props))
    assert not resources_of(template, contract.NodesReady.TYPE)
    assert AwsPreflight.FUNCTION_IN_VPC not in only(template, AwsPreflight.TYPE)["Properties"]


def test_routes_come_first() -> None:
    """The routes of subnets that the app makes are there before anything is checked or launched."""
    for preflight, kind in ((True, AwsPreflight.TYPE), (False, "AWS::AutoScaling::AutoScalingGroup")):
        stack = make_stack()
        vpc = ec2.Vpc(stack, "Vpc", max_azs=1)
        subnet = ec2.PrivateSubnet(
            stack, "Subnet", vpc_id=vpc.vpc_id, cidr_block="10.0.200.0/24", availability_zone="us-west-2a"
        )
        subnet.add_default_nat_route("nat-0123456789abcdef0")
        template = template_of(make_node_group(stack, subnets=[subnet], preflight=preflight))
        routes = {name for name in resources_of(template, "AWS::EC2::Route") if name.startswith("Subnet")}
        assert len(routes) == 1
        assert routes <= set(only(template, kind)["DependsOn"])


def test_function_in_subnets() -> None:
    """The function runs where it is told, in the cluster security group by default, and may make its interfaces."""
    stack = make_stack()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1)
    cluster = make_cluster(vpc=vpc, function_subnets=vpc.private_subnets)
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    node_group = make_node_group(stack, cluster=cluster)
    vpc.add_interface_endpoint("Eks", service=ec2.InterfaceVpcEndpointAwsService.EKS)
    template = template_of(node_group)
    ((_, function),) = resources_of(template, "AWS::Lambda::Function").items()
    assert function["Properties"]["VpcConfig"]["SecurityGroupIds"] == [CLUSTER_SECURITY_GROUP]
    assert len(function["Properties"]["VpcConfig"]["SubnetIds"]) == 1
    assert any("DefaultRoute" in name for name in function["DependsOn"])
    assert "ec2:CreateNetworkInterface" in str(template)
    endpoints = resources_of(template, "AWS::EC2::VPCEndpoint")
    assert len(endpoints) == 2
    assert endpoints.keys() <= set(function["DependsOn"])
    assert only(template, AwsPreflight.TYPE)["Properties"][AwsPreflight.FUNCTION_IN_VPC] == "true"
