"""Tests of the resource types against moto: made, changed, removed."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from tests.local_aws.cloudformation.stage import role, template

if TYPE_CHECKING:
    from tests.local_aws.cloudformation.stage import Stage

_ALLOW: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


_EXPIRY = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 9},
    "action": {"type": "expire"},
}


def _resource(type_name: str, /, **properties: Any) -> dict[str, Any]:
    return {"Type": type_name, "Properties": properties}


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _made(stage: Stage, **resources: object) -> dict[str, str]:
    stack = stage.create(template(**resources))
    assert stack["StackStatus"] == "CREATE_COMPLETE", stage.events()
    return {name: stage.physical_id(name) for name in resources}


def _changed(stage: Stage, **resources: object) -> dict[str, str]:
    stack = stage.update(template(**resources))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stage.events()
    return {name: stage.physical_id(name) for name in resources}


def _gone(stage: Stage) -> None:
    assert stage.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_role(stage: Stage) -> None:
    """Everything about a role changes in place but its path and name."""
    iam = stage.client("iam")
    arns = [
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(_ALLOW))["Policy"]["Arn"]
        for name in ("one", "two", "foreign")
    ]
    inline = {"PolicyName": "in", "PolicyDocument": _ALLOW}
    name = _made(
        stage,
        Role=role(
            ManagedPolicyArns=arns[:1],
            Policies=[inline],
            PermissionsBoundary=arns[0],
            MaxSessionDuration="7200",
            Tags=_tags(a="1", b="2"),
        ),
    )["Role"]
    found = iam.get_role(RoleName=name)["Role"]
    assert (found["MaxSessionDuration"], found["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (7200, arns[0])
    iam.attach_role_policy(RoleName=name, PolicyArn=arns[2])
    assert (
        _changed(
            stage, Role=role(ManagedPolicyArns=arns[1:2], Policies=[{**inline, "PolicyName": "new"}], Tags=_tags(b="3"))
        )["Role"]
        == name
    )
    attached = {policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]}
    assert attached == set(arns[1:])
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["new"]
    assert iam.list_role_tags(RoleName=name)["Tags"] == _tags(b="3")
    found = iam.get_role(RoleName=name)["Role"]
    assert "PermissionsBoundary" not in found
    assert found["MaxSessionDuration"] == 3600
    iam.detach_role_policy(RoleName=name, PolicyArn=arns[2])
    _gone(stage)


def test_policies_of_all_kinds(stage: Stage) -> None:
    """Inline on several roles, inline on one, and managed."""
    iam = stage.client("iam")
    resources = {
        "One": role(),
        "Two": role(),
        "Policy": _resource(
            "AWS::IAM::Policy", PolicyName="p", PolicyDocument=_ALLOW, Roles=[{"Ref": "One"}, {"Ref": "Two"}]
        ),
        "RolePolicy": _resource("AWS::IAM::RolePolicy", PolicyName="r", PolicyDocument=_ALLOW, RoleName={"Ref": "One"}),
        "Managed": _resource("AWS::IAM::ManagedPolicy", PolicyDocument=_ALLOW, Roles=[{"Ref": "One"}]),
    }
    names = _made(stage, **resources)
    assert sorted(iam.list_role_policies(RoleName=names["One"])["PolicyNames"]) == ["p", "r"]
    resources["Policy"] = _resource("AWS::IAM::Policy", PolicyName="q", PolicyDocument=_ALLOW, Roles=[{"Ref": "Two"}])
    other = {**_ALLOW, "Statement": [{**_ALLOW["Statement"][0], "Action": "s3:PutObject"}]}
    resources["Managed"] = _resource("AWS::IAM::ManagedPolicy", PolicyDocument=other, Roles=[{"Ref": "Two"}])
    resources["RolePolicy"] = _resource(
        "AWS::IAM::RolePolicy", PolicyName="r", PolicyDocument=other, RoleName={"Ref": "One"}
    )
    assert _changed(stage, **resources) == names
    assert iam.list_role_policies(RoleName=names["One"])["PolicyNames"] == ["r"]
    assert iam.get_role_policy(RoleName=names["One"], PolicyName="r")["PolicyDocument"] == other
    assert iam.list_role_policies(RoleName=names["Two"])["PolicyNames"] == ["q"]
    assert iam.list_attached_role_policies(RoleName=names["One"])["AttachedPolicies"] == []
    version = iam.get_policy(PolicyArn=names["Managed"])["Policy"]["DefaultVersionId"]
    assert iam.get_policy_version(PolicyArn=names["Managed"], VersionId=version)["PolicyVersion"]["Document"] == other
    _gone(stage)


def test_instance_profile(stage: Stage) -> None:
    """The role in it can be exchanged."""
    names = _made(stage, A=role(), B=role(), Profile=_resource("AWS::IAM::InstanceProfile", Roles=[{"Ref": "A"}]))
    assert (
        _changed(stage, A=role(), B=role(), Profile=_resource("AWS::IAM::InstanceProfile", Roles=[{"Ref": "B"}]))
        == names
    )
    profile = stage.client("iam").get_instance_profile(InstanceProfileName=names["Profile"])["InstanceProfile"]
    assert [one["RoleName"] for one in profile["Roles"]] == [names["B"]]
    _gone(stage)


def _group(stage: Stage, group: str) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    (found,) = stage.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]

    def rules(permissions: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        return {
            (
                one["IpProtocol"],
                one.get("FromPort"),
                one.get("ToPort"),
                peer.get("CidrIp") or peer.get("GroupId"),
                peer.get("Description"),
            )
            for one in permissions
            for peer in [*one.get("IpRanges", []), *one.get("UserIdGroupPairs", [])]
        }

    return rules(found["IpPermissions"]), rules(found["IpPermissionsEgress"])


def test_security_group(stage: Stage) -> None:
    """Inline rules change in place; the template's egress replaces EC2's allow-all; foreign rules stay."""
    ec2 = stage.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    about = {"GroupDescription": "nodes", "VpcId": vpc}
    https = {"IpProtocol": "tcp", "FromPort": "443", "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "in"}
    group = _made(
        stage, Group=_resource("AWS::EC2::SecurityGroup", **about, SecurityGroupIngress=[https], Tags=_tags(a="1"))
    )["Group"]
    everywhere = {("-1", None, None, "0.0.0.0/0", None)}
    assert _group(stage, group) == ({("tcp", 443, 443, "10.0.0.0/8", "in")}, everywhere)
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}],
    )
    new = {"IpProtocol": 6, "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
    out = {"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}
    changed = _resource(
        "AWS::EC2::SecurityGroup", **about, SecurityGroupIngress=[new], SecurityGroupEgress=[out], Tags=_tags(b="2")
    )
    assert _changed(stage, Group=changed)["Group"] == group
    assert _group(stage, group) == (
        {("tcp", 80, 80, "10.0.0.0/8", None), ("udp", 53, 53, "10.1.0.0/16", None)},
        {("-1", None, None, "10.0.0.0/8", None)},
    )
    assert _changed(stage, Group=_resource("AWS::EC2::SecurityGroup", **about))["Group"] == group
    assert _group(stage, group)[1] == everywhere
    _gone(stage)


def test_a_rule_on_a_foreign_security_group_goes_with_its_stack(stage: Stage) -> None:
    """Ingress and egress; a rule that the group already has is refused as by EC2."""
    ec2 = stage.client("ec2")
    foreign = ec2.create_security_group(GroupName="foreign", Description="x")["GroupId"]
    rule = {"GroupId": foreign, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ingress = _resource("AWS::EC2::SecurityGroupIngress", **rule, SourceSecurityGroupId=foreign)
    egress = _resource("AWS::EC2::SecurityGroupEgress", **rule, CidrIp="10.0.0.0/8", Description="one")
    names = _made(stage, In=ingress, Out=egress)
    assert all(name.startswith("sgr-") for name in names.values())
    egress["Properties"]["Description"] = "two"
    assert _changed(stage, In=ingress, Out=egress) == names
    before = _group(stage, foreign)
    assert before[0] == {("tcp", 443, 443, foreign, None)}
    assert ("tcp", 443, 443, "10.0.0.0/8", "two") in before[1]
    assert stage.create(template(In=ingress), name="second")["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(str(reason) for _, status, reason in stage.events("second", of="In") if status == "CREATE_FAILED")
    assert "InvalidPermission.Duplicate" in reason
    assert _group(stage, foreign) == before
    _gone(stage)
    assert _group(stage, foreign) == (set(), {("-1", None, None, "0.0.0.0/0", None)})


def test_launch_template(stage: Stage) -> None:
    """A change of its data is a new version; the default stays the first."""
    ec2 = stage.client("ec2")
    tags = [{"ResourceType": "launch-template", "Tags": _tags(a="1")}]
    data = {"InstanceType": "t3.large", "MetadataOptions": {"HttpPutResponseHopLimit": "2"}, "UserData": "eA=="}
    one = _resource("AWS::EC2::LaunchTemplate", LaunchTemplateData=data, TagSpecifications=tags)
    name = _made(stage, Template=one)["Template"]
    assert name.startswith("lt-")
    two = _resource(
        "AWS::EC2::LaunchTemplate", LaunchTemplateData={**data, "InstanceType": "t3.xlarge"}, TagSpecifications=tags
    )
    assert _changed(stage, Template=two)["Template"] == name
    (found,) = ec2.describe_launch_templates(LaunchTemplateIds=[name])["LaunchTemplates"]
    assert (found["DefaultVersionNumber"], found["LatestVersionNumber"]) == (1, 2)
    tags = [{"ResourceType": "launch-template", "Tags": _tags(b="2")}]
    three = _resource(
        "AWS::EC2::LaunchTemplate", LaunchTemplateData={**data, "InstanceType": "t3.xlarge"}, TagSpecifications=tags
    )
    _changed(stage, Template=three)
    (found,) = ec2.describe_launch_templates(LaunchTemplateIds=[name])["LaunchTemplates"]
    assert found["LatestVersionNumber"] == 2
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])["Tags"]
    assert [(tag["Key"], tag["Value"]) for tag in found] == [("b", "2")]
    _gone(stage)
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_log_group(stage: Stage) -> None:
    """Retention and tags change in place."""
    logs = stage.client("logs")
    name = _made(stage, Log=_resource("AWS::Logs::LogGroup", RetentionInDays="7", Tags=_tags(a="1")))["Log"]
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    assert _changed(stage, Log=_resource("AWS::Logs::LogGroup", Tags=_tags(b="2")))["Log"] == name
    (found,) = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in found
    assert logs.list_tags_for_resource(resourceArn=found["arn"].removesuffix(":*"))["tags"] == {"b": "2"}
    _gone(stage)
    assert logs.describe_log_groups()["logGroups"] == []


def test_parameter(stage: Stage) -> None:
    """A parameter's value can be read by others, and changes reach them."""
    ssm = stage.client("ssm")
    outputs = {"Outputs": {"Value": {"Value": {"Fn::GetAtt": ["P", "Value"]}}}}
    stage.create(
        {
            **template(P=_resource("AWS::SSM::Parameter", Name="/p", Type="String", Value="1", Tags={"a": "1"})),
            **outputs,
        }
    )
    stack = stage.update(
        {
            **template(P=_resource("AWS::SSM::Parameter", Name="/p", Type="String", Value="2", Tags={"b": "2"})),
            **outputs,
        }
    )
    assert stack["Outputs"][0]["OutputValue"] == "2"
    assert ssm.get_parameter(Name="/p")["Parameter"]["Value"] == "2"
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"] == _tags(b="2")
    _gone(stage)


def test_key_and_alias(stage: Stage) -> None:
    """KMS keys are scheduled for deletion; there is no other."""
    kms = stage.client("kms")
    alias = _resource("AWS::KMS::Alias", AliasName="alias/mine", TargetKeyId={"Ref": "Key"})
    key = _made(stage, Key=_resource("AWS::KMS::Key", EnableKeyRotation=True, Tags=_tags(a="1")), Alias=alias)["Key"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    changed = _resource("AWS::KMS::Key", Description="mine", Tags=_tags(b="2"))
    assert _changed(stage, Key=changed, Alias=alias)["Key"] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Description"] == "mine"
    _gone(stage)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_repository(stage: Stage) -> None:
    """An ECR repository with its policies."""
    ecr = stage.client("ecr")
    lifecycle = {"LifecyclePolicyText": json.dumps({"rules": [_EXPIRY]})}
    one = _resource(
        "AWS::ECR::Repository", ImageTagMutability="IMMUTABLE", LifecyclePolicy=lifecycle, Tags=_tags(a="1")
    )
    name = _made(stage, Repository=one)["Repository"]
    two = _resource("AWS::ECR::Repository", ImageTagMutability="MUTABLE", Tags=_tags(b="2"))
    assert _changed(stage, Repository=two)["Repository"] == name
    (found,) = ecr.describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "MUTABLE"
    assert ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"] == _tags(b="2")
    _gone(stage)


def test_bucket(stage: Stage) -> None:
    """What the template no longer says is taken away; a bucket with objects cannot be deleted."""
    s3 = stage.client("s3")
    rule = {"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
    one = _resource(
        "AWS::S3::Bucket",
        VersioningConfiguration={"Status": "Enabled"},
        LifecycleConfiguration={"Rules": [rule]},
        PublicAccessBlockConfiguration={"BlockPublicAcls": "true"},
    )
    name = _made(stage, Bucket=one)["Bucket"]
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]["ID"] == "old"
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    assert _changed(stage, Bucket=_resource("AWS::S3::Bucket", Tags=_tags(a="1")))["Bucket"] == name
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == _tags(a="1")
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    assert stage.delete()["StackStatus"] == "DELETE_FAILED"


def test_a_buckets_policy_does_not_shut_out_plain_http(stage: Stage) -> None:
    """The local AWS has no TLS; CDK's bootstrap bucket demands it."""
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = _resource(
        "AWS::S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument={"Version": "2012-10-17", "Statement": [tls]}
    )
    name = _made(stage, Bucket=_resource("AWS::S3::Bucket"), Policy=policy)["Bucket"]
    assert stage.client("s3").put_object(Bucket=name, Key="x", Body=b"x")["ResponseMetadata"]["HTTPStatusCode"] == 200


def _packed(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", text)
    return packed.getvalue()


def _function(**properties: Any) -> dict[str, Any]:
    return _resource(
        "AWS::Lambda::Function",
        Handler="index.handler",
        Runtime="python3.13",
        Role={"Fn::GetAtt": ["Role", "Arn"]},
        **properties,
    )


def test_function(stage: Stage) -> None:
    """Code and configuration change in place, from S3 or inline."""
    client = stage.client("lambda")
    s3 = stage.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="code", Key="one.zip", Body=_packed("one"))
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
    }
    executor = role(AssumeRolePolicyDocument=trust)
    one = _function(
        Code={"S3Bucket": "code", "S3Key": "one.zip"},
        MemorySize="256",
        Environment={"Variables": {"A": True}},
        Tags=_tags(a="1"),
    )
    name = _made(stage, Role=executor, Function=one)["Function"]
    found = client.get_function(FunctionName=name)
    assert (found["Configuration"]["MemorySize"], found["Configuration"]["Environment"]) == (
        256,
        {"Variables": {"A": "true"}},
    )
    before = found["Configuration"]["CodeSha256"]
    two = _function(Code={"ZipFile": "def handler(event, context): pass"}, Timeout=60, Tags=_tags(b="2"))
    assert _changed(stage, Role=executor, Function=two)["Function"] == name
    found = client.get_function(FunctionName=name)
    assert found["Configuration"]["CodeSha256"] != before
    assert (found["Configuration"]["MemorySize"], found["Configuration"]["Timeout"]) == (128, 60)
    assert found["Tags"] == {"b": "2"}
    _gone(stage)
    assert client.list_functions()["Functions"] == []


def test_permission(stage: Stage) -> None:
    """A statement in a function's policy."""
    permission = _resource(
        "AWS::Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName={"Ref": "Function"},
        Principal="events.amazonaws.com",
    )
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
    }
    resources = {"Role": role(AssumeRolePolicyDocument=trust), "Function": _function(Code={"ZipFile": "x"})}
    names = _made(stage, **resources, Permission=permission)
    (statement,) = json.loads(stage.client("lambda").get_policy(FunctionName=names["Function"])["Policy"])["Statement"]
    assert statement["Sid"] == names["Permission"]
    _gone(stage)


def _network() -> dict[str, Any]:
    """What CDK's `Vpc` makes, once of each."""
    return {
        "Vpc": _resource("AWS::EC2::VPC", CidrBlock="10.5.0.0/16", EnableDnsHostnames=True, Tags=_tags(Name="mine")),
        "Subnet": _resource(
            "AWS::EC2::Subnet",
            VpcId={"Ref": "Vpc"},
            CidrBlock="10.5.1.0/24",
            AvailabilityZone="us-west-2a",
            MapPublicIpOnLaunch=True,
        ),
        "Gateway": _resource("AWS::EC2::InternetGateway", Tags=_tags(Name="mine")),
        "Attachment": _resource(
            "AWS::EC2::VPCGatewayAttachment", VpcId={"Ref": "Vpc"}, InternetGatewayId={"Ref": "Gateway"}
        ),
        "Table": _resource("AWS::EC2::RouteTable", VpcId={"Ref": "Vpc"}),
        "Route": {
            **_resource(
                "AWS::EC2::Route",
                RouteTableId={"Ref": "Table"},
                DestinationCidrBlock="0.0.0.0/0",
                GatewayId={"Ref": "Gateway"},
            ),
            "DependsOn": "Attachment",
        },
        "Association": _resource(
            "AWS::EC2::SubnetRouteTableAssociation", RouteTableId={"Ref": "Table"}, SubnetId={"Ref": "Subnet"}
        ),
        "Address": _resource("AWS::EC2::EIP", Domain="vpc"),
        "Nat": _resource(
            "AWS::EC2::NatGateway", AllocationId={"Fn::GetAtt": ["Address", "AllocationId"]}, SubnetId={"Ref": "Subnet"}
        ),
    }


def test_network(stage: Stage) -> None:
    """A whole network is made, changed and removed."""
    ec2 = stage.client("ec2")
    names = _made(stage, **_network())
    (subnet,) = ec2.describe_subnets(SubnetIds=[names["Subnet"]])["Subnets"]
    assert (subnet["VpcId"], subnet["MapPublicIpOnLaunch"]) == (names["Vpc"], True)
    changed = _network()
    changed["Subnet"]["Properties"]["MapPublicIpOnLaunch"] = False
    for name in ("Vpc", "Subnet", "Gateway", "Table", "Address", "Nat"):
        changed[name]["Properties"]["Tags"] = _tags(Name="yours")
    changed["Route"]["Properties"] = {**changed["Route"]["Properties"], "NatGatewayId": {"Ref": "Nat"}}
    del changed["Route"]["Properties"]["GatewayId"]
    assert _changed(stage, **changed) == names
    (table,) = ec2.describe_route_tables(RouteTableIds=[names["Table"]])["RouteTables"]
    assert names["Nat"] in {route.get("NatGatewayId") for route in table["Routes"]}
    assert len(ec2.describe_tags(Filters=[{"Name": "value", "Values": ["yours"]}])["Tags"]) == 6
    _gone(stage)
    assert names["Vpc"] not in {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}


def test_cluster_and_node_group(stage: Stage) -> None:
    """As far as moto has them."""
    eks = stage.client("eks")
    subnets = [subnet["SubnetId"] for subnet in stage.client("ec2").describe_subnets()["Subnets"]][:2]
    cluster = _resource(
        "AWS::EKS::Cluster",
        Name="c",
        RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
        ResourcesVpcConfig={"SubnetIds": subnets},
        Version="1.33",
    )
    nodes = _resource(
        "AWS::EKS::Nodegroup",
        ClusterName={"Ref": "Cluster"},
        NodeRole={"Fn::GetAtt": ["Role", "Arn"]},
        Subnets=subnets,
        ScalingConfig={"MinSize": 1, "MaxSize": "2", "DesiredSize": 1},
    )
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]},
            }
        ]
    }
    names = _made(stage, Role=role(AssumeRolePolicyDocument=trust), Cluster=cluster, Nodes=nodes)
    assert names["Cluster"] == "c"
    group = names["Nodes"].split("/")[1]
    nodes["Properties"]["ScalingConfig"] = {"MinSize": 2, "MaxSize": 3, "DesiredSize": 2}
    assert _changed(stage, Role=role(AssumeRolePolicyDocument=trust), Cluster=cluster, Nodes=nodes) == names
    found = eks.describe_nodegroup(clusterName="c", nodegroupName=group)["nodegroup"]
    assert found["scalingConfig"]["maxSize"] == 3
    _gone(stage)
    assert eks.list_clusters()["clusters"] == []
