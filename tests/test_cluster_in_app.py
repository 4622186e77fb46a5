"""A CDK cluster describes itself, as far as CDK knows it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks
from aws_cdk import aws_eks_v2 as eks_v2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from tests.synthesis import make_node_group, make_stack, resources_of, template_of
from windows_nodegroup import EksCluster
from windows_nodegroup.manifests.function_rbac import DEFAULT_GROUP
from windows_nodegroup.problems import InvalidNodeGroup

LAYER = "arn:aws:lambda:us-west-2:111122223333:layer:kubectl:1"


def make_eks_cluster(stack: cdk.Stack, **props: Any) -> eks.Cluster:
    """A cluster of `aws_eks`."""
    layer = lambda_.LayerVersion.from_layer_version_arn(stack, "Kubectl", LAYER)
    defaults: dict[str, Any] = {"version": eks.KubernetesVersion.V1_33, "kubectl_layer": layer, "default_capacity": 0}
    return eks.Cluster(stack, "Cluster", **defaults | props)


def make_eks_v2_cluster(stack: cdk.Stack, **props: Any) -> eks_v2.Cluster:
    """A cluster of `aws_eks_v2`."""
    defaults: dict[str, Any] = {
        "version": eks_v2.KubernetesVersion.V1_33,
        "default_capacity_type": eks_v2.DefaultCapacityType.NODEGROUP,
        "default_capacity": 0,
    }
    return eks_v2.Cluster(stack, "Cluster", **defaults | props)


def test_eks() -> None:
    """A cluster of aws_eks: its attributes, its version, and EKS's default mode where none is chosen."""
    stack = make_stack()
    made = make_eks_cluster(stack)
    cluster = EksCluster.from_cluster(made)
    assert cluster.construct is made
    assert cluster.is_of_app
    assert cluster.vpc is not None
    assert cluster.version == "1.33"
    assert cluster.authentication_mode == "CONFIG_MAP"
    assert cluster.service_ipv4_cidr is None
    assert cluster.kubernetes_group == DEFAULT_GROUP
    for value, attribute in [
        (cluster.cluster_endpoint, "Endpoint"),
        (cluster.cluster_certificate_authority_data, "CertificateAuthorityData"),
        (cluster.cluster_security_group_id, "ClusterSecurityGroupId"),
    ]:
        assert stack.resolve(value)["Fn::GetAtt"][1] == attribute


@pytest.mark.parametrize("mode", list(eks.AuthenticationMode))
def test_eks_mode(mode: eks.AuthenticationMode) -> None:
    """The mode of a cluster of aws_eks is the one that was chosen."""
    cluster = EksCluster.from_cluster(make_eks_cluster(make_stack(), authentication_mode=mode))
    assert cluster.authentication_mode == mode.value


def test_eks_v2() -> None:
    """A cluster of aws_eks_v2 is always in mode API; without a kubectl provider nothing can be applied to it."""
    cluster = EksCluster.from_cluster(make_eks_v2_cluster(make_stack(), service_ipv4_cidr="10.9.0.0/16"))
    assert (cluster.version, cluster.authentication_mode) == ("1.33", "API")
    assert cluster.is_of_app
    assert cluster.service_ipv4_cidr == "10.9.0.0/16"
    assert cluster.kubernetes_group is None


def test_eks_v2_with_kubectl() -> None:
    """With a kubectl provider, the function gets its permissions through a group."""
    stack = make_stack()
    layer = lambda_.LayerVersion.from_layer_version_arn(stack, "Layer", LAYER)
    options = eks_v2.KubectlProviderOptions(kubectl_layer=layer)
    cluster = EksCluster.from_cluster(make_eks_v2_cluster(stack, kubectl_provider_options=options))
    assert cluster.kubernetes_group == DEFAULT_GROUP


@pytest.mark.parametrize("module", [eks, eks_v2], ids=["aws_eks", "aws_eks_v2"])
def test_imported(module: Any) -> None:
    """Of an imported cluster that is known with which it was imported, and the rest can be given."""
    stack = make_stack()
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-west-2a"])
    imported = module.Cluster.from_cluster_attributes(
        stack, "Cluster", cluster_name="my-cluster", vpc=vpc, cluster_security_group_id="sg-1"
    )
    cluster = EksCluster.from_cluster(imported, version="1.34", authentication_mode="API", subnets=["subnet-1"])
    assert (cluster.cluster_name, cluster.vpc_id, cluster.cluster_security_group_id) == ("my-cluster", "vpc-1", "sg-1")
    assert (cluster.version, cluster.authentication_mode, cluster.subnet_ids) == ("1.34", "API", ["subnet-1"])
    assert (cluster.cluster_endpoint, cluster.service_ipv4_cidr, cluster.kubernetes_group) == (None, None, None)
    assert not cluster.is_of_app


def test_imported_without_vpc() -> None:
    """A cluster imported by nothing but its name is refused with the better way."""
    imported = eks.Cluster.from_cluster_attributes(make_stack(), "Cluster", cluster_name="my-cluster")
    with pytest.raises(InvalidNodeGroup, match=r"from_lookup.*WNG621"):
        EksCluster.from_cluster(imported)


def _node_group(made: eks.Cluster | eks_v2.Cluster, scope: cdk.Stack | None = None, **props: Any) -> dict[str, Any]:
    cluster = EksCluster.from_cluster(made)
    return template_of(make_node_group(scope or made.stack, cluster=cluster, **props))


def test_aws_auth_of_cdk() -> None:
    """CDK writes the map of a cluster that it makes, so both roles are entered there, and nothing else writes it."""
    template = _node_group(make_eks_cluster(make_stack()))
    manifests = resources_of(template, "Custom::AWSCDK-EKS-KubernetesResource")
    (written,) = (each for each in manifests.values() if "aws-auth" in str(each) and "mapRoles" in str(each))
    text = str(written["Properties"]["Manifest"])
    assert "eks:kube-proxy-windows" in text
    assert DEFAULT_GROUP in text
    assert len([each for each in manifests.values() if "RoleBinding" in str(each)]) == 1
    assert not resources_of(template, "Custom::AwsAuthEntry")
    assert not resources_of(template, "AWS::EKS::AccessEntry")


@pytest.mark.parametrize("mode", [eks.AuthenticationMode.API_AND_CONFIG_MAP, eks.AuthenticationMode.API])
def test_group_on_a_cluster_of_the_app(mode: eks.AuthenticationMode) -> None:
    """The function's access entry names the group to which the applied roles are bound."""
    template = _node_group(make_eks_cluster(make_stack(), authentication_mode=mode))
    entries = resources_of(template, "AWS::EKS::AccessEntry").values()
    groups = [each["Properties"].get("KubernetesGroups") for each in entries]
    assert [DEFAULT_GROUP] in groups
    assert not [each for each in entries if "AccessPolicies" in each["Properties"]]


def test_role_in_another_stack() -> None:
    """From another stack no role can be entered into CDK's map: an access entry where that helps, else an error."""
    app = cdk.App(analytics_reporting=False)
    both = make_eks_cluster(cdk.Stack(app, "Both"), authentication_mode=eks.AuthenticationMode.API_AND_CONFIG_MAP)
    template = _node_group(both, cdk.Stack(app, "Nodes"))
    types = [each["Properties"].get("Type") for each in resources_of(template, "AWS::EKS::AccessEntry").values()]
    assert "EC2_WINDOWS" in types
    alone = make_eks_cluster(cdk.Stack(app, "Alone"))
    with pytest.raises(InvalidNodeGroup, match=r"another stack.*WNG624"):
        _node_group(alone, cdk.Stack(app, "Others"))


def test_private_endpoint() -> None:
    """The function of a cluster whose endpoint is private runs in the private subnets of its VPC."""
    made = make_eks_v2_cluster(make_stack(), endpoint_access=eks_v2.EndpointAccess.PRIVATE)
    template = _node_group(made)
    (function,) = resources_of(template, "AWS::Lambda::Function").values()
    subnets = str(function["Properties"]["VpcConfig"]["SubnetIds"])
    assert "Private" in subnets
    assert "Public" not in subnets
    restricted = eks_v2.EndpointAccess.PUBLIC_AND_PRIVATE.only_from("203.0.113.0/24")
    assert EksCluster.from_cluster(make_eks_v2_cluster(make_stack(), endpoint_access=restricted)).function_subnets


@pytest.mark.parametrize("make", [make_eks_cluster, make_eks_v2_cluster])
def test_role_of_the_cluster(make: Any) -> None:
    """A cluster of the app gets the policy for Windows addresses, once, and not where somebody else sees to them."""
    name = "AmazonEKSVPCResourceController"
    made = make(make_stack())
    made.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(name))
    make_node_group(made.stack, "One", cluster=EksCluster.from_cluster(made), nodegroup_name="one")
    assert str(_node_group(made)).count(name) == 1
    assert str(_node_group(make(make_stack()))).count(name) == 1
    assert name not in str(_node_group(make(make_stack()), windows_ipam=None))


def test_v2_cluster() -> None:
    """A cluster of aws_eks_v2 lets nodes in by an access entry; the function gets EKS's policy without kubectl."""
    template = _node_group(make_eks_v2_cluster(make_stack()))
    entries = [each["Properties"] for each in resources_of(template, "AWS::EKS::AccessEntry").values()]
    assert "EC2_WINDOWS" in [each.get("Type") for each in entries]
    assert "AmazonEKSEditPolicy" in str(entries)
