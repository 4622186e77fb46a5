"""Checks of the cluster itself: that it is there, ready, and of a kind that can have Windows nodes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Modes in which the cluster reads access entries, and in which it reads aws-auth.
MODES_WITH_ACCESS_ENTRIES = ("API", "API_AND_CONFIG_MAP")
MODES_WITH_AWS_AUTH = ("CONFIG_MAP", "API_AND_CONFIG_MAP")

#: States from which a cluster becomes ACTIVE by itself.
PASSING = frozenset({"CREATING", "PENDING", "UPDATING"})


class ClusterExists(Check[Facts]):
    """The cluster exists, and its name is written exactly so."""

    code = "PF101"
    severity = Severity.FAILS
    cure = "give the name as `aws eks list-clusters` shows it, and deploy to the cluster's region and account"
    documentation = GUIDE + "launch-windows-workers.html"
    unseen = "does not look into other regions and accounts; it only notices that the subnets are not here either"
    asks = ("eks:DescribeCluster", "eks:ListClusters", "ec2:DescribeSubnets")

    def problems(self, subject: Facts) -> Iterator[str]:
        """Say which name was probably meant."""
        if subject.cluster:
            return
        yield f"there is no cluster {subject.name} in {subject.region}{_hint(subject)}"


class ClusterActive(Check[Facts]):
    """The cluster is ACTIVE."""

    code = "PF102"
    severity = Severity.FAILS
    cure = "deploy to an ACTIVE cluster: nodes can register with no other"
    documentation = GUIDE + "launch-windows-workers.html"
    unseen = "does not see whether the control plane is healthy beyond its status"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the status."""
        status = _known(subject.cluster.get("status"), "status")
        if status != "ACTIVE":
            passes = "wait for it to become ACTIVE" if status in PASSING else "it will not become ACTIVE any more"
            yield f"cluster {subject.name} is {status}, {passes}"


class NotLocal(Check[Facts]):
    """The cluster's control plane is in the region, not on an Outpost."""

    code = "PF103"
    severity = Severity.FAILS
    cure = "use an extended cluster: Windows nodes cannot join local clusters on Outposts"
    documentation = GUIDE + "eks-outposts.html"
    unseen = "does not see what the Outpost itself can launch"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the Outposts."""
        if outposts := (subject.cluster.get("outpostConfig") or {}).get("outpostArns"):
            yield f"cluster {subject.name} is a local cluster on {', '.join(outposts)}"


class IPv4(Check[Facts]):
    """The cluster gives its pods IPv4 addresses."""

    code = "PF104"
    severity = Severity.FAILS
    cure = "use an IPv4 cluster: Windows nodes cannot have IPv6, and a cluster's IP family cannot be changed"
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see IPv6 addresses of the subnets, which do no harm"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the IP family."""
        family = (subject.cluster.get("kubernetesNetworkConfig") or {}).get("ipFamily")
        if _known(family, "IP family") != "ipv4":
            yield f"cluster {subject.name} has the IP family {family}"


class ModeSuffices(Check[Facts]):
    """The cluster reads what the nodes and the declared authentication mode rely on."""

    code = "PF105"
    severity = Severity.FAILS
    cure = (
        "declare the cluster's own mode, and let the nodes in by what it reads; it only ever moves from CONFIG_MAP "
        "over API_AND_CONFIG_MAP to API"
    )
    documentation = GUIDE + "setting-up-access-entries.html"
    unseen = "only warns when a stack is updated that declares what it did before: its cluster has moved on since"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Say what the nodes, or the function, rely on in vain."""
        declared, node_access = subject.declared.authentication_mode, subject.declared.node_access
        actual = authentication_mode(subject)
        if not declared and not node_access:
            raise NotNeededError("neither an authentication mode nor the nodes' way in was declared")
        if actual not in MODES_WITH_ACCESS_ENTRIES:
            none = f"but cluster {subject.name} has no access entries in mode {actual}"
            if declared in MODES_WITH_ACCESS_ENTRIES:
                yield f"mode {declared} is declared, {none}"
            elif node_access == "access-entry":
                yield f"the nodes rely on an access entry, {none}"
        relies_on_aws_auth = node_access == "aws-auth" or (declared == "CONFIG_MAP" and not node_access)
        if relies_on_aws_auth and actual not in MODES_WITH_AWS_AUTH:
            yield f"the nodes rely on aws-auth, but cluster {subject.name} is in mode {actual} and ignores it"


class ModeAsDeclared(Check[Facts]):
    """The cluster's authentication mode is the declared one."""

    code = "PF106"
    severity = Severity.WARNS
    cure = "declare the cluster's own mode, so that the template does what suits it"
    documentation = GUIDE + "setting-up-access-entries.html"
    unseen = "does not see whether the mode is being changed at this moment"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name both modes."""
        declared, actual = subject.declared.authentication_mode, authentication_mode(subject)
        if not declared:
            raise NotNeededError("no authentication mode was declared")
        if declared != actual:
            yield f"mode {declared} is declared, cluster {subject.name} is in mode {actual}"


def authentication_mode(subject: Facts) -> str:
    """Return the cluster's mode; clusters from before access entries have no access configuration."""
    return (subject.cluster.get("accessConfig") or {}).get("authenticationMode") or "CONFIG_MAP"


def _hint(subject: Facts) -> str:
    try:
        names = subject.aws.ask("eks:ListClusters")["clusters"]
    except NotCheckedError:
        names = []
    same = [name for name in names if name.casefold() == subject.name.casefold()]
    close = same or get_close_matches(subject.name, names, n=1)
    if close:
        return f", but there is {close[0]}" + (" (case matters)" if same else "")
    return _elsewhere(subject)


def _elsewhere(subject: Facts) -> str:
    subnet_ids = subject.declared.subnet_ids
    if not subnet_ids:
        return ""
    try:
        found = subject.described("ec2:DescribeSubnets", "Subnets", "subnet-id", subnet_ids)
    except NotCheckedError:
        return ""
    return (
        ""
        if found
        else ", and the subnets are not there either: this is probably another region or account than theirs"
    )


def _known(value: object, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise NotCheckedError(f"EKS does not tell the cluster's {what}")
