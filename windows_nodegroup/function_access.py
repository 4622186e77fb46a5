"""The function's way into the cluster: it assumes a role that is let in already, or an access entry lets it in itself.

The function writes no access entries, so it can grant itself nothing. What is known at synthesis is decided here. Where
the mode or the role is a CloudFormation parameter, a condition decides; and where neither way is open, a rule ends the
deployment before it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aws_cdk import (
    Aws,
    CfnCondition,
    CfnParameter,
    CfnResource,
    CfnRule,
    CfnRuleAssertion,
    Fn,
    Reference,
    Stack,
    Tokenization,
)
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam

from .cluster import AuthenticationMode
from .literals import is_literal
from .order import Step, only_if

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct, IConstruct

    from .cluster import EksCluster
    from .literals import Number


def is_parameter(scope: Construct, value: str | Number | None) -> bool:
    """Whether `value` is a CloudFormation parameter of the stack of `scope`: what conditions and rules can read."""
    if not value or is_literal(value):
        return False
    tokens = (
        Tokenization.reverse_string(value).tokens if isinstance(value, str) else [Tokenization.reverse_number(value)]
    )
    return (
        len(tokens) == 1
        and isinstance(tokens[0], Reference)
        and isinstance(tokens[0].target, CfnParameter)
        and Stack.of(tokens[0].target) is Stack.of(scope)
    )


def kubectl_role_is_given(scope: Construct, cluster: EksCluster) -> CfnCondition | None:
    """Whether there is a kubectl role, where a CloudFormation parameter says so; None where it is known."""
    arn = cluster.kubectl_role_arn
    if not is_parameter(scope, arn):
        return None
    return CfnCondition(scope, "AssumesKubectlRole", expression=Fn.condition_not(Fn.condition_equals(arn, "")))


def kubectl_role_policies(cluster: EksCluster, given: CfnCondition | None) -> list[Any]:
    """What lets the function assume the kubectl role: inline policies for its role, none if there is no such role.

    Args:
        cluster: The cluster.
        given: Whether there is such a role, where a parameter says so.
    """
    arn = cluster.kubectl_role_arn
    if not arn:
        return []
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn}],
    }
    if given:
        policy = {"PolicyName": "AssumeKubectlRole", "PolicyDocument": document}
        return [Fn.condition_if(given.logical_id, policy, Aws.NO_VALUE)]
    return [iam.CfnRole.PolicyProperty(policy_name="AssumeKubectlRole", policy_document=document)]


def way_in(scope: Construct, cluster: EksCluster, role_arn: str) -> list[Step]:
    """Lets the function into the cluster, by what the cluster reads, and gives it its permissions there.

    Args:
        scope: The function.
        cluster: The cluster to enter.
        role_arn: The function's role.

    Returns:
        What the function may not be used before, nor outlive.
    """
    require_way_in(scope, cluster)
    entry = access_entry(scope, cluster, role_arn)
    steps = [entry] if entry else []
    if cluster.construct is None or cluster.kubectl_role_arn:
        return steps
    from .cluster_in_app import apply_rbac, has_kubectl  # noqa: PLC0415 — loads cdk8s, which few need

    if not cluster.kubernetes_group or not has_kubectl(cluster.construct):
        return steps
    steps.append(apply_rbac(cluster.construct, cluster.kubernetes_group))
    if cluster.authentication_mode == AuthenticationMode.CONFIG_MAP and cdk_writes_aws_auth(scope, cluster):
        role = iam.Role.from_role_arn(scope, "RoleInAwsAuth", role_arn, mutable=False)
        steps.append(map_role(cluster, role, [cluster.kubernetes_group]))
    return steps


def map_role(cluster: EksCluster, role: iam.IRole, groups: Sequence[str], username: str | None = None) -> Step:
    """Has a role entered into the `aws-auth` that CDK writes for a cluster; the role has to be in the same stack."""
    aws_auth = cast("eks.Cluster", cluster.construct).aws_auth
    aws_auth.add_role_mapping(role, groups=list(groups), username=username)
    return Step(next(each for each in aws_auth.node.find_all() if isinstance(each, CfnResource)))


def cdk_writes_aws_auth(scope: IConstruct, cluster: EksCluster) -> bool:
    """Whether the cluster is one whose `aws-auth` CDK writes, whole, and into which `scope` can have roles entered.

    Its map is a resource of the cluster's stack, so a role of another stack, which depends on that, cannot be in it.
    """
    return isinstance(cluster.construct, eks.Cluster) and Stack.of(cluster.construct) is Stack.of(scope)


def access_entry(scope: Construct, cluster: EksCluster, role_arn: str) -> Step | None:
    """Lets the function's role into the cluster, unless it assumes another.

    The entry carries `AmazonEKSEditPolicy` for `kube-system`, the narrowest of EKS's policies that may edit a ConfigMap
    there; or nothing but a Kubernetes group, for whoever binds that to less.

    Args:
        scope: Where the entry is made.
        cluster: The cluster to enter.
        role_arn: The function's role.
    """
    mode, kubectl_role = cluster.authentication_mode, cluster.kubectl_role_arn
    open_questions = []
    if is_parameter(scope, mode):
        open_questions.append(Fn.condition_not(Fn.condition_equals(mode, AuthenticationMode.CONFIG_MAP.value)))
    elif mode == AuthenticationMode.CONFIG_MAP:
        return None
    if is_parameter(scope, kubectl_role):
        open_questions.append(Fn.condition_equals(kubectl_role, ""))
    elif kubectl_role:
        return None
    entry = eks.CfnAccessEntry(
        scope,
        "AccessEntry",
        cluster_name=cluster.cluster_name,
        principal_arn=role_arn,
        kubernetes_groups=[cluster.kubernetes_group] if cluster.kubernetes_group else None,
        access_policies=None if cluster.kubernetes_group else [_edit_kube_system()],
    )
    if not open_questions:
        return Step(entry)
    expression = Fn.condition_and(*open_questions) if len(open_questions) > 1 else open_questions[0]
    return only_if(CfnCondition(scope, "NeedsAccessEntry", expression=expression), Step(entry))


def require_way_in(scope: Construct, cluster: EksCluster) -> None:
    """Has CloudFormation refuse parameters with which the function would stand before a closed door."""
    mode, kubectl_role = cluster.authentication_mode, cluster.kubectl_role_arn
    only_config_map = Fn.condition_equals(mode, AuthenticationMode.CONFIG_MAP.value)
    if is_parameter(scope, kubectl_role) and (is_parameter(scope, mode) or mode == AuthenticationMode.CONFIG_MAP):
        condition, assertion = only_config_map, Fn.condition_not(Fn.condition_equals(kubectl_role, ""))
    elif is_parameter(scope, mode) and not kubectl_role:
        condition, assertion = None, Fn.condition_not(only_config_map)
    else:
        return
    text = (
        "in mode CONFIG_MAP nothing lets the function that edits aws-auth into the cluster: give a kubectl role, "
        "the creator of the cluster for example, or change the cluster's mode to API_AND_CONFIG_MAP"
    )
    CfnRule(
        scope,
        "FunctionHasAWayIn",
        rule_condition=condition,
        assertions=[CfnRuleAssertion(assert_=assertion, assert_description=text)],
    )


def _edit_kube_system() -> eks.CfnAccessEntry.AccessPolicyProperty:
    return eks.CfnAccessEntry.AccessPolicyProperty(
        policy_arn=f"arn:{Aws.PARTITION}:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        access_scope=eks.CfnAccessEntry.AccessScopeProperty(type="namespace", namespaces=["kube-system"]),
    )
