"""The cases T1 to T4: whom the function trusts with its token."""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from local_aws.kubernetes_api import CertificateAuthority
from tests.handler import own_process
from tests.handler.stage import ROLE, Stage
from tests.handler.test_catalogue_create import ENTRY, entries
from windows_nodegroup.handler import config_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.handler.secrets import Watch

    OpenStage = Callable[[CertificateAuthority], Stage]

_STRICT = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cadata=open(sys.argv[2]).read())
try:
    urllib.request.urlopen(sys.argv[1], context=context)
except OSError as error:
    sys.exit(str(error))
"""


def test_t01_authority_without_key_ids(open_stage: OpenStage) -> None:
    """An authority without key ids, as EKS has them, is accepted."""
    stage = open_stage(CertificateAuthority(key_ids=False))
    stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]


@pytest.mark.parametrize("version", ["3.13", "3.14"])
def test_t01_authority_without_key_ids_on_strict_pythons(
    open_stage: OpenStage, tmp_path: Path, watch: Watch, version: str
) -> None:
    """Pythons whose default refuses such an authority accept it, too; and their default does refuse it."""
    python = own_process.interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here: nothing is known about it")
    stage = open_stage(CertificateAuthority(key_ids=False))
    pem = tmp_path / "authority.pem"
    pem.write_bytes(stage.kubernetes.certificate_authority_pem)
    refused = subprocess.run(
        [python, "-c", _STRICT, stage.kubernetes.url, str(pem)], check=False, capture_output=True, text=True
    )
    assert "Missing Authority Key Identifier" in refused.stderr
    finished = own_process.run(own_process.make_asset(tmp_path / "asset"), stage.event("Create"), python=python)
    watch.texts.append(finished.stdout + finished.stderr)
    assert finished.returncode == 0, finished.stderr
    assert stage.aws.deliveries[0].answer["Status"] == "SUCCESS"
    assert entries(stage.map_roles) == [ENTRY]


def test_t02_wrong_authority(stage: Stage) -> None:
    """A server whose certificate another authority signed is refused before the token is shown, and not asked again."""
    assert stage.aws.cluster
    stage.aws.cluster["certificateAuthority"] = {"data": base64.b64encode(CertificateAuthority().pem).decode()}
    assert "[WNG909]" in stage.fail("Create")
    assert stage.tokens == []


def test_t02_wrong_host(open_stage: OpenStage) -> None:
    """A certificate for another host is refused."""
    stage = open_stage(CertificateAuthority(hosts=("cluster.example",)))
    assert "[WNG909]" in stage.fail("Create")
    assert stage.tokens == []


def test_t02_expired_certificate(open_stage: OpenStage) -> None:
    """An expired certificate is refused."""
    stage = open_stage(CertificateAuthority(expired=True))
    reason = stage.fail("Create")
    assert "expired" in reason
    assert "[WNG909]" in reason
    assert stage.tokens == []


@pytest.mark.parametrize("data", ["", base64.b64encode(b"nonsense").decode()])
def test_t02_no_authority(stage: Stage, data: str) -> None:
    """Without an authority that can be read nobody is trusted, not even those whom the machine knows."""
    assert stage.aws.cluster
    stage.aws.cluster["certificateAuthority"] = {"data": data}
    assert "[WNG909]" in stage.fail("Create")
    assert stage.tokens == []


def test_t02_only_https(stage: Stage) -> None:
    """An endpoint without TLS gets no token."""
    assert stage.aws.cluster
    stage.aws.cluster["endpoint"] = stage.aws.url
    assert "is not https" in stage.fail("Create")


def test_t03_redirects_are_not_followed(stage: Stage, open_stage: OpenStage) -> None:
    """A redirect is refused: the token must not go elsewhere, even to a server that would be trusted."""
    elsewhere = open_stage(CertificateAuthority())
    url = f"{elsewhere.kubernetes.url}/api/v1/namespaces/kube-system/configmaps/aws-auth"
    stage.kubernetes.faults.redirect(url)
    elsewhere.aws.cluster = stage.aws.cluster
    assert "redirects" in elsewhere.fail("Create")
    assert elsewhere.kubernetes.requests == []


class Proxy:
    """A proxy that knows only CONNECT, and leads everything to one port."""

    def __init__(self, port: int) -> None:
        """Open."""
        self.heads: list[bytes] = []
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:p%40ss@127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close."""
        with suppress(OSError):  # a thread left in `accept` would take the connections of whoever gets its descriptor
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.heads.append(client.recv(65536))
            target = socket.create_connection(self._target)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for source, sink in ((client, target), (target, client)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.close()
    except OSError:
        pass


@pytest.fixture
def behind_proxy(open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Proxy]]:
    """A cluster whose name resolves nowhere but at a proxy."""
    stage = open_stage(CertificateAuthority(hosts=("cluster.example", "127.0.0.1")))
    proxy = Proxy(int(stage.kubernetes.url.rpartition(":")[2]))
    assert stage.aws.cluster
    stage.aws.cluster["endpoint"] = "https://cluster.example"
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setattr(config_map, "NETWORK_SECONDS", 0.1)
    yield stage, proxy
    proxy.close()


def test_t04_proxy_is_used(behind_proxy: tuple[Stage, Proxy]) -> None:
    """`HTTPS_PROXY` leads to the cluster; the proxy sees the host's name and its own credentials, and no token."""
    stage, proxy = behind_proxy
    stage.succeed("Create")
    assert entries(stage.map_roles) == [ENTRY]
    (head,) = proxy.heads
    assert head.startswith(b"CONNECT cluster.example:443 ")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"user:p@ss") in head
    assert b"Bearer" not in head


def test_t04_no_proxy_is_honoured(behind_proxy: tuple[Stage, Proxy], monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that `NO_PROXY` names is asked directly."""
    stage, proxy = behind_proxy
    monkeypatch.setenv("NO_PROXY", "localhost,.example")
    assert "does not resolve" in stage.fail("Create")
    assert proxy.heads == []


def test_t04_loopback_is_never_behind_a_proxy(behind_proxy: tuple[Stage, Proxy]) -> None:
    """This machine itself is asked directly, as kubectl does it."""
    stage, proxy = behind_proxy
    assert stage.aws.cluster
    stage.aws.cluster["endpoint"] = stage.kubernetes.url
    stage.succeed("Create", ROLE)
    assert proxy.heads == []
