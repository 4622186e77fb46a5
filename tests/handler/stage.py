"""What the function meets when it runs: EKS, STS and CloudFormation on loopback, and a Kubernetes API over TLS.

The function runs in the process of the test, or in one of its own where the start, or the interpreter, is what matters.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from local_aws.kubernetes_api import User
from windows_nodegroup.handler import index

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from local_aws.kubernetes_api import KubernetesApi

ACCOUNT = "111122223333"
REGION = "us-west-2"
CLUSTER = "my-cluster"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/windows-nodes"
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/other-windows-nodes"
FUNCTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/function"
KUBECTL_ROLE = f"arn:aws:iam::{ACCOUNT}:role/kubectl"
RECORD = "windows-nodegroup/owners"

#: Stands wherever a map says something of somebody else: it must never be seen outside of the map.
FOREIGN = "marker-of-somebody-else"

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "the-secret-key-of-the-function",
    "AWS_SESSION_TOKEN": "the-session-token-of-the-function",
}
KUBECTL_SECRET, KUBECTL_TOKEN = "the-secret-key-of-kubectl", "the-session-token-of-kubectl"
SIGNATURE = "the-signature-of-the-response-url"

MAP = f"""\
# kept by {FOREIGN}
- rolearn: arn:aws:iam::{ACCOUNT}:role/{FOREIGN}
  username: system:node:{{{{EC2PrivateDNSName}}}}   # {FOREIGN}
  groups:
  - system:bootstrappers
  - system:nodes
"""


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context, as far as the function looks at it."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        """Count down."""
        return int((self.seconds - (time.monotonic() - self.started)) * 1000)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One PUT of an answer, as it came in."""

    token: str
    headers: dict[str, str]
    body: bytes
    time: float = field(default_factory=time.monotonic)

    @property
    def answer(self) -> dict[str, Any]:
        """The answer itself."""
        members: dict[str, Any] = json.loads(self.body)
        return members


class AwsDouble:
    """EKS, STS and the place where CloudFormation takes answers, in one small server.

    Attributes:
        cluster: What DescribeCluster answers; None: there is no such cluster.
        access_entries: Types by principal; None: the function may not ask.
        stack_status: The status of every stack; None: the function may not ask.
        deliveries: The answers, in the order in which they came.
        faults: Asked before anything is answered; told method and path, returns the status to answer with, `denied`
            for AWS's own refusal, `reset` to break the connection, `reset after` to do so after the work, `hang` to say
            nothing, or None.
        calls: Method and path of every request.
    """

    def __init__(self) -> None:
        """Make it; a `with` statement opens it."""
        self.cluster: dict[str, Any] | None = None
        self.access_entries: dict[str, str] | None = {}
        self.stack_status: str | None = None
        self.deliveries: list[Delivery] = []
        self.faults: Callable[[str, str], int | str | None] = lambda _method, _path: None
        self.calls: list[tuple[str, str]] = []
        self.assumable = {KUBECTL_ROLE}
        self.closing = threading.Event()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one segment per answer: otherwise Nagle and delayed acknowledgements cost 40 ms each

            def do_GET(self) -> None:
                self._serve()

            do_PUT = do_POST = do_GET  # noqa: N815 — the names are the library's

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — likewise
                """Say nothing."""

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, _, query = self.path.partition("?")
                double.calls.append((self.command, path))
                fault = double.faults(self.command, path)
                if isinstance(fault, int):
                    self._send(fault, b"{}", {})
                    return
                if fault == "denied":
                    self._send(*_error(403, "AccessDeniedException", "the policy does not allow it"))
                    return
                if fault == "hang":
                    double.closing.wait()
                answer = (
                    None
                    if fault in {"hang", "reset"}
                    else double._answer(self.command, path, query, dict(self.headers), body)
                )
                if fault is None and answer:
                    self._send(*answer)
                else:
                    self.close_connection = True

            def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        """Open."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match method, parts:
            case "PUT", ["answers", token]:
                assert f"X-Amz-Signature={SIGNATURE}" in query
                self.deliveries.append(Delivery(token, headers, body))
                return 200, b"", {}
            case "GET", ["clusters", name] if self.cluster is not None and name == self.cluster["name"]:
                return 200, json.dumps({"cluster": self.cluster}).encode(), {}
            case "GET", ["clusters", _, "access-entries", principal]:
                return self._access_entry(principal)
            case "POST", [""]:
                return self._query({name: values[0] for name, values in parse_qs(body.decode()).items()}, headers)
        return _error(404, "ResourceNotFoundException", "No cluster found for name")

    def _access_entry(self, principal: str) -> tuple[int, bytes, dict[str, str]]:
        if self.access_entries is None:
            return _error(403, "AccessDeniedException", "not authorized to perform: eks:DescribeAccessEntry")
        if principal not in self.access_entries:
            return _error(404, "ResourceNotFoundException", "The specified principalArn could not be found")
        entry = {"principalArn": principal, "type": self.access_entries[principal]}
        return 200, json.dumps({"accessEntry": entry}).encode(), {}

    def _query(self, parameters: dict[str, str], headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if parameters["Action"] == "DescribeStacks" and self.stack_status:
            content = f"<Stacks><member><StackStatus>{self.stack_status}</StackStatus></member></Stacks>"
        elif parameters["Action"] == "GetCallerIdentity":
            name = "kubectl" if "kubectl-key" in headers["Authorization"] else "function"
            arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session"
            content = f"<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>"
        elif parameters.get("RoleArn") in self.assumable:
            content = (
                f"<Credentials><AccessKeyId>kubectl-key</AccessKeyId><SecretAccessKey>{KUBECTL_SECRET}</SecretAccessKey>"
                f"<SessionToken>{KUBECTL_TOKEN}</SessionToken></Credentials>"
            )
        else:
            message = f"not authorized to perform: {parameters['Action']}"
            content = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
            return 403, f'<ErrorResponse xmlns="urn:sts">{content}</ErrorResponse>'.encode(), {}
        return 200, f'<Response xmlns="urn:sts">{content}</Response>'.encode(), {}


def _error(status: int, code: str, message: str) -> tuple[int, bytes, dict[str, str]]:
    return status, json.dumps({"message": message}).encode(), {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com"}


class Stage:
    """One cluster, and everything else that the function meets.

    Attributes:
        aws: EKS, STS and CloudFormation.
        kubernetes: The cluster's API.
        users: Who is let in, by access key; None for a key: unknown (401).
        tokens: Every bearer token that was shown.
    """

    def __init__(self, aws: AwsDouble, kubernetes: KubernetesApi) -> None:
        """Put an ACTIVE cluster on the stage, with a map that holds somebody else's entry."""
        self.aws = aws
        self.kubernetes = kubernetes
        self.users: dict[str, User | None] = {
            "function-key": User("function", frozenset({"system:masters"})),
            "kubectl-key": User("kubectl", frozenset({"system:masters"})),
        }
        self.tokens: list[str] = []
        aws.cluster = {
            "name": CLUSTER,
            "status": "ACTIVE",
            "endpoint": kubernetes.url,
            "certificateAuthority": {"data": base64.b64encode(kubernetes.certificate_authority_pem).decode()},
            "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
            "resourcesVpcConfig": {"endpointPublicAccess": True},
        }
        self.put_map(MAP)

    def authenticate(self, token: str) -> User | None:
        """Tell who a token belongs to, from what it says itself."""
        self.tokens.append(token)
        encoded = token.removeprefix("k8s-aws-v1.")
        url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert url.hostname == f"sts.{REGION}.amazonaws.com"
        assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
        return self.users.get(query["X-Amz-Credential"].partition("/")[0])

    def put_map(self, map_roles: str | None, **metadata: Any) -> None:
        """Let somebody else write the map, over whatever is there."""
        data = {"mapUsers": f"- userarn: arn:aws:iam::{ACCOUNT}:user/{FOREIGN}\n"}
        if map_roles is not None:
            data["mapRoles"] = map_roles
        self.kubernetes.put_config_map("kube-system", "aws-auth", data, **metadata)

    def append(self, text: str) -> None:
        """Let somebody else add to the map's text."""
        self.rewrite(self.map_roles + text)

    def rewrite(self, text: str) -> None:
        """Let somebody else write the map's text, and leave the record."""
        self.put_map(text, annotations=self.map["metadata"].get("annotations", {}))

    @property
    def map(self) -> dict[str, Any]:
        """The ConfigMap as it is now."""
        manifest = self.kubernetes.config_map("kube-system", "aws-auth")
        assert manifest is not None
        return manifest

    @property
    def map_roles(self) -> str:
        """The map's text as it is now."""
        text: str = self.map["data"]["mapRoles"]
        return text

    @property
    def record(self) -> dict[str, Any]:
        """The record of owners as it is now."""
        record: dict[str, Any] = json.loads(self.map["metadata"].get("annotations", {}).get(RECORD, "{}"))
        return record

    def writes(self) -> list[str]:
        """Return the methods of all requests that would change the map."""
        return [request.method for request in self.kubernetes.requests if request.method != "GET"]

    def event(self, request_type: str, role: str = ROLE, **details: Any) -> dict[str, Any]:
        """Return a request of CloudFormation.

        Args:
            request_type: `Create`, `Update` or `Delete`.
            role: The ARN in the properties.
            details: `logical_id`, `stack` (its name), `physical_id`, `old_role` (the ARN before an Update), `issued`
                (seconds since 1970; stands in the URL, as on AWS); everything else is a property.
        """
        logical_id, stack = details.pop("logical_id", "NodeAccess"), details.pop("stack", "ng")
        physical_id, issued = details.pop("physical_id", None), details.pop("issued", None)
        old_role = details.pop("old_role", role)
        request_id = str(uuid.uuid4())
        query = f"X-Amz-Signature={SIGNATURE}"
        if issued is not None:
            date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(issued))
            query = f"X-Amz-Date={date}&X-Amz-Expires=7200&{query}"
        common = {"ServiceToken": "arn:function", "ServiceTimeout": "600", "ClusterName": CLUSTER, **details}
        event: dict[str, Any] = {
            "RequestType": request_type,
            "RequestId": request_id,
            "ResponseURL": f"{self.aws.url}/answers/{request_id}?{query}",
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/4c5ab2d0",
            "LogicalResourceId": logical_id,
            "ResourceType": "Custom::AwsAuthEntry",
            "ResourceProperties": {**common, "RoleArn": role},
        }
        if request_type != "Create":
            event["PhysicalResourceId"] = (
                f"aws-auth/{CLUSTER}/{old_role.partition('/')[0]}/{old_role.rpartition('/')[2]}"
            )
        if request_type == "Update":
            event["OldResourceProperties"] = {**common, "RoleArn": old_role}
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        return event

    def deliver(self, event: object, *, seconds: float = 30) -> None:
        """Run the function on an event."""
        index.handler(event, Context(seconds))

    def send(self, event: dict[str, Any], *, seconds: float = 30) -> dict[str, Any]:
        """Run the function on an event; return the one answer that it gave."""
        before = len(self.aws.deliveries)
        self.deliver(event, seconds=seconds)
        answers = [d.answer for d in self.aws.deliveries[before:] if d.answer["RequestId"] == event["RequestId"]]
        assert len(answers) == 1
        return answers[0]

    def ask(self, request_type: str, role: str = ROLE, *, seconds: float = 30, **event: Any) -> dict[str, Any]:
        """Send a request of CloudFormation and return the answer."""
        return self.send(self.event(request_type, role, **event), seconds=seconds)

    def succeed(self, request_type: str, role: str = ROLE, **event: Any) -> dict[str, Any]:
        """Send a request that must succeed; return the answer."""
        answer = self.ask(request_type, role, **event)
        assert answer["Status"] == "SUCCESS", answer.get("Reason")
        return answer

    def fail(self, request_type: str, role: str = ROLE, **event: Any) -> str:
        """Send a request that must fail; return the reason."""
        answer = self.ask(request_type, role, **event)
        assert answer["Status"] == "FAILED"
        reason: str = answer["Reason"]
        return reason


def inserted(before: str, after: str) -> str:
    """Return what stands in `after` and not in `before`; nothing else may differ."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    end = len(before) - start
    assert len(after) >= len(before)
    assert after[len(after) - end :] == before[start:] if end else after.startswith(before)
    return after[start : len(after) - end]
