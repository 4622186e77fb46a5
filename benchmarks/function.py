"""The function: what its asset weighs, how long a cold start takes until its answer is there, and how much memory."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from benchmarks.aws_auth import node_entries
from benchmarks.measurement import Figure, paired
from local_aws import LocalAws
from windows_nodegroup.function_asset import function_files
from windows_nodegroup.handler import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local_aws.functions.function import Function

_CLUSTER = "my-cluster"

#: What anybody's function would do at the least, with the client that Lambda has: ask EKS, and two requests to the API.
_BARE = b"""
import base64, ssl
import boto3, urllib3

def handler(event, context):
    cluster = boto3.client("eks").describe_cluster(name=event["cluster"])["cluster"]
    authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    http = urllib3.PoolManager(ssl_context=ssl.create_default_context(cadata=authority))
    for _ in range(2):
        http.request("GET", cluster["endpoint"] + "/version").data
"""


def asset() -> Iterator[Figure]:
    """The bytes of the zipped asset; AWS's limit is far away, a cold start is near."""
    yield Figure(name="function/asset-bytes", value=len(_zip(function_files())), unit="bytes")


def cold_start() -> Iterator[Figure]:
    """A fresh process of the real runtime client, from its start to the answer of a Create.

    The floor is a bare function in the same run: boto3's eks client, DescribeCluster, and two HTTPS requests.
    """
    with _both() as (create, bare, _):
        yield paired("function/cold-start", create, bare, rounds=15)


def peak_memory() -> Iterator[Figure]:
    """The most memory that a Create takes, with a map of 5,000 entries; the floor is the bare function.

    Lambda gives a function its share of a processor by its memory, so its size is not chosen by this figure alone.
    """
    with _both(entries=5000) as (create, bare, peaks):
        create()
        bare()
        value, floor = peaks()
        if value and floor:
            yield Figure(name="function/peak-memory", value=value, unit="bytes", floor=floor, ratio=value / floor)


@contextmanager
def _both(entries: int = 0) -> Iterator[tuple[Callable[[], None], Callable[[], None], Callable[[], list[int | None]]]]:
    """What runs our function in a fresh process, what runs the bare one, and what tells how much memory they took."""
    map_roles = node_entries(entries) or "[]\n"
    with LocalAws() as aws, _answers() as (url, answers):
        cluster = aws.create_cluster(_CLUSTER, aws_auth=map_roles)
        ours = _function(aws, "ours", contract.HANDLER, function_files())
        bare = _function(aws, "bare", "bare.handler", {"bare.py": _BARE})

        def create() -> None:
            answers.clear()
            cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": map_roles})
            _invoke(ours, _event(aws, url))
            if [answer["Status"] for answer in answers] != ["SUCCESS"]:
                raise RuntimeError(f"the function answered {answers}")

        yield create, lambda: _invoke(bare, {"cluster": _CLUSTER}), lambda: [ours.peak_memory, bare.peak_memory]


def _function(aws: LocalAws, name: str, handler: str, files: Mapping[str, bytes]) -> Function:
    role = aws.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )["Role"]["Arn"]
    aws.client("iam").put_role_policy(
        RoleName=name,
        PolicyName="eks",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "eks:Describe*", "Resource": "*"}],
            }
        ),
    )
    eks = aws.client("eks")
    eks.create_access_entry(clusterName=_CLUSTER, principalArn=role)
    eks.associate_access_policy(
        clusterName=_CLUSTER,
        principalArn=role,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        accessScope={"type": "namespace", "namespaces": ["kube-system"]},
    )
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler=handler,
        Timeout=60,
        Environment={"Variables": {contract.URL_SUFFIX: "amazonaws.com"}},
        Code={"ZipFile": _zip(files)},
    )
    return aws.functions.functions[name]


def _invoke(function: Function, event: dict[str, Any]) -> None:
    """Run the function once in a new process."""
    function.retire()
    outcome = function.invoke(json.dumps(event).encode())
    if outcome.failed:
        raise RuntimeError(outcome.payload.decode())


def _event(aws: LocalAws, url: str) -> dict[str, Any]:
    return {
        "RequestType": "Create",
        "RequestId": str(uuid.uuid4()),
        "ResponseURL": url,
        "StackId": f"arn:aws:cloudformation:{aws.region}:{aws.account}:stack/benchmark/{uuid.uuid4()}",
        "ResourceType": contract.AwsAuthEntry.TYPE,
        "LogicalResourceId": "AwsAuthEntry",
        "ResourceProperties": {
            "ServiceToken": "ours",
            contract.AwsAuthEntry.CLUSTER_NAME: _CLUSTER,
            contract.AwsAuthEntry.ROLE_ARN: f"arn:aws:iam::{aws.account}:role/windows-nodes",
        },
    }


@contextmanager
def _answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where CloudFormation takes answers: its URL, and what came in."""
    answers: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/answer", answers
    finally:
        server.shutdown()
        server.server_close()


def _zip(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()
