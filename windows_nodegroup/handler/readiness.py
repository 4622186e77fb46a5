"""`Custom::NodesReady`: waits until the instances of an Auto Scaling group are Ready nodes of the cluster.

The long part of a boot is over before: the group's creation and its rolling updates wait for the signals that nodes
send after their bootstrap. From there to Ready it takes a minute or two, so the time of one invocation is enough. Nodes
that nobody waited for (no signals, or a group that was only made larger) take all of their boot: they need a function
that may run for as long.

What is seen to be wrong fails. What cannot be seen, because a permission or a route is missing, is a warning: then
success rests on the signals.
"""

from __future__ import annotations

from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import eks, log
from .auto_scaling import describe_group
from .aws import AwsError, Session
from .cloudformation import text_property
from .cluster_access import ClusterAccess
from .contract import NodesReady
from .deadline import Deadline, Patience
from .failures import AwsCallFailed, ClusterUnreachable, Failure, InvalidProperties, OutOfTime
from .kubernetes import ApiError
from .missing_nodes import Inquiry, read_node
from .rollback import forgive, is_rollback, stack_status
from .transport import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .auto_scaling import Group
    from .cloudformation import Request
    from .kubernetes import KubernetesApi
    from .missing_nodes import Node

#: How often nodes are looked at, in seconds.
POLL_SECONDS = 10.0

#: What is kept back for finding out why nodes are missing, in seconds, but never more than a quarter of the time.
SEARCH_SECONDS = 20.0

#: How long the Kubernetes API may refuse or stay silent at first, in seconds: an access entry takes some to come into
#: force.
SETTLE_SECONDS = 15.0

_PAGE = 100


class GroupNotFound(Failure):
    """There is no such Auto Scaling group."""

    code = "WNG932"
    documentation = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html"


class NodesNotReady(Failure):
    """Fewer nodes than desired became Ready in time."""

    code = "WNG931"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html"


class _NotSeenError(Exception):
    """Nobody knows whether nodes are Ready; `str()` says why."""


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the wait: cluster and group."""
    names = (NodesReady.CLUSTER_NAME, NodesReady.AUTO_SCALING_GROUP_NAME)
    return "/".join(("nodes-ready", *(text_property(properties, name) for name in names)))


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Wait; return the warnings.

    Raises:
        NodesNotReady: Nodes are missing; the likely cause is named.
        GroupNotFound: The group does not exist.
    """
    try:
        _wait(request.properties, deadline)
    except _NotSeenError as error:
        warning = f"not checked whether the nodes are Ready: {error}: success rests on the nodes' signals [WNG933]"
        log.warning(warning)
        return {NodesReady.WARNINGS: warning}
    return {NodesReady.WARNINGS: "none"}


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Wait again, but not during a rollback: what nodes there are, it has to end.

    Raises:
        NodesNotReady: Nodes are missing, and the stack is not being rolled back.
        GroupNotFound: The group does not exist, likewise.
    """
    status = stack_status(request, deadline)
    if is_rollback(status):
        log.warning("the stack is being rolled back: nobody waits", stack_status=status)
        return {NodesReady.WARNINGS: "none"}
    try:
        return create(request, deadline)
    except Failure as failure:
        return {NodesReady.WARNINGS: forgive(failure, status)}


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Do nothing: nothing was made."""
    del request, deadline
    return {}


def _wait(properties: Mapping[str, Any], deadline: Deadline) -> None:
    wanted = text_property(properties, NodesReady.TIMEOUT_SECONDS, required=False)
    if wanted and not (wanted.isascii() and wanted.isdigit()):
        raise InvalidProperties(f"{NodesReady.TIMEOUT_SECONDS} is {wanted[:50]!r}: give a whole number of seconds")
    remaining = deadline.remaining()
    seconds = min(float(wanted or inf), remaining - min(SEARCH_SECONDS, remaining / 4))
    watch = _Watch(properties, Session.of_function(Deadline(seconds)))
    try:
        watch.until_ready()
    except OutOfTime:
        if watch.group is None or watch.nodes is None:
            raise _NotSeenError(watch.trouble) from None
        session = Session.of_function(deadline)
        role_arn = text_property(properties, NodesReady.NODE_ROLE_ARN, required=False)
        inquiry = Inquiry(session, cache(lambda: watch.access(session)), watch.group_name, role_arn)
        ready = f"{watch.ready} of {watch.goal} nodes of {watch.group_name} are Ready after {seconds:.0f} seconds"
        raise NodesNotReady(f"{ready}: {inquiry.explain(watch.group, watch.nodes)}") from None


class _Watch:
    """Looks at the group and at the nodes until they match, and remembers what it saw last."""

    def __init__(self, properties: Mapping[str, Any], session: Session) -> None:
        self.group_name = text_property(properties, NodesReady.AUTO_SCALING_GROUP_NAME)
        self.group: Group | None = None
        self.nodes: Mapping[str, Node] | None = None
        self.trouble = "AWS does not answer"
        self.goal = self.ready = 0
        self._cluster_name = text_property(properties, NodesReady.CLUSTER_NAME)
        self._kubectl_role_arn = text_property(properties, NodesReady.KUBECTL_ROLE_ARN, required=False)
        self._session = session
        self._settling = Patience(SETTLE_SECONDS)
        self._api: KubernetesApi | None = None

    def until_ready(self) -> None:
        """Return when as many nodes are Ready as the group desires, or desired when the wait began.

        Raises:
            GroupNotFound: The group does not exist.
            OutOfTime: The deadline came first.
            _NotSeenError: Nothing can be seen.
        """
        while not self._is_reached():
            self._session.deadline.pause(POLL_SECONDS)

    def access(self, session: Session) -> ClusterAccess:
        """Return the session's way into the cluster."""
        return ClusterAccess.through(session, eks.describe_cluster(session, self._cluster_name), self._kubectl_role_arn)

    def _is_reached(self) -> bool:
        group = self._described()
        self.goal = group.desired if self.group is None else min(self.goal, group.desired)
        self.group = group
        if self.goal == 0:
            return True
        self._look()
        nodes = self.nodes or {}
        ready = {each: weight for each, weight in group.instances.items() if each in nodes and nodes[each].ready}
        self.ready = sum(ready.values())
        missing = tuple(each for each in group.instances if each not in ready)
        log.info("waiting for nodes", ready=self.ready, desired=self.goal, missing=missing)
        return self.ready >= self.goal

    def _described(self) -> Group:
        try:
            group = describe_group(self._session, self.group_name)
        except (AwsError, AwsCallFailed) as error:
            raise _NotSeenError(f"autoscaling:DescribeAutoScalingGroups failed ({error})") from None
        if group is None:
            raise GroupNotFound(f"Auto Scaling group {self.group_name} does not exist in {self._session.region}")
        return group

    def _look(self) -> None:
        try:
            self._api = self._api or self.access(self._session).api()
            self.nodes = dict(map(read_node, self._windows_nodes(self._api)))
        except (ApiError, TransportError, ClusterUnreachable, AwsCallFailed) as error:
            self.trouble = str(error)
            if isinstance(error, ApiError) and error.is_access:
                self.trouble = f"the function may not list nodes ({error}): bind it to get and list on nodes"
            if self.nodes is None and self._settling.is_over():
                raise _NotSeenError(self.trouble) from None
            log.warning("trying again", outcome=str(error))
            if self._api:
                self._api.forget_token()

    @staticmethod
    def _windows_nodes(api: KubernetesApi) -> Iterator[Mapping[str, Any]]:
        query = {"labelSelector": "kubernetes.io/os=windows", "limit": str(_PAGE)}
        while True:
            page = api.request("GET", f"/api/v1/nodes?{urlencode(query)}")
            yield from page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return
            query["continue"] = following
