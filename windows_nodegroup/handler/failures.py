"""Why a request can fail: each reason with a stable code, and the page that helps.

The text of a failure is what CloudFormation shows. It names what is wrong and the cure, and never what is secret or
somebody else's.
"""

from __future__ import annotations

from typing import ClassVar

_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"


class Failure(Exception):  # noqa: N818 — a reason to answer FAILED, not a mistake in the program
    """Something that the user can understand and cure.

    Attributes:
        code: Stable identifier; `WNG9` and two digits.
        documentation: The page that says more.
        may_have_written: Whether something may have been written in the cluster, and not only been read.
    """

    may_have_written = False
    code: ClassVar[str] = "WNG900"
    documentation: ClassVar[str] = _GUIDE + "auth-configmap.html"

    def reason(self) -> str:
        """Return the text for CloudFormation: what is wrong, the cure, the code and the page."""
        return f"{self} [{self.code}] {self.documentation}"


class InvalidProperties(Failure):
    """The properties of the custom resource are missing or wrong."""

    code = "WNG901"


class ClusterNotFound(Failure):
    """EKS knows no such cluster."""

    code = "WNG902"
    documentation = _GUIDE + "troubleshooting.html"


class ClusterNotReady(Failure):
    """The cluster is not ACTIVE."""

    code = "WNG903"
    documentation = _GUIDE + "troubleshooting.html"


class AwsAuthIgnored(Failure):
    """The cluster's authentication mode is API: it does not read aws-auth."""

    code = "WNG904"
    documentation = _GUIDE + "setting-up-access-entries.html"


class ShadowedByAccessEntry(Failure):
    """The role has an access entry, which wins over aws-auth as a whole."""

    code = "WNG905"
    documentation = _GUIDE + "access-entries.html"


class KubernetesAccessDenied(Failure):
    """The Kubernetes API does not let the function in (401), or not to the ConfigMap (403)."""

    code = "WNG906"
    documentation = _GUIDE + "access-policies.html"


class AwsCallFailed(Failure):
    """EKS or STS refused a call, or could not be reached."""

    code = "WNG907"
    documentation = _GUIDE + "security-iam.html"


class AwsAccessDenied(AwsCallFailed):
    """The caller lacks the permission for a call."""


class ClusterUnreachable(Failure):
    """The Kubernetes API gives no answer that can be used."""

    code = "WNG908"
    documentation = _GUIDE + "cluster-endpoint.html"


class EndpointUnresolvable(ClusterUnreachable):
    """The name of the cluster's endpoint does not resolve."""


class CertificateRefused(ClusterUnreachable):
    """The endpoint's certificate is not one of the cluster's."""

    code = "WNG909"


class UnreadableMap(Failure):
    """The authenticator reads nothing from aws-auth, so nothing is written into it."""

    code = "WNG910"


class UsernameTaken(Failure):
    """The role is mapped to a username that is not a node's."""

    code = "WNG911"


class WriteRefused(Failure):
    """The cluster refuses the new map: a webhook, an immutable map, a map that is too large."""

    code = "WNG912"


class UnreadableRecord(Failure):
    """The annotation that records owners is not what we write."""

    code = "WNG913"


class RecordTooLarge(Failure):
    """The record of owners does not fit into the annotations any more."""

    code = "WNG914"


class OutOfTime(Failure):
    """The function's time is over."""

    code = "WNG915"

    def __init__(self, doing: str) -> None:
        """Say what the function was `doing` when its time was over."""
        super().__init__(
            f"the function's time was over while it was {doing}: deploy again, and if it stays so, look at its log"
        )


class Superseded(Failure):
    """A later request of the same resource was carried out already: this one must have no effect."""

    code = "WNG916"


class Internal(Failure):
    """A mistake in the function itself, or a damaged asset."""

    code = "WNG999"
