"""One request to a cluster's Kubernetes API: whom to trust, who asks, and what a refusal means."""

from __future__ import annotations

import json
import re
import ssl
import time
from typing import TYPE_CHECKING, Any

from .failures import CertificateRefused, ClusterUnreachable
from .transport import Connection, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .deadline import Deadline

#: A token is used for this long, in seconds, although the authenticator would accept it for longer.
TOKEN_SECONDS = 60.0

#: The name under which our writes appear in `managedFields`.
FIELD_MANAGER = "windows-nodegroup"

_MERGE_PATCH = "application/merge-patch+json"
_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_ERROR = 400
_REFUSED_ACCESS = frozenset({401, 403})

_DENIAL = r" denied (?:the )?request"  # of an admission webhook, and of a ValidatingAdmissionPolicy


class ApiError(Exception):
    """The Kubernetes API refused a request, in the words of its `Status`.

    Attributes:
        status: The HTTP status.
        message: The API's words.
        retry_after: For how many seconds it wants to be left alone.
    """

    def __init__(self, status: int, message: str, retry_after: float) -> None:
        """Keep what the API said."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.message = message
        self.retry_after = retry_after

    @property
    def is_denial(self) -> bool:
        """Whether an admission webhook or policy has refused what is written; the status may be any."""
        return re.search(_DENIAL, self.message) is not None

    @property
    def is_access(self) -> bool:
        """Whether the caller is unknown (401) or lacks a permission (403); a denial often comes as 403, too."""
        return self.status in _REFUSED_ACCESS and not self.is_denial


class KubernetesApi:
    """The Kubernetes API of one cluster, for one caller.

    Attributes:
        deadline: Bounds everything.
        unrefused_writes: How many writes were sent that the API did not refuse: done, or nobody knows.
    """

    def __init__(self, endpoint: str, *, authority: str, token: Callable[[], str], deadline: Deadline) -> None:
        """Prepare; nothing is sent yet.

        Args:
            endpoint: The API's `https` URL.
            authority: The only certificate authority that is trusted, as PEM.
            token: Makes a fresh bearer token.
            deadline: Bounds everything.

        Raises:
            CertificateRefused: The authority is not a certificate.
            ClusterUnreachable: The endpoint is not `https`.
        """
        if not endpoint.startswith("https://"):
            raise ClusterUnreachable(f"the endpoint {endpoint!r} is not https: the token would not be safe")
        self.deadline = deadline
        self.unrefused_writes = 0
        self._connection = Connection(endpoint, deadline, tls=trust(authority))
        self._make_token = token
        self._token = ""
        self._token_made = 0.0

    def request(self, method: str, path: str, manifest: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Ask once.

        Args:
            method: `GET`; `POST` or `PATCH` with a manifest, which for `PATCH` is a JSON merge patch.
            path: The resource's path.
            manifest: What to write.

        Returns:
            The answer's JSON object.

        Raises:
            ApiError: The API refused.
            TransportError: There was no answer.
            ClusterUnreachable: It redirects, which is not followed.
            OutOfTime: The deadline has passed.
        """
        headers = {
            "Authorization": f"Bearer {self._bearer()}",
            "Accept": "application/json",
            "User-Agent": FIELD_MANAGER,
        }
        body = None
        if manifest is not None:
            headers["Content-Type"] = _MERGE_PATCH if method == "PATCH" else "application/json"
            body = json.dumps(manifest).encode()
            path += f"?fieldManager={FIELD_MANAGER}"
            self.unrefused_writes += 1
        response = self._connection.request(method, path, headers=headers, body=body)
        if manifest is not None and response.status in _REFUSALS:
            self.unrefused_writes -= 1
        if response.status in _REDIRECTS:
            raise ClusterUnreachable(
                "the endpoint redirects, and the token must not go elsewhere: is it the cluster's own"
            )
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = None
        members: Mapping[str, Any] | None = answer if isinstance(answer, dict) else None
        if response.status >= _ERROR:
            retry_after = _seconds(response.headers.get("Retry-After"))
            raise ApiError(response.status, str((members or {}).get("message", "")), retry_after)
        if members is None:
            raise UnansweredError(f"HTTP {response.status} came without an object")
        return members

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def forget_token(self) -> None:
        """Make a new token for the next request."""
        self._token = ""

    def _bearer(self) -> str:
        now = time.monotonic()
        if not self._token or now - self._token_made > TOKEN_SECONDS:
            self._token, self._token_made = self._make_token(), now
        return self._token


def trust(authority: str) -> ssl.SSLContext:
    """Return what to trust: certificates of this authority, for the host that is asked, within their time.

    EKS has authorities without key ids, which Python 3.13 and later refuse by default
    (https://github.com/kubernetes-client/python/issues/2394). That one strictness is taken back, and nothing else.

    Raises:
        CertificateRefused: The authority is not a certificate.
    """
    try:
        context = ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise CertificateRefused("the certificate authority that EKS names for the cluster cannot be read") from None
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _seconds(retry_after: str | None) -> float:
    # The other form, a date, is one that the API server does not send.
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0
