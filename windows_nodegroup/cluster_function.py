"""The function behind the custom resources: one per stack and cluster, however many node groups there are.

Its role holds all its permissions inline, so they outlive whatever needs the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from aws_cdk import Aws, CfnResource, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from .acknowledgments import acknowledge, skip_checkov, wildcards
from .fingerprint import fingerprint
from .function_access import kubectl_role_is_given, kubectl_role_policies, way_in
from .function_asset import function_archive
from .handler import contract
from .handler.preflight_contract import ClusterFacts, ClusterPreflight
from .network import subnet_ids, ways_out
from .order import Step, make_after, make_after_all, make_after_endpoints
from .remembered import pseudo_parameter, stack_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_cdk import Stack

    from .cluster import EksCluster
    from .handler.preflight_contract import Permission
    from .windows_support import WindowsIpam

# The function needs a fifth of it (`function/peak-memory` in the benchmarks). But processors are shared out by memory,
# 1,769 MiB for a whole one, and an edit of 5,000 entries takes some 4 s of a whole one: here 15 s.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_MEMORY_MIB = 512
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_NETWORK_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
# Enough to look back at last quarter's deployments. Why one failed stands in CloudFormation's events as well.
_LOG_RETENTION_DAYS = 90

_OF_LOG = {"CKV_AWS_158": "the log holds no secrets, and logs are encrypted without a key of one's own as well"}
_OF_FUNCTION = {
    "CKV_AWS_115": "only CloudFormation invokes the function; a limit would let deployments fail each other",
    "CKV_AWS_116": "CloudFormation waits for the answer to every event and reports when there is none",
    "CKV_AWS_117": "the function runs in subnets where the cluster's description says so",
    "CKV_AWS_173": "the environment holds a DNS suffix and no secret",
}

# The functions of each stack, by cluster. The tree knows them too, but asking it is a round trip to Node.
_FUNCTIONS: WeakKeyDictionary[Stack, dict[str, ClusterFunction]] = WeakKeyDictionary()


class ClusterFunction(Construct):
    """The function of one cluster in one stack; `of` finds or makes it.

    Attributes:
        cluster: The cluster that it serves.
        arn: Its ARN: the service token of the custom resources.
        kubectl_role_is_given: Whether it assumes a role for the Kubernetes API, where a parameter says so.
    """

    def __init__(self, scope: Construct, of_cluster: str, *, cluster: EksCluster) -> None:
        """Makes the function of `cluster`, whose fingerprint this is."""
        super().__init__(scope, f"WindowsNodeGroups{of_cluster}")
        self.cluster = cluster
        self._of_cluster = of_cluster
        log_group = logs.CfnLogGroup(self, "LogGroup", retention_in_days=_LOG_RETENTION_DAYS)
        log_group.apply_removal_policy(RemovalPolicy.DESTROY)
        self._actions: dict[str, list[str]] = {}
        self.kubectl_role_is_given = kubectl_role_is_given(self, cluster)
        self._policies = kubectl_role_policies(cluster, self.kubectl_role_is_given)
        self._role = self._make_role()
        self._allow({log_group.attr_arn: ["logs:CreateLogStream", "logs:PutLogEvents"]})
        if cluster.function_subnets:
            self._allow({"*": _NETWORK_INTERFACES})
        function = self._function(self._role, log_group)
        self.arn = function.attr_arn
        acknowledge(self, {"L1": "Python 3.13 is the newest runtime of Lambda in all partitions"})
        if self.kubectl_role_is_given:
            acknowledge(
                self, {"IAM5": "the policy that a condition decides on, which cdk-nag cannot read, names one role"}
            )
        skip_checkov(log_group, _OF_LOG)
        skip_checkov(function, _OF_FUNCTION)
        self._facts: Step | None = None
        self._windows_ipam: WindowsIpam | None = None
        self._support: Step | None = None
        self._inside: Step | None = None
        self._node_role_arns: list[str] = []
        self._way_in: list[Step] | None = None
        self._entries: list[Step] = []

    @classmethod
    def find(cls, scope: Construct, cluster: EksCluster) -> ClusterFunction | None:
        """The function of `cluster` in the stack of `scope`, if there is one already."""
        stack = stack_of(scope)
        return _FUNCTIONS.get(stack, {}).get(fingerprint(stack, cluster.cluster_name))

    @classmethod
    def of(cls, scope: Construct, cluster: EksCluster) -> ClusterFunction:
        """The function of `cluster` in the stack of `scope`; whoever asks first has it made."""
        stack = stack_of(scope)
        functions, of_cluster = _FUNCTIONS.setdefault(stack, {}), fingerprint(stack, cluster.cluster_name)
        if of_cluster not in functions:
            functions[of_cluster] = cls(stack, of_cluster, cluster=cluster)
        return functions[of_cluster]

    def serves(self, cluster: EksCluster) -> bool:
        """Whether the function has the way into the cluster that this description of it asks for."""
        ways = [
            (
                each.authentication_mode,
                each.kubectl_role_arn,
                each.kubernetes_group,
                subnet_ids(each.function_subnets),
                list(each.function_security_group_ids),
            )
            for each in (self.cluster, cluster)
        ]
        return ways[0] == ways[1]

    def enter(self) -> list[Step]:
        """Lets the function into the cluster, if it is not yet; what it may not be used before."""
        if self._way_in is None:
            self._way_in = way_in(self, self.cluster, self._role.attr_arn)
            self._entries = [step for step in self._way_in if step.resource.node.scope is self]
        return self._way_in

    def grant(self, permissions: Iterable[Permission]) -> None:
        """Allows the function what one of its custom resources needs."""
        place = {
            "partition": pseudo_parameter("PARTITION"),
            "region": pseudo_parameter("REGION"),
            "account": pseudo_parameter("ACCOUNT_ID"),
            "cluster": self.cluster.cluster_name,
            "stack": pseudo_parameter("STACK_NAME"),
        }
        wanted: dict[str, list[str]] = {}
        for permission in permissions:
            wanted.setdefault(permission.resource.format(**place), []).append(permission.action)
        self._allow(wanted)

    def custom_resource(
        self, scope: Construct, construct_id: str, kind: str, properties: Mapping[str, Any], *, enters: bool = True
    ) -> Step:
        """Makes a custom resource of the cluster, which the function looks after.

        Args:
            scope: Where it is made.
            construct_id: Its id there, without what tells the cluster.
            kind: Its type.
            properties: Its properties beside the cluster's name.
            enters: Whether the function talks to the Kubernetes API for it, and has to be let in before.
        """
        # CloudFormation refuses to hand a resource over to another function, and another cluster has another.
        resource = CfnResource(
            scope,
            construct_id if scope is self else f"{construct_id}{self._of_cluster}",
            type=kind,
            properties={
                "ServiceToken": self.arn,
                "ServiceTimeout": contract.SERVICE_TIMEOUT_SECONDS,
                "ClusterName": self.cluster.cluster_name,
                **(self._identity if enters else {}),
                **properties,
            },
        )
        for step in self.enter() if enters else []:
            make_after(resource, step)
        return Step(resource, kind=kind)

    @property
    def _identity(self) -> dict[str, str | None]:
        """As whom it talks to the Kubernetes API."""
        cluster = self.cluster
        group = None if cluster.kubectl_role_arn else cluster.kubernetes_group
        return {"KubectlRoleArn": cluster.kubectl_role_arn, "KubernetesGroup": group}

    def asks_for_other_ipam(self, ipam: WindowsIpam) -> bool:
        """Whether another node group has asked for other settings of the cluster."""
        return self._windows_ipam not in (None, ipam)

    def ask_for_facts(self, checks: Step) -> Step:
        """Has EKS asked, once for all node groups, what nodes have to know of the cluster and nobody else does.

        Args:
            checks: What tells a cluster that cannot be asked about better.
        """
        if self._facts is None:
            self._facts = self.custom_resource(self, "ClusterFacts", ClusterFacts.TYPE, {}, enters=False)
            make_after(self._facts.resource, checks)
        return self._facts

    def support_windows(self, ipam: WindowsIpam) -> Step:
        """Has Windows support enabled, once for all node groups; nodes must not be launched before.

        Args:
            ipam: How pods get their addresses.
        """
        if self._support is None:
            self._windows_ipam = ipam
            self.grant(contract.WindowsIpam.PERMISSIONS)
            self.grant(contract.WindowsIpam.UPDATE_PERMISSIONS if ipam.update_add_on else ())
            self._support = self.custom_resource(self, "WindowsIpam", contract.WindowsIpam.TYPE, ipam.properties())
            if self._inside:
                make_after(self._inside.resource, self._support)
        return self._support

    def look_inside(self, node_role_arn: str | None) -> Step:
        """Has the cluster looked at from inside, once for all node groups, before nodes are launched; it only warns.

        Args:
            node_role_arn: The nodes' role where it exists already.
        """
        if self._inside is None:
            self._inside = self.custom_resource(self, "ClusterPreflight", ClusterPreflight.TYPE, {})
            make_after(self._inside.resource, self._support)
        if node_role_arn and node_role_arn not in self._node_role_arns:
            self._node_role_arns.append(node_role_arn)
            self._inside.resource.add_property_override(ClusterPreflight.NODE_ROLE_ARNS, self._node_role_arns)
        return self._inside

    def begin_after(self, checks: Step) -> None:
        """Has everything that the function does in the cluster wait for a preflight; the function itself makes that."""
        first = [*self._entries, *filter(None, [self._support or self._inside])]
        if self._entries and self._entries[0].condition is None:
            first = self._entries  # all else waits for it
        for each in first:
            make_after(each.resource, checks)

    def _allow(self, actions: Mapping[str, Iterable[str]]) -> None:
        """Adds to what the role may do; the key is the resource."""
        before = sum(map(len, self._actions.values()))
        for resource, wanted in actions.items():
            known = self._actions.setdefault(resource, [])
            known += [action for action in wanted if action not in known]
        if sum(map(len, self._actions.values())) == before:
            return
        why = "the actions know no resources, or only the deployment knows the end of the ARN"
        acknowledge(self, wildcards(self, actions, why))
        statements = [_allow(sorted(known), resource) for resource, known in self._actions.items() if known]
        own = iam.CfnRole.PolicyProperty(policy_name="Function", policy_document=_document(*statements))
        self._role.policies = [own, *self._policies]

    def _make_role(self) -> iam.CfnRole:
        return iam.CfnRole(
            self,
            "Role",
            description="Authorizes Windows nodes",
            assume_role_policy_document=_document(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
        )

    def _function(self, role: iam.CfnRole, log_group: logs.CfnLogGroup) -> lambda_.CfnFunction:
        bucket, key = function_archive(self)
        function = lambda_.CfnFunction(
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
        if self.cluster.function_subnets:
            function.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=subnet_ids(self.cluster.function_subnets),
                security_group_ids=self.cluster.attached_function_group_ids,
            )
            # The way out has to last until the last answer is given.
            make_after_all(function, ways_out(self.cluster.function_subnets))
            if self.cluster.vpc is not None:
                make_after_endpoints(function, self.cluster.vpc)
        return function


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}
