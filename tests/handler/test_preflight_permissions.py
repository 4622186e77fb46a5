"""The preflight as it runs in Lambda: the asset, the real runtime client, and IAM that grants what is listed."""

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
from windows_nodegroup.handler.preflight_contract import PERMISSIONS, AwsPreflight, Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local_aws import LocalAws
    from local_aws.cluster_creation import LocalCluster

    Ask = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.xdist_group("preflight_permissions")

NAME = "preflighted"
STACK = "nodes"


@pytest.fixture(scope="module")
def cluster(aws: LocalAws) -> LocalCluster:
    """A cluster as it should be."""
    return aws.create_cluster(NAME, version="1.34")


@pytest.fixture
def answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take the function's answers, as CloudFormation does: the URL, and what came in."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/answer", taken
        server.shutdown()


@pytest.fixture
def ask(aws: LocalAws, cluster: LocalCluster, answers: tuple[str, list[dict[str, Any]]]) -> Ask:
    """Run the preflight with these permissions; return CloudFormation's answer."""

    def run(permissions: Sequence[Permission], timeout: int = 60) -> dict[str, Any]:
        function = _function(aws, permissions, timeout)
        url, taken = answers
        event = {
            "RequestType": "Create",
            "RequestId": uuid.uuid4().hex,
            "ResponseURL": url,
            "StackId": f"arn:aws:cloudformation:{aws.region}:{aws.account}:stack/{STACK}/1",
            "LogicalResourceId": "Preflight",
            "ResourceType": AwsPreflight.TYPE,
            "ResourceProperties": {"ServiceToken": function, **_properties(aws, cluster)},
        }
        answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return taken[-1]

    return run


def _function(aws: LocalAws, permissions: Sequence[Permission], timeout: int) -> str:
    name = f"preflight-{uuid.uuid4().hex[:8]}"
    places = {"partition": "aws", "region": aws.region, "account": aws.account, "cluster": NAME, "stack": STACK}
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource.format(**places)} for action, resource in permissions
    ]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = aws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=_document(statements))
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler=contract.HANDLER,
        Role=role,
        Timeout=timeout,
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


def _properties(aws: LocalAws, cluster: LocalCluster) -> dict[str, object]:
    parameter = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id"
    return {
        AwsPreflight.CLUSTER_NAME: NAME,
        AwsPreflight.AUTHENTICATION_MODE: "API_AND_CONFIG_MAP",
        AwsPreflight.NODE_ACCESS: "aws-auth",
        AwsPreflight.KUBERNETES_VERSION: "1.34",
        AwsPreflight.WINDOWS_VERSION: "2022",
        AwsPreflight.IMAGE_ID: aws.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"],
        AwsPreflight.VOLUME_SIZE: "50",
        AwsPreflight.VPC_ID: cluster.vpc_id,
        AwsPreflight.SUBNET_IDS: list(cluster.subnet_ids),
        AwsPreflight.SECURITY_GROUP_IDS: [cluster.security_group_id],
        AwsPreflight.CONTROL_PLANE_SECURITY_GROUP_IDS: [cluster.control_plane_security_group_id],
        AwsPreflight.INSTANCE_TYPES: ["t3.large"],
        AwsPreflight.NODE_ROLE_ARN: f"arn:aws:iam::{aws.account}:role/nodes",
        AwsPreflight.FUNCTION_IN_VPC: "false",
    }


def test_the_granted_permissions_suffice(ask: Ask) -> None:
    """With what the contract lists, and nothing else, every check is made; the answer fits CloudFormation."""
    answer = ask(PERMISSIONS)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", f"preflight/{NAME}")
    assert answer["Data"]["Warnings"] == "none"
    assert len(json.dumps(answer)) <= 4096


def test_each_permission_is_missed_by_its_name(ask: Ask) -> None:
    """Without permissions the deployment goes on, and the warnings name each that was missed."""
    withheld = [permission for permission in PERMISSIONS if permission.action.startswith(("ec2:", "iam:"))]
    answer = ask([permission for permission in PERMISSIONS if permission not in withheld])
    missed = {p.action for p in withheld if f"({p.action} is not allowed)" in answer["Data"]["Warnings"]}

    assert answer["Status"] == "SUCCESS"
    assert {permission.action for permission in withheld} - missed == {
        "ec2:DescribeRouteTables",  # nobody gets so far without the subnets
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeVpcEndpoints",
    }


def test_without_anything_it_says_so(ask: Ask) -> None:
    """Without DescribeCluster there are no facts: the reason names the permission."""
    answer = ask([Permission("ec2:DescribeSubnets", "*")], timeout=8)

    assert answer["Status"] == "FAILED"
    assert "eks:DescribeCluster is not allowed" in answer["Reason"]
