"""The one way in which a ConfigMap is changed: read, decide, write; and again when anything came between.

A write is a JSON merge patch that carries the version that was read, so the API refuses it when somebody else was
faster (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from . import log
from .deadline import Backoff, Patience
from .failures import (
    CertificateRefused,
    ClusterUnreachable,
    EndpointUnresolvable,
    KubernetesAccessDenied,
    WriteRefused,
)
from .kubernetes import ApiError
from .transport import TransportError, UnansweredError, UnresolvedError, UntrustedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .deadline import Deadline
    from .kubernetes import KubernetesApi

#: For how long 401 and 403 are endured, in seconds: an access entry takes some to come into force.
ACCESS_SECONDS = 45.0

#: For how long an endpoint that cannot be reached is tried, in seconds.
NETWORK_SECONDS = 30.0

#: Pauses after a conflict, in seconds: the first at most, and the longest.
CONFLICT_BACKOFF = (0.2, 2.0)

#: Pauses after any other trouble.
TROUBLE_BACKOFF = (0.5, 5.0)

# What a refusal says of the ConfigMap as a whole, and the cure; https://kubernetes.io/docs/concepts/configuration/configmap/
_CURES = {
    "field is immutable": "save it, delete it, and create it again without `immutable: true`",
    "Too long": "a ConfigMap holds 1 MiB: take out of it what nobody needs",
}

_NOT_FOUND = 404
_CHANGED_MEANWHILE = frozenset({_NOT_FOUND, 409})
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class ConfigMap(NamedTuple):
    """A ConfigMap as it was read."""

    manifest: Mapping[str, Any]

    @property
    def data(self) -> Mapping[str, str]:
        """The values by key."""
        return self.manifest.get("data") or {}

    @property
    def metadata(self) -> dict[str, Any]:
        """Its name, version, managed fields."""
        return dict(self.manifest["metadata"])

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations by name."""
        return self.metadata.get("annotations") or {}


class Change(NamedTuple):
    """What is to be written; whatever is not named stays."""

    data: Mapping[str, str]
    annotations: Mapping[str, str]

    def manifest(self) -> dict[str, Any]:
        """Return the change as a manifest without a name."""
        manifest: dict[str, Any] = {"metadata": {"annotations": dict(self.annotations)} if self.annotations else {}}
        return manifest | ({"data": dict(self.data)} if self.data else {})


class Advice(Protocol):
    """What a user can do about a cluster that the function cannot work with."""

    def on_refused_access(self, error: ApiError) -> str:
        """Return what 401 or 403 means, and the cure."""
        ...

    def on_no_route(self) -> str:
        """Return the cure for an endpoint that cannot be reached."""
        ...


def read(api: KubernetesApi, namespace: str, name: str) -> ConfigMap | None:
    """Return a ConfigMap, or None if it does not exist; asks once.

    Raises:
        ApiError: The API refuses.
        TransportError: There was no answer.
    """
    try:
        return ConfigMap(api.request("GET", f"{_path(namespace)}/{name}"))
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def edit(
    api: KubernetesApi, namespace: str, name: str, decide: Callable[[ConfigMap | None], Change | None], advice: Advice
) -> bool:
    """Change a ConfigMap so that nobody's change is lost.

    Args:
        api: The cluster's API.
        namespace: Where the ConfigMap is.
        name: What it is called.
        decide: Told what is there now (None: nothing), returns what to change (None: nothing). Asked again whenever
            somebody else was faster, and after an answer that got lost: then it finds its own change.
        advice: Names the cures.

    Returns:
        Whether anything was written.

    Raises:
        Failure: It could not be done; the subclass tells why. What `decide` raises passes through.
    """
    endurance = _Endurance(api.deadline, advice)
    current = None
    while True:
        try:
            current = read(api, namespace, name)
            change = decide(current)
            if change is not None:
                _write(api, namespace, name, current, change)
        except (ApiError, TransportError) as error:
            if isinstance(error, ApiError) and error.is_access:
                api.forget_token()
            endurance.endure(error, f"changing {name}", current)
        else:
            return change is not None


def _write(api: KubernetesApi, namespace: str, name: str, current: ConfigMap | None, change: Change) -> None:
    manifest = change.manifest()
    if current is None:
        manifest["metadata"] |= {"name": name, "namespace": namespace}
        api.request("POST", _path(namespace), {"apiVersion": "v1", "kind": "ConfigMap", **manifest})
    else:
        manifest["metadata"]["resourceVersion"] = current.metadata["resourceVersion"]
        api.request("PATCH", f"{_path(namespace)}/{name}", manifest)


def _path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


class _Endurance:
    """Decides after each trouble whether and when there is another attempt."""

    def __init__(self, deadline: Deadline, advice: Advice) -> None:
        self._deadline = deadline
        self._advice = advice
        self._access = Patience(ACCESS_SECONDS)
        self._network = Patience(NETWORK_SECONDS)
        self._conflict_backoff = Backoff(*CONFLICT_BACKOFF)
        self._trouble_backoff = Backoff(*TROUBLE_BACKOFF)
        self._attempts = 0

    def endure(self, error: ApiError | TransportError, doing: str, current: ConfigMap | None) -> None:
        """Pause before the next attempt, or raise the Failure that ends them."""
        self._attempts += 1
        pause = self._after_answer(error, current) if isinstance(error, ApiError) else self._after_silence(error)
        log.warning("trying again", doing=doing, outcome=str(error), attempt=self._attempts, pause=round(pause, 3))
        self._deadline.trouble = f"attempt {self._attempts} of {doing} ended with {error}"
        self._deadline.pause(pause)

    def _after_answer(self, error: ApiError, current: ConfigMap | None) -> float:
        if error.is_denial:
            raise _refusal(error, current)
        if error.status in _CHANGED_MEANWHILE:
            return self._conflict_backoff.next()
        if error.status == _TOO_MANY_REQUESTS or error.status >= _SERVER_ERROR:
            return max(error.retry_after, self._trouble_backoff.next())
        if not error.is_access:
            raise _refusal(error, current)
        if self._access.is_over():
            raise KubernetesAccessDenied(self._advice.on_refused_access(error))
        return self._trouble_backoff.next()

    def _after_silence(self, error: TransportError) -> float:
        if isinstance(error, UntrustedError):
            raise CertificateRefused(f"{error}: it must be signed by the authority that EKS names for the cluster")
        if not isinstance(error, UnansweredError) and self._network.is_over():
            kind = EndpointUnresolvable if isinstance(error, UnresolvedError) else ClusterUnreachable
            raise kind(f"{error}: {self._advice.on_no_route()}")
        return self._trouble_backoff.next()


def _refusal(error: ApiError, current: ConfigMap | None) -> WriteRefused:
    from .quotation import quotation  # noqa: PLC0415 — seldom needed, and the function is to start quickly

    words = quotation(error.message, current.data.values() if current else ())
    cures = [f": {cure}" for sign, cure in _CURES.items() if sign in error.message]
    return WriteRefused(f"the cluster refuses the change ({error.status}): {words}{''.join(cures)}")
