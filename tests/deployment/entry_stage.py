"""Stacks that hold entries of aws-auth, the function that makes the entries, and what the two said to each other."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from windows_nodegroup.function_asset import function_files
from windows_nodegroup.handler import contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster
    from local_aws.cloudformation.custom_resources import Answer, Invocation

#: Others' entries, with what must survive: comments, indents, quotes, no newline at the end.
AWS_AUTH = """\
# ask the platform team before you edit this
- rolearn: arn:aws:iam::123456789012:role/linux-nodes   # eksctl made this one
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes

-   "rolearn": "arn:aws:iam::123456789012:role/OnCall"
    "username": "on-call"
    "groups": ["system:masters"]   # no newline follows"""

_SECONDS = 90.0

Resources = dict[str, dict[str, Any]]


class Exchange(NamedTuple):
    """A request of CloudFormation for a role, and the answer."""

    request: str
    role: str
    status: str


class Stage:
    """A local AWS with the product's function in it; for each test a cluster and stacks of its own."""

    def __init__(self, aws: LocalAws) -> None:
        """Nothing is there yet but the account."""
        self.aws = aws
        aws.cloudformation.join_seconds = 0  # several stacks are changed at once
        self._names = Counter[str]()

    def function(self, timeout: int = contract.FUNCTION_TIMEOUT_SECONDS) -> Function:
        """Make the function, with the permissions that the construct gives it."""
        return Function(self.aws, self._name("function"), timeout)

    def cluster(
        self, *functions: Function, aws_auth: str | None = AWS_AUTH, mode: str = "API_AND_CONFIG_MAP"
    ) -> LocalCluster:
        """Make a cluster with a map, which lets these functions in."""
        cluster = self.aws.create_cluster(self._name("cluster"), aws_auth=aws_auth, authentication_mode=mode, vpc=False)
        for function in functions:
            function.let_into(cluster)
        return cluster

    def stack(self) -> Stack:
        """Name a stack that is yet to be created."""
        return Stack(self.aws, self._name("stack"))

    def answers(self) -> list[list[Answer]]:
        """All that was answered: a list for each request, of what was taken."""
        stacks = self.aws.cloudformation.stacks
        return [_taken(invocation) for stack in stacks for invocation in stack.invocations]

    def _name(self, kind: str) -> str:
        self._names[kind] += 1
        return f"{kind}-{self._names[kind]}"


class Function:
    """The product's function, from the files of its asset, in the local Lambda."""

    def __init__(self, aws: LocalAws, name: str, timeout: int) -> None:
        """Make it; `timeout` in seconds."""
        self._aws = aws
        self.name = name
        self.role_arn = new_role(aws, name, Service="lambda.amazonaws.com")
        eks = ("eks:DescribeAccessEntry", "eks:DescribeCluster")
        actions = ["cloudformation:DescribeStacks", *eks, "sts:AssumeRole"]
        statements = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws.client("iam").put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
        made = aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler=contract.HANDLER,
            Role=self.role_arn,
            Timeout=timeout,
            Environment={"Variables": {contract.URL_SUFFIX: "amazonaws.com"}},
            Code={"ZipFile": _zipped(function_files())},
        )
        self.arn: str = made["FunctionArn"]

    def let_into(self, cluster: LocalCluster) -> None:
        """Give the function's role the access entry that the construct gives it."""
        eks, who = self._aws.client("eks"), {"clusterName": cluster.name, "principalArn": self.role_arn}
        eks.create_access_entry(**who)
        eks.associate_access_policy(
            **who,
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
            accessScope={"type": "namespace", "namespaces": ["kube-system"]},
        )

    def entry(self, cluster: LocalCluster, role_arn: object, **properties: object) -> dict[str, Any]:
        """Return an entry for a template."""
        return {
            "Type": contract.AwsAuthEntry.TYPE,
            "Properties": {
                "ServiceToken": self.arn,
                "ServiceTimeout": contract.SERVICE_TIMEOUT_SECONDS,
                contract.AwsAuthEntry.CLUSTER_NAME: cluster.name,
                contract.AwsAuthEntry.ROLE_ARN: role_arn,
                contract.AwsAuthEntry.KUBECTL_ROLE_ARN: "",
                **properties,
            },
        }

    def log(self) -> list[dict[str, Any]]:
        """Return what it logged, line by line."""
        lines = self._aws.function_logs(self.name).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def kill(self) -> None:
        """Kill its process in the middle of what it does."""
        self._aws.functions.functions[self.name].retire(also_busy=True)

    def stop(self) -> None:
        """Stop its processes: they stand still."""
        for worker in self._aws.functions.functions[self.name]._busy:
            os.kill(worker._process.pid, signal.SIGSTOP)


class Stack:
    """A stack of the local CloudFormation, by its name."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        """Nothing is created yet."""
        self.name = name
        self._cloudformation = aws.cloudformation
        self._api = aws.client("cloudformation")

    def create(self, *, on_failure: str = "ROLLBACK", **resources: object) -> str:
        """Create it with these resources; return its status in the end."""
        self.begin_to_create(on_failure=on_failure, **resources)
        return self.settled()

    def begin_to_create(self, *, on_failure: str = "ROLLBACK", **resources: object) -> None:
        """Begin to create it with these resources."""
        self._api.create_stack(**self._template(resources), OnFailure=on_failure)

    def update(self, **resources: object) -> str:
        """Change it to these resources; return its status in the end."""
        self._api.update_stack(**self._template(resources))
        return self.settled()

    def delete(self) -> str:
        """Delete it; return its status in the end."""
        self.begin_to_delete()
        return self.settled()

    def begin_to_delete(self) -> None:
        """Begin to delete it."""
        self._api.delete_stack(StackName=self.name)

    def settled(self) -> str:
        """Wait for the end of what happens to it; return its status."""
        self._cloudformation.wait(self.name, seconds=_SECONDS)
        return self.status

    @property
    def status(self) -> str:
        """Its status now."""
        return self._cloudformation.stacks[self.name].status

    @property
    def invocations(self) -> list[Invocation]:
        """Every request to the function so far."""
        return self._cloudformation.stacks[self.name].invocations

    def exchanges(self) -> list[Exchange]:
        """Return the requests to the function, in the order of asking, with their answers: exactly one each."""
        eventually(lambda: all(map(_taken, self.invocations)))
        return [_exchange(invocation) for invocation in self.invocations]

    def _template(self, resources: dict[str, object]) -> dict[str, Any]:
        body = json.dumps({"Resources": resources})
        return {"StackName": self.name, "TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]}

    def reasons(self) -> str:
        """Return why resources failed, a line each."""
        events = self._cloudformation.stacks[self.name].events
        return "\n".join(event.reason for event in events if event.status.endswith("_FAILED") and event.reason)


def new_role(aws: LocalAws, name: str, **principal: str) -> str:
    """Make a role; return its ARN.

    Args:
        aws: Where.
        name: What it is called.
        principal: Who may assume it: `Service="lambda.amazonaws.com"`, `AWS=<ARN>`.
    """
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust(**principal)))
    arn: str = role["Role"]["Arn"]
    return arn


def trust(**principal: str) -> dict[str, Any]:
    """Return the policy that lets somebody assume a role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def _exchange(invocation: Invocation) -> Exchange:
    (answer,) = _taken(invocation)
    role_arn = invocation.request["ResourceProperties"][contract.AwsAuthEntry.ROLE_ARN]
    return Exchange(invocation.request_type, role_arn.rpartition("/")[2], json.loads(answer.body)["Status"])


def _taken(invocation: Invocation) -> list[Answer]:
    return [answer for answer in invocation.answers if answer.http_status == 200]


def _zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for path, content in files.items():
            opened.writestr(path, content)
    return archive.getvalue()
