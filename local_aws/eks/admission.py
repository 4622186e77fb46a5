"""Who a bearer token is in a cluster: its signer, by access entry, `aws-auth`, or as the cluster's creator."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from local_aws.eks.access_entries import NODE_GROUPS
from local_aws.eks.access_policies import rules_of
from local_aws.eks.aws_auth import mapping_of
from local_aws.eks.tokens import InvalidTokenError, caller_of
from local_aws.kubernetes_api import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.callers import Caller, Callers
    from local_aws.eks.access_entries import AccessEntry
    from local_aws.eks.clusters import Cluster
    from local_aws.place import Place

_log = logging.getLogger(__name__)


class Admission:
    """The authenticator of one cluster; called with a bearer token it answers the user, or None for 401."""

    #: Set as soon as the cluster exists: its Kubernetes API needs an authenticator first.
    cluster: Cluster

    def __init__(self, *, callers: Callers, client: Callable[[str], Any], place: Place) -> None:
        """`client` gives boto3 clients of the local AWS: a node's name comes from EC2."""
        self._callers = callers
        self._client = client
        self._suffix = place.url_suffix

    def __call__(self, token: str) -> User | None:
        """The user that the token's signer is in this cluster."""
        try:
            caller = caller_of(token, self.cluster.name, self._callers, self._suffix)
        except InvalidTokenError as invalid:
            _log.info("token for %s refused: %s", self.cluster.name, invalid)
            return None
        user = self.user_of(caller)
        if user is None:
            _log.info("%s is not mapped in %s", caller.principal_arn, self.cluster.name)
        return user

    def user_of(self, caller: Caller) -> User | None:
        """Who a principal is in the cluster: an access entry wins whole over `aws-auth`, where the mode reads both."""
        cluster = self.cluster
        if cluster.creator_is_administrator and caller.principal_arn == cluster.creator:
            return User("kubernetes-admin", frozenset({"system:masters"}))
        entry = cluster.access_entries.get(caller.principal_arn) if cluster.entries_count else None
        if entry is not None and entry.effective:
            return self._by_entry(entry, caller)
        if cluster.aws_auth_counts:
            return self._by_aws_auth(caller)
        return None

    def _by_entry(self, entry: AccessEntry, caller: Caller) -> User | None:
        username = self._filled_in(entry.username, caller)
        if username is None:
            return None
        groups = entry.groups if entry.type == "STANDARD" else NODE_GROUPS[entry.type]
        rules = tuple(rule for arn, scope in entry.policies.items() for rule in rules_of(arn, scope))
        return User(username, groups, rules)

    def _by_aws_auth(self, caller: Caller) -> User | None:
        config_map = self.cluster.kubernetes.config_map("kube-system", "aws-auth")
        mapping = mapping_of(_without_path(caller), (config_map or {}).get("data") or {})
        if mapping is None:
            return None
        username = self._filled_in(mapping.username, caller)
        return User(username, mapping.groups) if username is not None else None

    def _filled_in(self, username: str, caller: Caller) -> str | None:
        """The user name with its placeholders replaced; None when the caller is no instance and the name wants one."""
        if "{{EC2PrivateDNSName}}" in username:
            name = self._private_dns_name(caller.session_name)
            if name is None:
                return None
            username = username.replace("{{EC2PrivateDNSName}}", name)
        account = caller.arn.split(":")[4]
        return (
            username.replace("{{SessionNameRaw}}", caller.session_name)
            .replace("{{SessionName}}", caller.session_name.replace("@", "-"))
            .replace("{{AccountID}}", account)
        )

    def _private_dns_name(self, instance_id: str) -> str | None:
        """The role session of an instance is named as the instance."""
        if not instance_id.startswith("i-"):
            return None
        ec2 = self._client("ec2")
        reservations = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])[
            "Reservations"
        ]
        instances = [instance for reservation in reservations for instance in reservation["Instances"]]
        return str(instances[0]["PrivateDnsName"]) if instances else None


def _without_path(caller: Caller) -> str:
    """STS knows no role paths, so neither does the authenticator."""
    if caller.role_arn is None:
        return caller.arn
    head, _, resource = caller.role_arn.partition(":role/")
    return f"{head}:role/{resource.rpartition('/')[2]}"
