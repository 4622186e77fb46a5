"""Clusters: made, described, changed, deleted, and looked up by name."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local_aws import LocalAws, LocalCluster


def test_described_as_eks_does(aws: LocalAws, cluster: LocalCluster) -> None:
    """What others read from DescribeCluster is there and true."""
    described = aws.client("eks").describe_cluster(name=cluster.name)["cluster"]
    assert described["status"] == "ACTIVE"
    assert described["endpoint"] == cluster.kubernetes.url
    authority = base64.b64decode(described["certificateAuthority"]["data"])
    assert authority == cluster.kubernetes.certificate_authority_pem
    assert described["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"
    assert described["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    network = described["resourcesVpcConfig"]
    assert network["vpcId"] == cluster.vpc_id
    assert network["subnetIds"] == list(cluster.subnet_ids)
    assert network["securityGroupIds"] == [cluster.control_plane_security_group_id]
    assert network["clusterSecurityGroupId"] == cluster.security_group_id


def test_stands_in_public_subnets_of_distinct_zones(aws: LocalAws, cluster: LocalCluster) -> None:
    """Each subnet has a zone of its own, assigns public addresses, and has a route out."""
    ec2 = aws.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=list(cluster.subnet_ids))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == len(subnets) == 3
    assert all(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    for subnet_id in cluster.subnet_ids:
        (table,) = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])[
            "RouteTables"
        ]
        assert any(route.get("GatewayId", "").startswith("igw-") for route in table["Routes"])


def test_cluster_security_group_is_tagged_and_ends_with_the_cluster(aws: LocalAws) -> None:
    """EKS makes the group and removes it."""
    ec2, eks = aws.client("ec2"), aws.client("eks")
    cluster = aws.create_cluster("with-group")
    (group,) = ec2.describe_security_groups(GroupIds=[cluster.security_group_id])["SecurityGroups"]
    assert {"Key": "kubernetes.io/cluster/with-group", "Value": "owned"} in group["Tags"]
    eks.delete_cluster(name="with-group")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[cluster.security_group_id])


def test_role_has_the_policies_of_a_cluster_with_windows(aws: LocalAws, cluster: LocalCluster) -> None:
    """The cluster's role may manage the nodes' network interfaces."""
    name = cluster.role_arn.rpartition("/")[2]
    attached = aws.client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert {policy["PolicyName"] for policy in attached} == {"AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"}


def test_cluster_in_the_default_vpc(aws: LocalAws) -> None:
    """A cluster need not have a VPC of its own."""
    cluster = aws.create_cluster("in-default", vpc=False)
    (vpc,) = aws.client("ec2").describe_vpcs(VpcIds=[cluster.vpc_id])["Vpcs"]
    assert vpc["IsDefault"]


def test_unknown_cluster_is_not_found(aws: LocalAws, cluster: LocalCluster) -> None:
    """The name must be exact; a wrong case is another name."""
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.ResourceNotFoundException, match=r"No cluster found for name: .*"):
        eks.describe_cluster(name=cluster.name.upper())


def test_second_cluster_of_a_name_is_refused(aws: LocalAws, cluster: LocalCluster) -> None:
    """Names are unique."""
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_cluster(
            name=cluster.name, roleArn=cluster.role_arn, resourcesVpcConfig={"subnetIds": list(cluster.subnet_ids)}
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1.12"},
        {"roleArn": "arn:aws:iam::123456789012:role/nobody"},
        {"one_subnet": True},
        {"computeConfig": {"enabled": True}},
    ],
    ids=["version", "role", "one zone", "what the local AWS does not have"],
)
def test_wrong_input_is_refused(aws: LocalAws, cluster: LocalCluster, wrong: dict[str, object]) -> None:
    """A version or a role that there is not, subnets in one zone only, and Auto Mode are refused."""
    subnets = list(cluster.subnet_ids)[: 1 if wrong.pop("one_subnet", False) else 3]
    request = {"name": "wrong", "roleArn": cluster.role_arn, "resourcesVpcConfig": {"subnetIds": subnets}, **wrong}
    eks = aws.client("eks")
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.create_cluster(**request)


def test_status_may_be_set(aws: LocalAws, cluster: LocalCluster) -> None:
    """A cluster in the making has no endpoint yet; one that failed or goes is still described."""
    eks = aws.client("eks")
    cluster.record.status = "CREATING"
    described = eks.describe_cluster(name=cluster.name)["cluster"]
    assert described["status"] == "CREATING"
    assert "endpoint" not in described
    assert "certificateAuthority" not in described
    cluster.record.status = "DELETING"
    assert eks.describe_cluster(name=cluster.name)["cluster"]["endpoint"] == cluster.kubernetes.url


def test_mode_changes_in_one_direction(aws: LocalAws) -> None:
    """CONFIG_MAP, API_AND_CONFIG_MAP, API, and never back; the creator gets an entry on the way."""
    eks = aws.client("eks")
    cluster = aws.create_cluster("one-way", authentication_mode="CONFIG_MAP")
    for mode in ("API_AND_CONFIG_MAP", "API"):
        update = eks.update_cluster_config(name="one-way", accessConfig={"authenticationMode": mode})["update"]
        assert eks.describe_update(name="one-way", updateId=update["id"])["update"]["status"] == "Successful"
        access = eks.describe_cluster(name="one-way")["cluster"]["accessConfig"]
        assert access["authenticationMode"] == mode
        assert eks.list_access_entries(clusterName="one-way")["accessEntries"] == [cluster.creator_role_arn]
    with pytest.raises(eks.exceptions.InvalidParameterException, match="from API to CONFIG_MAP"):
        eks.update_cluster_config(name="one-way", accessConfig={"authenticationMode": "CONFIG_MAP"})


def test_endpoint_access_changes(aws: LocalAws, cluster: LocalCluster) -> None:
    """The public endpoint's reach can be limited."""
    eks = aws.client("eks")
    eks.update_cluster_config(name=cluster.name, resourcesVpcConfig={"publicAccessCidrs": ["203.0.113.0/24"]})
    network = eks.describe_cluster(name=cluster.name)["cluster"]["resourcesVpcConfig"]
    assert network["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_version_moves_on_by_one(aws: LocalAws) -> None:
    """Minor versions cannot be skipped."""
    eks = aws.client("eks")
    aws.create_cluster("aging", version="1.33")
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.update_cluster_version(name="aging", version="1.35")
    eks.update_cluster_version(name="aging", version="1.34")
    assert eks.describe_cluster(name="aging")["cluster"]["version"] == "1.34"


def test_tags(aws: LocalAws, cluster: LocalCluster) -> None:
    """A cluster's tags are kept."""
    eks = aws.client("eks")
    arn = cluster.record.arn
    eks.tag_resource(resourceArn=arn, tags={"team": "blue", "stage": "test"})
    eks.untag_resource(resourceArn=arn, tagKeys=["stage"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "blue"}


def test_addon_keeps_its_configuration(aws: LocalAws, cluster: LocalCluster) -> None:
    """The life of a managed add-on."""
    eks = aws.client("eks")
    vpc_cni = {"clusterName": cluster.name, "addonName": "vpc-cni"}
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_addon(**vpc_cni)
    eks.create_addon(**vpc_cni)
    assert eks.list_addons(clusterName=cluster.name)["addons"] == ["vpc-cni"]
    eks.update_addon(**vpc_cni, configurationValues='{"enableWindowsIpam":"true"}')
    addon = eks.describe_addon(**vpc_cni)["addon"]
    assert addon["configurationValues"] == '{"enableWindowsIpam":"true"}'
    assert addon["addonVersion"].startswith("v1.")
    eks.delete_addon(**vpc_cni)
    assert eks.list_addons(clusterName=cluster.name)["addons"] == []


def test_cloud_control_knows_the_cluster(aws: LocalAws, cluster: LocalCluster) -> None:
    """The lookup by name that the CDK CLI makes finds version, subnets, mode and more."""
    found = aws.client("cloudcontrol").get_resource(TypeName="AWS::EKS::Cluster", Identifier=cluster.name)
    properties = json.loads(found["ResourceDescription"]["Properties"])
    assert properties["Version"] == cluster.record.version
    assert properties["ResourcesVpcConfig"]["SubnetIds"] == list(cluster.subnet_ids)
    assert properties["AccessConfig"]["AuthenticationMode"] == "API_AND_CONFIG_MAP"
    assert properties["KubernetesNetworkConfig"]["ServiceIpv4Cidr"] == "172.20.0.0/16"
    assert properties["ClusterSecurityGroupId"] == cluster.security_group_id


def test_cloud_control_says_what_it_does_not_have(aws: LocalAws) -> None:
    """An unknown cluster and another type are errors."""
    control = aws.client("cloudcontrol")
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_resource(TypeName="AWS::EKS::Cluster", Identifier="nowhere")
    with pytest.raises(control.exceptions.UnsupportedActionException, match=r"AWS::S3::Bucket"):
        control.get_resource(TypeName="AWS::S3::Bucket", Identifier="mine")


def test_of_one_region(aws: LocalAws, cluster: LocalCluster) -> None:
    """A cluster exists in its own region and in no other; elsewhere none is made."""
    elsewhere = boto3.client(
        "eks",
        endpoint_url=aws.url,
        region_name="eu-west-1",
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
    )
    assert elsewhere.list_clusters()["clusters"] == []
    with pytest.raises(ClientError, match="No cluster found for name"):
        elsewhere.describe_cluster(name=cluster.name)
    with pytest.raises(ClientError, match="makes clusters in us-west-2, not in eu-west-1"):
        elsewhere.create_cluster(
            name="new", roleArn=cluster.role_arn, resourcesVpcConfig={"subnetIds": list(cluster.subnet_ids)}
        )
