"""`Custom::ClusterFacts`: what nodes have to know of their cluster, where only EKS can tell it.

Of an ACTIVE cluster nothing of this ever changes. It is a resource of its own because CloudFormation takes attributes
from a resource's latest answer: this one is asked when it is made, and neither an update nor a rollback has to ask EKS
again, which may be out of reach then, or have no such cluster any more.
"""

from __future__ import annotations

import base64
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from . import eks
from .aws import Session
from .cloudformation import text_property
from .preflight_contract import ClusterFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cloudformation import Request
    from .deadline import Deadline

_DNS_ADDRESS = 10  # EKS gives its DNS service the tenth address of the service CIDR


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return what identifies the facts: the cluster."""
    return f"cluster-facts/{text_property(properties, ClusterFacts.CLUSTER_NAME)}"


def create(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Return every fact, empty where EKS does not say: a missing one would fail whatever refers to it.

    Raises:
        Failure: The cluster does not exist, does not become ACTIVE, or cannot be described.
    """
    name = text_property(request.properties, ClusterFacts.CLUSTER_NAME)
    cluster = eks.wait_until_active(Session.of_function(deadline), name)
    cidr = cluster.service_ipv4_cidr
    return {
        ClusterFacts.ENDPOINT: cluster.endpoint,
        ClusterFacts.CERTIFICATE_AUTHORITY_DATA: base64.b64encode(cluster.certificate_authority.encode()).decode(),
        ClusterFacts.SERVICE_IPV4_CIDR: cidr,
        ClusterFacts.DNS_CLUSTER_IP: str(ip_network(cidr)[_DNS_ADDRESS]) if cidr else "",
        ClusterFacts.CLUSTER_SECURITY_GROUP_ID: cluster.security_group_id,
    }


def update(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Ask about another cluster: nothing else can be changed.

    Raises:
        Failure: As for `create`.
    """
    return create(request, deadline)


def delete(request: Request, deadline: Deadline) -> Mapping[str, str]:
    """Do nothing: nothing was made."""
    del request, deadline
    return {}
