"""EKS and STS: what a cluster is, whether a role has an access entry, and a token for the Kubernetes API."""

from __future__ import annotations

import base64
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

from . import log
from .aws import AwsError, Call, Keys, json_object, xml_text
from .failures import AwsAccessDenied, AwsCallFailed, ClusterNotFound, ClusterNotReady, OutOfTime

if TYPE_CHECKING:
    from .aws import Session

#: How often a cluster that is not ACTIVE yet is looked at, in seconds.
POLL_SECONDS = 10.0

_STS_VERSION = "2011-06-15"
_TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 — the prefix of every token
_TOKEN_BYTES = 4096  # the authenticator refuses longer ones
_TOKEN_EXPIRES = 60  # older authenticators accept no more; a token is good for 15 minutes in any case
_BECOMING_ACTIVE = frozenset({"CREATING", "PENDING", "UPDATING"})
_NOT_FOUND = "ResourceNotFoundException"


class Cluster(NamedTuple):
    """What EKS says of a cluster.

    Attributes:
        name: Its exact name.
        status: `CREATING`, `ACTIVE`, `DELETING`, `FAILED`, `UPDATING` or `PENDING`.
        endpoint: The Kubernetes API's URL; empty while there is none.
        certificate_authority: The authority that signed the endpoint's certificate, as PEM.
        authentication_mode: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
        is_public: Whether the endpoint can be reached from outside the cluster's VPC.
        service_ipv4_cidr: The range of its service addresses; empty if they are none of IPv4.
        security_group_id: The security group that EKS made with it.
    """

    name: str
    status: str
    endpoint: str
    certificate_authority: str
    authentication_mode: str
    is_public: bool
    service_ipv4_cidr: str
    security_group_id: str

    @property
    def reads_aws_auth(self) -> bool:
        """Whether the authenticator looks at aws-auth."""
        return self.authentication_mode != "API"

    @property
    def reads_access_entries(self) -> bool:
        """Whether the authenticator looks at access entries."""
        return self.authentication_mode != "CONFIG_MAP"


def describe_cluster(session: Session, name: str) -> Cluster:
    """Ask EKS about a cluster.

    Raises:
        ClusterNotFound: There is none of that name in the session's region.
        AwsCallFailed: EKS refuses to tell, or cannot be reached.
    """
    try:
        response = session.call("eks", Call("GET", f"/clusters/{_encoded(name)}"))
    except AwsError as error:
        if error.code == _NOT_FOUND:
            raise ClusterNotFound(
                f"cluster {name} does not exist in {session.region}: give the exact name (upper and lower case "
                "differ), and deploy into the cluster's region and account"
            ) from None
        kind = AwsAccessDenied if error.denied else AwsCallFailed
        raise kind(f"eks:DescribeCluster of {name} failed ({error}): allow it to the function's role") from None
    members = json_object(response, "cluster")
    vpc = members.get("resourcesVpcConfig") or {}
    authority = (members.get("certificateAuthority") or {}).get("data") or ""
    cluster = Cluster(
        name=name,
        status=members.get("status") or "",
        endpoint=members.get("endpoint") or "",
        certificate_authority=base64.b64decode(authority).decode("ascii"),
        # Clusters from before access entries have no access configuration.
        authentication_mode=(members.get("accessConfig") or {}).get("authenticationMode") or "CONFIG_MAP",
        is_public=vpc.get("endpointPublicAccess") is not False,
        service_ipv4_cidr=(members.get("kubernetesNetworkConfig") or {}).get("serviceIpv4Cidr") or "",
        security_group_id=vpc.get("clusterSecurityGroupId") or "",
    )
    log.info(
        "described the cluster", cluster=name, status=cluster.status, authentication_mode=cluster.authentication_mode
    )
    return cluster


def wait_until_active(session: Session, name: str) -> Cluster:
    """Return the cluster as soon as it is ACTIVE.

    Raises:
        ClusterNotReady: It is not, and will not become so within the deadline.
    """
    status = ""
    try:
        while (cluster := describe_cluster(session, name)).status != "ACTIVE":
            status = cluster.status
            if status not in _BECOMING_ACTIVE:
                raise ClusterNotReady(f"cluster {name} is {status}: nodes can join an ACTIVE cluster only")
            session.deadline.pause(POLL_SECONDS)
    except OutOfTime:
        if not status:
            raise
        raise ClusterNotReady(f"cluster {name} is still {status}: deploy again when it is ACTIVE") from None
    return cluster


def access_entry_type(session: Session, cluster_name: str, principal_arn: str) -> str | None:
    """Return the type of the principal's access entry (`STANDARD`, `EC2_LINUX`, …), or None if it has none.

    Raises:
        AwsError: EKS refuses to tell.
        AwsCallFailed: EKS cannot be reached.
    """
    path = f"/clusters/{_encoded(cluster_name)}/access-entries/{_encoded(principal_arn)}"
    try:
        response = session.call("eks", Call("GET", path), settling=False)
    except AwsError as error:
        if error.code == _NOT_FOUND:
            return None
        raise
    return str(json_object(response, "accessEntry").get("type") or "STANDARD")


def assume_role(session: Session, role_arn: str) -> Keys:
    """Return temporary credentials of a role.

    Raises:
        AwsCallFailed: The role cannot be assumed.
    """
    parameters = {"RoleArn": role_arn, "RoleSessionName": "windows-nodegroup", "DurationSeconds": "900"}
    try:
        document = _sts(session, "AssumeRole", parameters)
    except AwsError as error:
        raise AwsCallFailed(
            f"sts:AssumeRole of {role_arn} failed ({error}): let the role's trust policy name the function's role, "
            "and let the function's policy allow it"
        ) from None
    key, secret, token = (xml_text(document, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return Keys(key, secret, token)


def caller_arn(session: Session) -> str:
    """Return the ARN of whoever calls; no permission is needed.

    Raises:
        AwsError: The credentials are not accepted.
        AwsCallFailed: STS cannot be reached.
    """
    return xml_text(_sts(session, "GetCallerIdentity", {}), "Arn")


def token(session: Session, cluster_name: str) -> str:
    """Return a bearer token for the cluster's Kubernetes API: a presigned call of STS that tells who asks.

    https://github.com/kubernetes-sigs/aws-iam-authenticator describes the form. It is made without network. The host
    is the regional one, whatever endpoint calls go to: it is the authenticator that will ask there.

    Raises:
        AwsCallFailed: It would be longer than the authenticator accepts.
    """
    query = f"Action=GetCallerIdentity&Version={_STS_VERSION}"
    url = session.presign("sts", query, headers={"x-k8s-aws-id": cluster_name}, expires=_TOKEN_EXPIRES)
    encoded = _TOKEN_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    if len(encoded) > _TOKEN_BYTES:
        cure = "use credentials with a shorter session token"
        raise AwsCallFailed(f"the token has {len(encoded)} bytes, and a cluster accepts {_TOKEN_BYTES}: {cure}")
    return encoded


def _sts(session: Session, action: str, parameters: dict[str, str]) -> bytes:
    body = urllib.parse.urlencode({"Action": action, "Version": _STS_VERSION, **parameters}).encode()
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    return session.call("sts", Call("POST", "/", body, content_type)).body


def _encoded(segment: str) -> str:
    return urllib.parse.quote(segment, safe="")
