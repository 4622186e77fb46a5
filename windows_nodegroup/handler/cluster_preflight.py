"""`Custom::PreflightCluster`: asks the Kubernetes API, once the function may, what AWS does not know. It only warns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import aws_auth, eks
from .aws import AwsError, Session
from .checks.check import NotCheckedError
from .checks.in_cluster import ClusterFacts, RoleEntry
from .checks.runner import check_cluster
from .cloudformation import text_property
from .cluster_access import ClusterAccess
from .config_map import ConfigMap
from .deadline import Patience
from .entry_edit import MAP_ROLES, recorded_role
from .failures import Failure, KubernetesAccessDenied, UnreadableRecord
from .kubernetes import ApiError
from .owners import ANNOTATION, Owners
from .preflight import list_property, log_outcome
from .preflight_contract import ClusterPreflight
from .rival_writers import rival_writers
from .transport import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .cloudformation import Request
    from .deadline import Deadline
    from .kubernetes import KubernetesApi

#: How long all questions together may take, in seconds: a warning is not worth more.
SECONDS = 30.0

#: How long the cluster may not know the function, in seconds: an access entry takes some to come into force.
SETTLE_SECONDS = 20.0
RETRY_SECONDS = 2.0

_CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
_PAGE = 50
_BETWEEN_ARNS = r"[\s,]+(?=arn:)"  # a role's name may contain a comma
_UNKNOWN_CALLER, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the checks: the cluster."""
    return f"cluster-preflight/{text_property(properties, ClusterPreflight.CLUSTER_NAME)}"


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Check, and return the warnings. Whatever cannot be asked is one of them."""
    properties = request.properties
    kubernetes = Kubernetes(
        Session.of_function(deadline.sooner(SECONDS)),
        text_property(properties, ClusterPreflight.CLUSTER_NAME),
        kubectl_role_arn=text_property(properties, ClusterPreflight.KUBECTL_ROLE_ARN, required=False),
        settle_seconds=SETTLE_SECONDS,
    )
    facts = kubernetes.facts(list_property(properties, ClusterPreflight.NODE_ROLE_ARNS, separator=_BETWEEN_ARNS))
    return {ClusterPreflight.WARNINGS: check_cluster(facts, report=log_outcome).warnings()}


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Check again; as nothing here fails, a rollback needs no exception."""
    return create(request, deadline)


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Do nothing: nothing was made."""
    del request, deadline
    return {}


class Kubernetes:
    """A cluster's Kubernetes API as the checks see it: whatever is in the way is a reason, not an error."""

    def __init__(
        self, session: Session, cluster_name: str, *, kubectl_role_arn: str = "", settle_seconds: float = 0.0
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            session: Who asks, and until when.
            cluster_name: The cluster's exact name.
            kubectl_role_arn: The role to assume for the Kubernetes API; empty: the session's own.
            settle_seconds: How long the cluster may not know the caller.
        """
        self._session = session
        self._cluster_name = cluster_name
        self._kubectl_role_arn = kubectl_role_arn
        self._settling = Patience(settle_seconds)
        self._closed = ""
        self._api = cache(self._open)
        self._config_map = cache(self._read)

    def facts(self, node_role_arns: tuple[str, ...]) -> ClusterFacts:
        """Return the subject of the checks; nothing is asked before a check needs it.

        Args:
            node_role_arns: The nodes' roles, as far as they exist already.
        """
        return ClusterFacts(
            name=self._cluster_name,
            node_role_arns=node_role_arns,
            linux_nodes=self._linux_nodes,
            role_entry=self._role_entry,
            map_owners=self._map_owners,
            windows_ipam=self._windows_ipam,
        )

    def _linux_nodes(self) -> Iterator[dict[str, Any]]:
        # Page by page: usually the first has what is looked for, and a cluster can have thousands of nodes.
        query = {"labelSelector": "kubernetes.io/os=linux", "limit": str(_PAGE)}
        while page := self._get(f"/api/v1/nodes?{urlencode(query)}", "list nodes"):
            yield from page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return
            query["continue"] = following

    def _role_entry(self, role_arn: str) -> RoleEntry | None:
        current = self._config_map("aws-auth")
        if current is None:
            return None
        try:
            reading = aws_auth.read(current.data.get(MAP_ROLES))
            record = Owners(current.annotations.get(ANNOTATION)).added(recorded_role(role_arn))
        except (aws_auth.MalformedMap, UnreadableRecord) as error:
            raise NotCheckedError(f"aws-auth cannot be read: {error}") from None
        except ValueError:
            raise NotCheckedError(f"{role_arn} is not a role's ARN") from None
        for entry in reading.entries:
            if entry.effective and aws_auth.same_role(entry.role_arn, role_arn):
                ours = record.groups if record and not record.entry else entry.groups if record else ()
                return RoleEntry(groups=entry.groups, added=ours)
        return None

    def _map_owners(self) -> tuple[str, ...]:
        current = self._config_map("aws-auth")
        return rival_writers(current, MAP_ROLES) if current else ()

    def _windows_ipam(self) -> str | None:
        current = self._config_map("amazon-vpc-cni")
        return current.data.get("enable-windows-ipam") if current else None

    def _read(self, name: str) -> ConfigMap | None:
        manifest = self._get(f"{_CONFIG_MAPS}/{name}", f"get configmaps/{name}")
        return ConfigMap(manifest) if manifest else None

    def _get(self, path: str, what: str) -> Mapping[str, Any] | None:
        try:
            return self._request(path)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            if error.status == _FORBIDDEN:
                raise NotCheckedError(f"{what} is not allowed") from None
            raise NotCheckedError(f"{what} was answered with {error.status}") from None

    def _request(self, path: str) -> Mapping[str, Any]:
        """Ask; what is in the way of one question is in the way of all, so nobody waits for it twice."""
        if self._closed:
            raise NotCheckedError(self._closed)
        try:
            return self._settled(path)
        except TransportError as error:
            self._closed = f"the Kubernetes API is out of reach: {error}"
        except (Failure, AwsError) as error:
            self._closed = str(error)
        raise NotCheckedError(self._closed)

    def _settled(self, path: str) -> Mapping[str, Any]:
        while True:
            try:
                return self._api().request("GET", path)
            except ApiError as error:
                if error.status != _UNKNOWN_CALLER:
                    raise
                if self._settling.is_over():
                    raise KubernetesAccessDenied("the cluster does not know the caller") from None
            self._api().forget_token()
            self._session.deadline.pause(RETRY_SECONDS)

    def _open(self) -> KubernetesApi:
        cluster = eks.describe_cluster(self._session, self._cluster_name)
        return ClusterAccess.through(self._session, cluster, self._kubectl_role_arn).api()
