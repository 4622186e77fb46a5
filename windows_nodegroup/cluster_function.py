"""The function behind the custom resources: one per stack and cluster, however many node groups there are.

Its role holds all its permissions inline, so they outlive whatever needs the function.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from aws_cdk import Aws, Reference, RemovalPolicy, Stack, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from .function_access import access_entry, kubectl_role_policies, require_way_in
from .function_asset import function_archive
from .handler import contract
from .literals import is_literal

if TYPE_CHECKING:
    from .cluster import EksCluster

# boto3 and a TLS connection take about half of it; Lambda's share of a processor grows with it.
_MEMORY_MIB = 256
# Enough to look back at last quarter's deployments. Why one failed stands in CloudFormation's events as well.
_LOG_RETENTION_DAYS = 90


# The functions of each stack by their construct ids. The tree knows them too, but asking it is a round trip to Node.
_FUNCTIONS: WeakKeyDictionary[Stack, dict[str, ClusterFunction]] = WeakKeyDictionary()


class ClusterFunction(Construct):
    """The function of one cluster in one stack; `of` finds or makes it.

    Attributes:
        cluster: The cluster that it serves.
        arn: Its ARN: the service token of the custom resources.
        access_entry: What lets it into the cluster; None where it assumes a role that is let in already.
    """

    def __init__(self, scope: Construct, construct_id: str, *, cluster: EksCluster) -> None:
        """Makes the function of `cluster`."""
        super().__init__(scope, construct_id)
        self.cluster = cluster
        log_group = logs.CfnLogGroup(self, "LogGroup", retention_in_days=_LOG_RETENTION_DAYS)
        log_group.apply_removal_policy(RemovalPolicy.DESTROY)
        role = self._role(log_group)
        self.arn = self._function(role, log_group).attr_arn
        self.access_entry = access_entry(self, cluster, role.attr_arn)
        require_way_in(self, cluster)

    @classmethod
    def find(cls, scope: Construct, cluster: EksCluster) -> ClusterFunction | None:
        """The function of `cluster` in the stack of `scope`, if there is one already."""
        stack = Stack.of(scope)
        return _FUNCTIONS.get(stack, {}).get(_construct_id(stack, cluster))

    @classmethod
    def of(cls, scope: Construct, cluster: EksCluster) -> ClusterFunction:
        """The function of `cluster` in the stack of `scope`; whoever asks first has it made."""
        stack = Stack.of(scope)
        functions, construct_id = _FUNCTIONS.setdefault(stack, {}), _construct_id(stack, cluster)
        if construct_id not in functions:
            functions[construct_id] = cls(stack, construct_id, cluster=cluster)
        return functions[construct_id]

    def serves(self, cluster: EksCluster) -> bool:
        """Whether the function has the way into the cluster that this description of it asks for."""
        ways = [
            (each.authentication_mode, each.kubectl_role_arn, each.kubernetes_group) for each in (self.cluster, cluster)
        ]
        return ways[0] == ways[1]

    def _role(self, log_group: logs.CfnLogGroup) -> iam.CfnRole:
        cluster = self.cluster.cluster_name
        eks = f"arn:{Aws.PARTITION}:eks:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        permissions = [
            _allow("eks:DescribeCluster", f"{eks}:cluster/{cluster}"),
            _allow("eks:DescribeAccessEntry", f"{eks}:access-entry/{cluster}/*"),
            _allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.attr_arn),
        ]
        return iam.CfnRole(
            self,
            "Role",
            description="Authorizes Windows nodes",
            assume_role_policy_document=_document(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="DescribeAndLog", policy_document=_document(*permissions)),
                *kubectl_role_policies(self, self.cluster),
            ],
        )

    def _function(self, role: iam.CfnRole, log_group: logs.CfnLogGroup) -> lambda_.CfnFunction:
        bucket, key = function_archive(self)
        return lambda_.CfnFunction(
            self,
            "Function",
            description="Authorizes Windows nodes in aws-auth",
            code=lambda_.CfnFunction.CodeProperty(s3_bucket=bucket, s3_key=key),
            handler=contract.HANDLER,
            runtime="python3.13",
            architectures=["x86_64"],  # not every partition has arm64
            memory_size=_MEMORY_MIB,
            timeout=contract.FUNCTION_TIMEOUT_SECONDS,
            role=role.attr_arn,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables={contract.URL_SUFFIX: Aws.URL_SUFFIX}),
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=log_group.ref),
        )


def _construct_id(stack: Stack, cluster: EksCluster) -> str:
    name = cluster.cluster_name
    identity = name if is_literal(name) else _token_identity(stack, name)
    return f"WindowsNodeGroups{sha256(identity.encode()).hexdigest()[:8]}"


def _token_identity(stack: Stack, name: str) -> str:
    # A construct id may not contain a token, and the names of clusters in two other stacks may resolve to one text.
    foreign = [
        token.target.node.path
        for token in Tokenization.reverse_string(name).tokens
        if isinstance(token, Reference) and Stack.of(token.target) is not stack
    ]
    return json.dumps([stack.resolve(name), foreign], sort_keys=True)


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}
