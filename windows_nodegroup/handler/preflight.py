"""`Custom::PreflightAws`: asks AWS, before anything else of a stack exists, whether Windows nodes can join the cluster.

Every failure is reported at once. Nothing is changed, so there is nothing to delete.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3

from . import log
from .checks.aws import CONFIG, Aws
from .checks.check import NotCheckedError, Status
from .checks.cluster import MODES_WITH_ACCESS_ENTRIES, authentication_mode
from .checks.declared import Declared
from .checks.runner import check_aws, look_up
from .cloudformation import text_property
from .deadline import Patience
from .failures import AwsCallFailed, Failure
from .preflight_contract import AwsPreflight
from .rollback import forgive, is_rollback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.client import BaseClient

    from .checks.check import Outcome
    from .checks.facts import Facts
    from .checks.report import Report
    from .cloudformation import Request
    from .deadline import Deadline

#: How often a cluster that is not ACTIVE yet is looked at, in seconds.
POLL_SECONDS = 10.0

#: For how long it is endured that the cluster cannot be described, in seconds: without it nothing can go on.
DESCRIBE_SECONDS = 30.0
RETRY_SECONDS = 3.0

#: For how long a refusal is not believed, in seconds: the function's policy may be younger than that.
SETTLE_SECONDS = 10.0

_SIZES = 3  # the smallest, the desired, the largest

#: What is kept back for the checks themselves, in seconds: a missing route or permission costs a few.
CHECK_SECONDS = 40.0

#: What a cluster that moves on towards mode API, and its new access entries, make of checks that once passed.
_MOVED_ON = ("PF105", "PF503")
#: Where nothing of this is new, the nodes' access entry is the one from before.
_ENTRY = (AwsPreflight.CLUSTER_NAME, AwsPreflight.NODE_ACCESS, AwsPreflight.NODE_ROLE_ARN)
#: Where nothing of this is new, the nodes have been let in by it before.
_WAY_IN = (*_ENTRY, AwsPreflight.AUTHENTICATION_MODE)


class PreflightFailed(Failure):
    """Some checks failed; `str()` is the whole report, with codes, cures and pages."""

    code = "PF100"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html"

    def reason(self) -> str:
        """Return the report as it is."""
        return str(self)


class ClusterChanged(Failure):
    """The stack is to leave a cluster in which the function could not clean up any more."""

    code = "WNG917"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html"


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the preflight: the cluster."""
    return f"preflight/{text_property(properties, AwsPreflight.CLUSTER_NAME)}"


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Check, and return the warnings.

    Raises:
        PreflightFailed: A check failed.
        AwsCallFailed: The cluster cannot be described.
    """
    report = _check(request, deadline)
    if report.failed:
        raise PreflightFailed(report.reason())
    return _warnings(report)


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Check again, but never stand in the way of a rollback: a failure then would strand the stack half-way.

    Raises:
        PreflightFailed: A check failed, and the stack is known not to be rolled back.
        AwsCallFailed: The cluster cannot be described, likewise.
        ClusterChanged: It is another one than before, likewise.
    """
    status = _stack_status(request)
    if is_rollback(status):
        log.warning("the stack is being rolled back: nothing is checked", stack_status=status)
        return {AwsPreflight.WARNINGS: "none"}
    try:
        _check_that_nothing_is_left_behind(request)
        report = _check(request, deadline)
    except (AwsCallFailed, ClusterChanged) as failure:
        return {AwsPreflight.WARNINGS: forgive(failure, status)}
    if not report.failed:
        return _warnings(report)
    if status:
        raise PreflightFailed(report.reason())
    log.warning("nobody knows whether this is a rollback, so it does not fail", reason=report.reason())
    return _warnings(report)


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Do nothing: nothing was made."""
    del request, deadline
    return {}


def declared(properties: Mapping[str, Any]) -> Declared:
    """Read the properties of the resource: scalars are strings, lists are lists or one string with commas.

    Raises:
        InvalidProperties: The cluster's name is missing.
    """
    names = AwsPreflight

    def text(name: str) -> str:
        value = properties.get(name)
        return value.strip() if isinstance(value, str) else ""

    def items(name: str) -> tuple[str, ...]:
        return list_property(properties, name)

    return Declared(
        cluster_name=text_property(properties, names.CLUSTER_NAME),
        authentication_mode=text(names.AUTHENTICATION_MODE),
        node_access=text(names.NODE_ACCESS),
        kubernetes_version=text(names.KUBERNETES_VERSION),
        windows_version=text(names.WINDOWS_VERSION),
        image_id=text(names.IMAGE_ID),
        volume_size=text(names.VOLUME_SIZE),
        vpc_id=text(names.VPC_ID),
        subnet_ids=items(names.SUBNET_IDS),
        security_group_ids=items(names.SECURITY_GROUP_IDS),
        control_plane_security_group_ids=items(names.CONTROL_PLANE_SECURITY_GROUP_IDS),
        instance_types=items(names.INSTANCE_TYPES),
        sizes=_sizes(properties),
        node_role_arn=text(names.NODE_ROLE_ARN),
        function_in_vpc=text(names.FUNCTION_IN_VPC).lower(),
        function_subnet_ids=items(names.FUNCTION_SUBNET_IDS),
        function_security_group_ids=items(names.FUNCTION_SECURITY_GROUP_IDS),
        kubectl_role_arn=text(names.KUBECTL_ROLE_ARN),
        windows_ipam=text(names.WINDOWS_IPAM),
        waits_for_signals=text(names.WAITS_FOR_SIGNALS).lower(),
        acknowledged=items(names.ACKNOWLEDGED),
    )


def _sizes(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the three sizes, two of which may be equal."""
    value = properties.get(AwsPreflight.SIZES)
    are_sizes = isinstance(value, list) and len(value) == _SIZES and all(str(size).isdecimal() for size in value)
    return tuple(map(str, value or ())) if are_sizes else ()


def list_property(properties: Mapping[str, Any], name: str, *, separator: str = r"[\s,]+") -> tuple[str, ...]:
    """Read a property that may be a list or one string; what is there twice counts once."""
    value = properties.get(name)
    parts = value if isinstance(value, list) else [value]
    found = (item for part in parts if isinstance(part, str) for item in re.split(separator, part.strip()))
    return tuple(dict.fromkeys(item for item in found if item))


def log_outcome(outcome: Outcome) -> None:
    """Log how a check ended, at the level that it deserves."""
    facts: dict[str, log.Fact] = {"check": outcome.check.code, "status": outcome.status.value}
    facts |= {"problems": outcome.problems} if outcome.problems else {}
    facts |= {"reason": outcome.reason} if outcome.reason else {}
    say = log.info if outcome.status in {Status.PASSED, Status.NOT_NEEDED} else log.warning
    say("checked", **facts)


def _check(request: Request, deadline: Deadline) -> Report:
    wanted = declared(request.properties)

    def pause() -> bool:
        if deadline.remaining() < POLL_SECONDS + CHECK_SECONDS:
            return False
        deadline.doing = f"waiting for cluster {wanted.cluster_name} to become ACTIVE"
        deadline.pause(POLL_SECONDS)
        return True

    settle_seconds = min(SETTLE_SECONDS, deadline.remaining() / 4) if request.request_type == "Create" else 0.0
    facts = _look_up(wanted, deadline, pause, settle_seconds=settle_seconds)
    if _keeps(request, _WAY_IN) and authentication_mode(facts) in MODES_WITH_ACCESS_ENTRIES:
        # As the entry in aws-auth does: a cluster that has moved on must not keep its stack from being updated.
        facts = replace(facts, declared=replace(wanted, acknowledged=(*wanted.acknowledged, *_MOVED_ON)))
    deadline.doing = "checking"
    facts = replace(facts, declared=replace(facts.declared, stack=_stack(request, facts.declared, settle_seconds)))
    return check_aws(facts, report=log_outcome)


def _check_that_nothing_is_left_behind(request: Request) -> None:
    """Refuse to leave a cluster with an entry in its aws-auth, unless it is gone, or goes with the same deployment.

    The policy names the new cluster already when the old entry is to be deleted. That cannot be tried: the change of
    the policy takes a while to come into force.
    """
    new, old = request.properties, request.old_properties
    name, former = new.get(AwsPreflight.CLUSTER_NAME), old.get(AwsPreflight.CLUSTER_NAME)
    is_replaced = new.get(AwsPreflight.CLUSTER_OF_APP) == "true"
    if former == name or is_replaced or old.get(AwsPreflight.NODE_ACCESS) != "aws-auth":
        return
    try:
        if former not in _aws().ask("eks:ListClusters")["clusters"]:
            return
    except NotCheckedError as error:
        log.warning("not known whether the cluster before is gone", cluster=str(former), reason=str(error))
    raise ClusterChanged(
        f"the stack's cluster cannot be changed from {former} to {name}, because the nodes' role would stay in the "
        f"aws-auth of {former}, out of the function's reach: launch a new stack for {name} and delete this one"
    )


def _keeps(request: Request, names: tuple[str, ...]) -> bool:
    new, old = request.properties, request.old_properties
    return request.request_type == "Update" and all(new.get(name) == old.get(name) for name in names)


def _look_up(
    wanted: Declared,
    deadline: Deadline,
    pause: Callable[[], bool],
    *,
    settle_seconds: float,
) -> Facts:
    patience, aws = Patience(DESCRIBE_SECONDS), _aws(settle_seconds)
    while True:
        try:
            return look_up(wanted, aws, os.environ["AWS_REGION"], pause=pause)
        except NotCheckedError as error:
            if patience.is_over() or deadline.remaining() <= RETRY_SECONDS:
                raise AwsCallFailed(
                    f"cluster {wanted.cluster_name} cannot be described ({error}): allow eks:DescribeCluster to the "
                    "function's role, and give its subnets a way to EKS, a NAT gateway or an interface endpoint"
                ) from None
        deadline.pause(RETRY_SECONDS)


def _warnings(report: Report) -> Mapping[str, str]:
    return {AwsPreflight.WARNINGS: report.warnings(with_failures=True)}


def _stack(request: Request, wanted: Declared, settle_seconds: float) -> str:
    if _keeps(request, _ENTRY):
        return "updated"
    if wanted.node_access != "access-entry" or not wanted.node_role_arn:
        return ""  # nobody needs to know
    if request.request_type == "Update":
        return "new"  # CloudFormation makes the new entry before it deletes the former
    return "new" if _stack_status(request, settle_seconds) == "CREATE_IN_PROGRESS" else ""


def _stack_status(request: Request, settle_seconds: float = 0.0) -> str:
    """Return the stack's status; empty if it may not be asked for or CloudFormation is out of reach."""
    try:
        stacks = _aws(settle_seconds).ask("cloudformation:DescribeStacks", StackName=request.stack_id)["Stacks"]
    except NotCheckedError as error:
        log.warning("the stack's status is unknown", reason=str(error))
        return ""
    return str(stacks[0].get("StackStatus") or "")


def _aws(settle_seconds: float = 0.0) -> Aws:
    session = boto3.session.Session()

    def client(service: str) -> BaseClient:
        made: BaseClient = session.client(service, config=CONFIG)  # type: ignore[call-overload]  # any service's name
        return made

    return Aws(client, settle_seconds=settle_seconds)
