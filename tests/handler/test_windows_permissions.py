"""Windows support and readiness as they run in Lambda: the asset, the real runtime client, IAM that grants the list."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from windows_nodegroup.function_asset import function_files
from windows_nodegroup.handler import contract
from windows_nodegroup.handler.contract import NodesReady, WindowsIpam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local_aws import LocalAws
    from local_aws.cluster_creation import LocalCluster
    from windows_nodegroup.handler.preflight_contract import Permission

    Ask = Callable[..., tuple[dict[str, Any], set[str]]]

pytestmark = pytest.mark.xdist_group("windows_permissions")

NAME = "with-windows"
STACK = "windows-nodes"
GROUP = "windows-nodes-group"
ROLE = "windows-nodes-role"
STS_NEEDS_NONE = "sts:GetCallerIdentity"


@pytest.fixture(scope="module")
def cluster(aws: LocalAws) -> Iterator[LocalCluster]:
    """A cluster with a managed vpc-cni, and an Auto Scaling group of one instance."""
    made = aws.create_cluster(NAME, version="1.34", authentication_mode="API")
    aws.client("eks").create_addon(clusterName=NAME, addonName="vpc-cni")
    image = aws.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    template = aws.client("ec2").create_launch_template(
        LaunchTemplateName=GROUP, LaunchTemplateData={"ImageId": image, "InstanceType": "t3.large"}
    )
    group = {"AutoScalingGroupName": GROUP, "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1}
    aws.client("autoscaling").create_auto_scaling_group(
        **group,
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"},
        VPCZoneIdentifier=made.subnet_ids[0],
    )
    template_body = {
        "Resources": {"Any": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}
    }
    aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template_body))
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    yield made
    aws.client("cloudformation").delete_stack(StackName=STACK)
    aws.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)


@pytest.fixture
def ask(aws: LocalAws) -> Iterator[Ask]:
    """Send a request with these permissions; return CloudFormation's answer, and what the function asked of AWS."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
            """Say nothing."""

    def run(
        kind: str, resource_type: str, permissions: Sequence[Permission], **properties: str
    ) -> tuple[dict[str, Any], set[str]]:
        role_name = _function(aws, permissions)
        event = {
            "RequestType": kind,
            "RequestId": uuid.uuid4().hex,
            "ResponseURL": f"http://127.0.0.1:{server.server_port}/answer",
            "StackId": aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackId"],
            "LogicalResourceId": "Windows",
            "PhysicalResourceId": "windows",
            "ResourceType": resource_type,
            "ResourceProperties": {"ServiceToken": role_name, "ClusterName": NAME, **properties},
            "OldResourceProperties": {},
        }
        before = len(aws.calls)
        answer = aws.client("lambda").invoke(FunctionName=role_name, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        asked = {f"{call.service}:{call.operation}" for call in aws.calls[before:] if f"/{role_name}/" in call.caller}
        return taken[-1], asked - {STS_NEEDS_NONE}

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield run
        server.shutdown()


def _function(aws: LocalAws, permissions: Sequence[Permission]) -> str:
    """Make a function and its role of one name; the cluster lets it do everything."""
    name = f"windows-{uuid.uuid4().hex[:8]}"
    places = {"partition": "aws", "region": aws.region, "account": aws.account, "cluster": NAME, "stack": STACK}
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource.format(**places)} for action, resource in permissions
    ]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, eks = aws.client("iam"), aws.client("eks")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=_document(statements))
    eks.create_access_entry(clusterName=NAME, principalArn=role)
    eks.associate_access_policy(
        clusterName=NAME,
        principalArn=role,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    )
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler=contract.HANDLER,
        Role=role,
        Timeout=10,
        Code={"ZipFile": _archive()},
        Environment={"Variables": {contract.URL_SUFFIX: "amazonaws.com"}},
    )
    return name


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in function_files().items():
            archive.writestr(path, content)
    return buffer.getvalue()


def actions(permissions: Sequence[Permission]) -> set[str]:
    """Return the actions of permissions."""
    return {permission.action for permission in permissions}


def test_windows_addresses(aws: LocalAws, cluster: LocalCluster, ask: Ask) -> None:
    """With the listed permissions, and no other, the add-on is seen and updated; each of them is needed."""
    answer, asked = ask("Update", WindowsIpam.TYPE, WindowsIpam.PERMISSIONS)
    assert "[WNG924]" in answer.get("Reason", ""), answer
    assert asked == actions(WindowsIpam.PERMISSIONS)

    cluster.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "true"})
    permissions = [*WindowsIpam.PERMISSIONS, *WindowsIpam.UPDATE_PERMISSIONS]
    answer, asked = ask("Update", WindowsIpam.TYPE, permissions, AddOn="update")
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Warnings": "none"})
    assert asked == actions(permissions)
    add_on = aws.client("eks").describe_addon(clusterName=NAME, addonName="vpc-cni")["addon"]
    assert json.loads(add_on["configurationValues"]) == {"enableWindowsIpam": "true"}


def test_ready_nodes(aws: LocalAws, cluster: LocalCluster, ask: Ask) -> None:
    """With the listed permissions, and no other, the wait ends well, or with a cause; each of them is needed."""
    role = f"arn:aws:iam::{aws.account}:role/{ROLE}"
    properties = {"AutoScalingGroupName": GROUP, "NodeRoleArn": role, "TimeoutSeconds": "4"}
    autoscaling = aws.client("autoscaling")
    autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=1)
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    (instance,) = group["Instances"]
    answer, first = ask("Update", NodesReady.TYPE, NodesReady.PERMISSIONS, **properties)
    assert f"{instance['InstanceId']} did not join: {role} is not authorized: make an access entry" in answer["Reason"]

    provider_id = f"aws:///{instance['AvailabilityZone']}/{instance['InstanceId']}"
    cluster.kubernetes.put_node("win", labels={"kubernetes.io/os": "windows"}, provider_id=provider_id)
    answer, second = ask("Update", NodesReady.TYPE, NodesReady.PERMISSIONS, **properties)
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Warnings": "none"})

    assert second < first
    assert first == actions(NodesReady.PERMISSIONS) - {"autoscaling:DescribeScalingActivities"}
