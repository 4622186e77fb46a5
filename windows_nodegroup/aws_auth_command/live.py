"""The map of a cluster, read with the caller's AWS credentials: DescribeCluster and a token, no kubeconfig."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import botocore.session
from botocore.exceptions import BotoCoreError

from windows_nodegroup.handler import config_map, eks, log
from windows_nodegroup.handler.aws import AwsError, Session
from windows_nodegroup.handler.aws_auth_entry import NAME, NAMESPACE
from windows_nodegroup.handler.cluster_access import ClusterAccess
from windows_nodegroup.handler.deadline import Deadline
from windows_nodegroup.handler.entry_edit import MAP_ROLES
from windows_nodegroup.handler.failures import Failure
from windows_nodegroup.handler.kubernetes import ApiError
from windows_nodegroup.handler.quotation import quotation
from windows_nodegroup.handler.transport import TransportError

#: How long all of it may take, in seconds.
SECONDS = 60.0


class UnreachableError(ValueError):
    """The map cannot be read; the text says why, and the cure."""


@dataclass(frozen=True, slots=True)
class LiveMap:
    """A cluster's map."""

    #: None when there is no map, or no such key in it.
    map_roles: str | None
    #: What else the operator should know.
    notes: tuple[str, ...]

    @classmethod
    def read(cls, cluster: str, *, region: str | None, profile: str | None, kubectl_role_arn: str) -> LiveMap:
        """Read the map of a cluster.

        Args:
            cluster: Its exact name.
            region: Where it is; None: the profile's region.
            profile: Whose credentials ask; None: as the AWS CLI finds them.
            kubectl_role_arn: The role to assume for the Kubernetes API; empty: none.

        Raises:
            UnreachableError: It cannot be read.
        """
        logging.getLogger(log.__package__).addHandler(logging.NullHandler())  # what the function logs is not for here
        try:
            return cls._read(_session(region, profile), cluster, kubectl_role_arn)
        except (BotoCoreError, AwsError, TransportError) as error:
            raise UnreachableError(f"the map of {cluster} cannot be read: {error}") from None
        except Failure as failure:
            raise UnreachableError(failure.reason()) from None

    @classmethod
    def _read(cls, session: Session, name: str, kubectl_role_arn: str) -> LiveMap:
        cluster = eks.describe_cluster(session, name)
        if not cluster.endpoint:
            raise UnreachableError(f"cluster {name} is {cluster.status} and has no endpoint")
        access = ClusterAccess.through(session, cluster, kubectl_role_arn)
        try:
            found = config_map.read(access.api(), NAMESPACE, NAME)
        except ApiError as error:
            reason = access.on_refused_access(error) if error.is_access else f"{error}: {quotation(error.message)}"
            raise UnreachableError(reason) from None
        notes = []
        if not cluster.reads_aws_auth:
            notes.append(f"cluster {name} has authentication mode API: it does not read aws-auth at all")
        if found is None:
            notes.append(f"cluster {name} has no ConfigMap {NAMESPACE}/{NAME}")
        return cls(None if found is None else found.data.get(MAP_ROLES), tuple(notes))


def _session(region: str | None, profile: str | None) -> Session:
    caller = botocore.session.Session(profile=profile)
    # Of the two variables of the AWS CLI, botocore reads AWS_DEFAULT_REGION alone.
    region = region or os.environ.get("AWS_REGION") or caller.get_config_variable("region")
    if not region:
        raise UnreachableError("there is no region: give --region, or set AWS_REGION")
    credentials = caller.get_credentials()
    if credentials is None:
        raise UnreachableError("there are no AWS credentials: sign in, or give --profile")
    partition = caller.get_partition_for_region(region)
    suffixes = {one["id"]: one["outputs"]["dnsSuffix"] for one in caller.get_data("partitions")["partitions"]}
    return Session(
        credentials.get_frozen_credentials(), region=region, url_suffix=suffixes[partition], deadline=Deadline(SECONDS)
    )
