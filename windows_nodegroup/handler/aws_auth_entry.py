"""`Custom::AwsAuthEntry`: a role's entry in the ConfigMap `kube-system/aws-auth`, which others write, too.

What is done depends on the properties and on what the annotation beside the map records. A physical id tells only
what the Create has answered: it succeeded, or failed, perhaps with nothing written. Until then, CloudFormation makes
one up for a Delete.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from . import aws_auth, config_map, eks, log
from .aws import AwsError, Session
from .cloudformation import text_property
from .cluster_access import ClusterAccess
from .contract import AwsAuthEntry
from .entry_edit import EntryEdit, recorded_role
from .failures import (
    AwsAccessDenied,
    AwsAuthIgnored,
    AwsCallFailed,
    ClusterNotFound,
    ClusterUnreachable,
    EndpointUnresolvable,
    Failure,
    InvalidProperties,
    KubernetesAccessDenied,
    ShadowedByAccessEntry,
    Superseded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cloudformation import Request
    from .deadline import Deadline
    from .eks import Cluster

NAMESPACE = "kube-system"
NAME = "aws-auth"

#: What an Update keeps back of its time for finding out that it is a rollback, and for taking back, in seconds.
ROLLBACK_SECONDS = 30.0

_CLUSTER_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")


class _Properties(NamedTuple):
    cluster_name: str
    role_arn: str
    kubectl_role_arn: str
    kubernetes_group: str
    cluster_of_app: str

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> _Properties:
        """Read what we know; what is missing was not there in an older template, what is unknown is a newer one's."""
        cluster_name = text_property(properties, AwsAuthEntry.CLUSTER_NAME)
        if not _CLUSTER_NAME.fullmatch(cluster_name):
            rule = "1 to 100 letters, digits, hyphens and underscores"
            raise InvalidProperties(
                f"{AwsAuthEntry.CLUSTER_NAME} {cluster_name[:100]!r} is not a cluster's name: {rule}"
            )
        role_arn = text_property(properties, AwsAuthEntry.ROLE_ARN)
        try:
            recorded_role(role_arn)
        except ValueError:
            form = "arn:aws:iam::<account>:role/<name>"
            raise InvalidProperties(f"{AwsAuthEntry.ROLE_ARN} {role_arn[:200]!r} is not a role's ARN: {form}") from None
        kubectl_role_arn = text_property(properties, AwsAuthEntry.KUBECTL_ROLE_ARN, required=False)
        kubernetes_group = text_property(properties, AwsAuthEntry.KUBERNETES_GROUP, required=False)
        cluster_of_app = text_property(properties, AwsAuthEntry.CLUSTER_OF_APP, required=False)
        return cls(cluster_name, role_arn, kubectl_role_arn, kubernetes_group, cluster_of_app)

    def access(self, session: Session, cluster: Cluster) -> ClusterAccess:
        return ClusterAccess.through(session, cluster, self.kubectl_role_arn, kubernetes_group=self.kubernetes_group)

    def physical_id(self) -> str:
        return f"{NAME}/{self.cluster_name}/{recorded_role(self.role_arn)}"

    def is_current(self, request: Request) -> bool:
        """Whether the resource is this role's already: a Create or Update of it has answered."""
        return request.physical_id == self.physical_id()

    def failed_update(self, request: Request) -> _Properties | None:
        """Return what the failed Update asked for that this one rolls back; of one that succeeded, the id is new."""
        try:
            former = _Properties.read(request.old_properties)
        except InvalidProperties:
            return None
        return former if self.is_current(request) and former.physical_id() != self.physical_id() else None


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the entry: the same for every way to write the role's ARN.

    Raises:
        InvalidProperties: The properties do not tell.
    """
    return _Properties.read(properties).physical_id()


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Authorise the role's nodes; return the resource's attributes.

    Raises:
        Failure: It cannot be done; nothing was written.
    """
    properties = _Properties.read(request.properties)
    return _attributes(properties.role_arn, _authorise(properties, request, deadline))


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Authorise the role's nodes; of another role than before, CloudFormation deletes the old entry afterwards.

    When the id is what it was, nothing new is asked for: then the cluster may have moved on from aws-auth in between.
    A rollback asks for what is there already, and must not be stranded by what made the Update fail. CloudFormation
    knows nothing of what the Update may have written, or may still write: that is taken back here.

    Raises:
        Failure: It cannot be done; nothing was written.
    """
    properties = _Properties.read(request.properties)
    failed = properties.failed_update(request)
    try:
        warnings = _authorise(properties, request, deadline.leaving(ROLLBACK_SECONDS))
    except Failure as failure:
        if failed is None and not _is_rolled_back(request, deadline):
            raise
        warnings = [failure.reason()]
    if failed:
        try:
            warnings += _release(failed, request, deadline)
        except Failure as failure:
            warnings.append(failure.reason())
    return _attributes(properties.role_arn, warnings)


def _is_rolled_back(request: Request, deadline: Deadline) -> bool:
    from .rollback import is_rollback, stack_status  # noqa: PLC0415 — seldom needed, and the function is to start quickly

    return is_rollback(stack_status(request, deadline))


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Take back what was done for the role, unless others need it. Where there is no map, nothing is left to do.

    Raises:
        Failure: The map is out of reach although the cluster is there, so the entry may be left.
    """
    try:
        properties = _Properties.read(request.properties)
    except InvalidProperties as failure:
        log.warning("nothing can have been made", reason=str(failure))
        return {}
    return _attributes(properties.role_arn, _release(properties, request, deadline))


def _release(properties: _Properties, request: Request, deadline: Deadline) -> list[str]:
    """Take back what was done for the role, and return warnings."""
    session = Session.of_function(deadline)
    try:
        cluster = _cluster_with_map(session, properties)
    except AwsAccessDenied as failure:
        if properties.cluster_of_app != "true":
            raise
        return [f"taken for a cluster that is being replaced, and goes with its map: {failure.reason()}"]
    if cluster is None:
        return []
    edit = EntryEdit(properties.role_arn, request, is_settled=properties.is_current(request))
    try:
        access = properties.access(session, cluster)
        config_map.edit(access.api(), NAMESPACE, NAME, edit.release, access)
    except Failure as failure:
        if edit.is_word_only:
            return [failure.reason()]
        if not isinstance(failure, ClusterUnreachable | KubernetesAccessDenied):
            raise
        if _cluster_with_map(session, properties) is None:
            return []
        if isinstance(failure, EndpointUnresolvable):
            # EKS's own name has just been resolved: it is this name that is gone.
            log.warning("the cluster's endpoint is gone", reason=str(failure))
            return []
        raise
    return edit.warnings


def _authorise(properties: _Properties, request: Request, deadline: Deadline) -> list[str]:
    """Put the role into the map, and return warnings."""
    if request.expired:
        raise Superseded("CloudFormation does not wait for this request any more: nothing is changed")
    is_current = properties.is_current(request)
    session = Session.of_function(deadline)
    cluster = eks.wait_until_active(session, properties.cluster_name)
    edit = EntryEdit(properties.role_arn, request, is_settled=is_current)
    try:
        _check_that_aws_auth_counts(session, cluster, properties)
    except (AwsAuthIgnored, ShadowedByAccessEntry) as failure:
        if not is_current:
            raise
        return [failure.reason()]
    access = properties.access(session, cluster)
    api = access.api()
    try:
        config_map.edit(api, NAMESPACE, NAME, edit.claim, access)
    except Failure as failure:
        failure.may_have_written = api.unrefused_writes > 0
        raise
    return edit.warnings


def _check_that_aws_auth_counts(session: Session, cluster: Cluster, properties: _Properties) -> None:
    if not cluster.reads_aws_auth:
        raise AwsAuthIgnored(
            f"cluster {cluster.name} is in mode API and does not read aws-auth: authorise the nodes by an access entry "
            "of type EC2_WINDOWS instead (ClusterAuthenticationMode API)"
        )
    if not cluster.reads_access_entries:
        return
    try:
        kind = eks.access_entry_type(session, cluster.name, properties.role_arn)
    except (AwsError, AwsCallFailed) as error:
        log.warning("not checked whether the role has an access entry", outcome=str(error))
        return
    if kind:
        delete_it = f"aws eks delete-access-entry --cluster-name {cluster.name} --principal-arn {properties.role_arn}"
        raise ShadowedByAccessEntry(
            f"the role has an access entry of type {kind}, which wins over aws-auth: `{delete_it}` if nothing else "
            "needs it; otherwise give these nodes a role of their own"
        )
    log.info("the role has no access entry", role=properties.role_arn)


def _cluster_with_map(session: Session, properties: _Properties) -> Cluster | None:
    """Return the cluster, or None if it has no map, or none that counts, so that nothing is left to be removed."""
    try:
        cluster = eks.describe_cluster(session, properties.cluster_name)
    except ClusterNotFound:
        log.info("the cluster is gone", cluster=properties.cluster_name)
        return None
    if cluster.status == "DELETING" or not cluster.endpoint or not cluster.reads_aws_auth:
        log.info("no map is left to clean", status=cluster.status, mode=cluster.authentication_mode)
        return None
    return cluster


def _attributes(role_arn: str, warnings: list[str]) -> Mapping[str, str]:
    for warning in warnings:
        log.warning(warning)
    return {
        AwsAuthEntry.ATTRIBUTE_ROLE_ARN: aws_auth.canonical_role_arn(role_arn),
        AwsAuthEntry.ATTRIBUTE_WARNINGS: "; ".join(warnings) or "none",
    }
