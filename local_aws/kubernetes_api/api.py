"""The Kubernetes API of one local cluster: what a test or the local AWS starts, fills, disturbs and asks."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from local_aws.kubernetes_api.certificates import CertificateAuthority
from local_aws.kubernetes_api.endpoints import Endpoints
from local_aws.kubernetes_api.faults import Faults
from local_aws.kubernetes_api.managed_fields import Manager, after_update
from local_aws.kubernetes_api.objects import Objects
from local_aws.kubernetes_api.rbac import ANONYMOUS, Authorizer, User
from local_aws.kubernetes_api.requests import Options
from local_aws.kubernetes_api.resources import CONFIG_MAPS, NODES, Key, resource_of, target_of
from local_aws.kubernetes_api.responses import NoAnswer, Response, refusal
from local_aws.kubernetes_api.schema import decode
from local_aws.kubernetes_api.seeds import seed
from local_aws.kubernetes_api.server import TlsServer
from local_aws.kubernetes_api.status import ApiError, internal_error, unauthorized
from local_aws.kubernetes_api.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Request:
    """A request as it came, and the status that it got."""

    method: str
    #: With its query.
    path: str
    content_type: str
    user_agent: str
    #: The bearer token as it came; None without one.
    token: str | None
    body: bytes
    #: The user's name; None for a token of nobody.
    user: str | None = None
    #: None as long as there is no answer.
    status: int | None = None


class KubernetesApi:
    """A small and true Kubernetes API over TLS, on a free port of the loopback interface."""

    def __init__(
        self,
        *,
        authenticate: Callable[[str], User | None],
        authority: CertificateAuthority | None = None,
        version: str = "1.33",
    ) -> None:
        """Make an API; `start`, or a `with` statement, opens it.

        Args:
            authenticate: Tells who a bearer token belongs to; None: nobody, which is a 401.
            authority: Signs the server's certificate; by default a sound one of this API's own.
            version: The Kubernetes version that it claims to be.
        """
        self._authenticate = authenticate
        self._authority = authority or CertificateAuthority()
        self._store = Store()
        self._objects = Objects(self._store)
        self._authorizer = Authorizer(self._store)
        self._closing = threading.Event()
        self.faults = Faults(self._closing)
        #: Everything that was asked, in the order in which it came.
        self.requests: list[Request] = []
        self._endpoints = Endpoints(self._store, self._authorizer, version, self._closing)
        self._server = TlsServer(
            self._authority.server_context(), self._answer, self.faults.silences_handshake, self._closing
        )
        seed(self.put)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def start(self) -> None:
        """Answer from now on."""
        self._server.serve()

    def close(self) -> None:
        """Stop, and leave no connection and no thread behind."""
        self._closing.set()
        self._store.wake()
        self._server.close()

    @property
    def url(self) -> str:
        """The endpoint, as DescribeCluster gives it."""
        return f"https://127.0.0.1:{self._server.port}"

    @property
    def certificate_authority_pem(self) -> bytes:
        """The certificate to trust."""
        return self._authority.pem

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Read any object without a request; None when it is not there."""
        return self._store.get(_key(api_version, kind, name, namespace))

    def put(self, manifest: dict[str, Any], *, manager: str = "local") -> dict[str, Any]:
        """Create or replace any object without a request, as a writer of this name; it is checked like any other.

        Raises:
            ApiError: Kubernetes would refuse the object.
        """
        new, _ = decode(resource_of(manifest["apiVersion"], manifest["kind"]), manifest)
        key = _key(new["apiVersion"], new["kind"], new["metadata"]["name"], new["metadata"].get("namespace", ""))
        writer = Manager(manager)
        with self._store.lock:
            if self._store.get(key) is None:
                return self._objects.add(key, new, after_update({}, new, {}, writer), writer)
            return self._objects.replace(key, new, writer)

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> None:
        """Remove any object without a request.

        Raises:
            ApiError: 404, it is not there.
        """
        self._objects.delete(_key(api_version, kind, name, namespace), b"", Options())

    def config_map(self, namespace: str, name: str) -> dict[str, Any] | None:
        """Read a ConfigMap; None when it is not there."""
        return self._store.get(Key(CONFIG_MAPS, namespace, name))

    def put_config_map(
        self, namespace: str, name: str, data: dict[str, str], *, manager: str = "local", **metadata: object
    ) -> dict[str, Any]:
        """Create a ConfigMap or replace it whole, as a foreign writer; `metadata` is for instance `annotations={…}`."""
        place = {"name": name, "namespace": namespace}
        manifest = {"apiVersion": "v1", "kind": CONFIG_MAPS.kind, "metadata": metadata | place, "data": data}
        return self.put(manifest, manager=manager)

    def put_node(
        self,
        name: str,
        *,
        labels: dict[str, str],
        provider_id: str,
        ready: bool = True,
        node_info: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Let a node join, or change it.

        Args:
            name: Its name, for instance its private DNS name.
            labels: For instance `kubernetes.io/os`.
            provider_id: `aws:///<zone>/<instance id>`.
            ready: Whether its condition Ready is true.
            node_info: What its kubelet reports, for instance `kubeletVersion` and `osImage`.
        """
        condition = {"type": "Ready", "status": str(ready)}
        return self.put(
            {
                "apiVersion": "v1",
                "kind": NODES.kind,
                "metadata": {"name": name, "labels": labels},
                "spec": {"providerID": provider_id},
                "status": {"conditions": [condition], **({"nodeInfo": node_info} if node_info else {})},
            }
        )

    def _answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        token = _bearer_token(headers)
        content_type, user_agent = headers.get("content-type", ""), headers.get("user-agent", "")
        request = Request(method, url, content_type, user_agent, token, body)
        self.requests.append(request)
        target = target_of(method, url)
        try:
            user = self._user(token)
            request.user = user.name
            self._authorizer.check(user, target)

            def proceed() -> Response:
                # Be it with a refusal: what goes wrong after the commit goes wrong for refused requests, too.
                try:
                    return self._endpoints.answer(method, target, user, headers, body)
                except ApiError as error:
                    return refusal(error)

            response = self.faults.around(method, target, proceed)
        except ApiError as error:
            response = refusal(error)
        except NoAnswer:
            raise
        except Exception as error:
            _LOGGER.exception("the local Kubernetes API failed on %s %s", method, url)
            response = refusal(internal_error(str(error)))
        request.status = response.status
        return response

    def _user(self, token: str | None) -> User:
        user = ANONYMOUS if token is None else self._authenticate(token)
        if user is None:
            raise unauthorized()
        return user


def _key(api_version: str, kind: str, name: str, namespace: str) -> Key:
    return Key(resource_of(api_version, kind), namespace, name)


def _bearer_token(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
