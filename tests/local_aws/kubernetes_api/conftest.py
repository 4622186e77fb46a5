"""One API per test, its users, and a bare HTTPS client that adds nothing to a request."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local_aws.kubernetes_api import KubernetesApi, Rule, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = {
    "admin": User("admin", frozenset({"system:masters"})),
    "limited": User(
        "limited",
        rules=(
            Rule(
                verbs=frozenset({"get"}),
                resources=frozenset({"configmaps"}),
                names=frozenset({"aws-auth", "amazon-vpc-cni"}),
                namespace="kube-system",
            ),
        ),
    ),
    "grouped": User("grouped", frozenset({"writers"})),
}
MAPS = "/api/v1/namespaces/kube-system/configmaps"
AWS_AUTH = f"{MAPS}/aws-auth"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class Client:
    """Asks as one user, over one connection."""

    def __init__(self, api: KubernetesApi, user: str | None = "admin", timeout: float = 10) -> None:
        """Trust the API's own authority, as a user with an EKS cluster does."""
        context = ssl.create_default_context(cadata=api.certificate_authority_pem.decode())
        port = int(api.url.rpartition(":")[2])
        self.connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=timeout)
        self._headers = {"Authorization": f"Bearer {user}"} if user else {}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | dict[str, Any] | list[Any] | None = None,
        content_type: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
            content_type = content_type or "application/json"
        typed = {"Content-Type": content_type} if content_type else {}
        self.connection.request(method, path, body, self._headers | typed | headers)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def config_map(name: str = "aws-auth", data: dict[str, Any] | None = None, **metadata: object) -> dict[str, Any]:
    """A ConfigMap to send."""
    content = {"data": data} if data is not None else {}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, **content}


@pytest.fixture
def api() -> Iterator[KubernetesApi]:
    """A fresh cluster's API."""
    with KubernetesApi(authenticate=USERS.get) as running:
        yield running


@pytest.fixture
def admin(api: KubernetesApi) -> Client:
    """A client that may do everything."""
    return Client(api)


@pytest.fixture
def kubeconfig(api: KubernetesApi, tmp_path: Path) -> Path:
    """A kubeconfig with one context per user; the administrator's is the current one."""
    authority = base64.b64encode(api.certificate_authority_pem).decode()
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": api.url, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": {"token": user}} for user in USERS],
        "contexts": [{"name": user, "context": {"cluster": "local", "user": user}} for user in USERS],
        "current-context": "admin",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(content), "utf-8")
    return path
