"""The server: quick, parallel, and gone when it is closed."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_aws.kubernetes_api import KubernetesApi
from tests.local_aws.kubernetes_api.conftest import AWS_AUTH, MAPS, MERGE, USERS, Client, config_map


def test_fifty_writers_lose_nothing(api: KubernetesApi) -> None:
    """Each adds a key with the version that it read, and again until it is not a conflict."""
    Client(api).ask("POST", MAPS, config_map(data={}))
    start = threading.Barrier(50)

    def write(number: int) -> int:
        client = Client(api, timeout=60)
        start.wait()
        conflicts = 0
        while True:
            version = client.ask("GET", AWS_AUTH).json["metadata"]["resourceVersion"]
            patch = {"metadata": {"resourceVersion": version}, "data": {f"key-{number}": "x"}}
            if client.ask("PATCH", AWS_AUTH, patch, MERGE).status == 200:
                return conflicts
            conflicts += 1

    with ThreadPoolExecutor(50) as writers:
        conflicts = sum(writers.map(write, range(50)))
    found = api.config_map("kube-system", "aws-auth")
    assert found is not None
    assert len(found["data"]) == 50
    assert conflicts == sum(request.status == 409 for request in api.requests)


def test_a_connection_is_kept_alive(admin: Client) -> None:
    """Many requests, refused ones among them, need one connection."""
    admin.ask("GET", AWS_AUTH)
    connected = admin.connection.sock
    for _ in range(3):
        assert admin.ask("GET", AWS_AUTH).status == 404
        assert admin.ask("POST", MAPS, "x" * 100_000, "application/json").status == 400
    assert admin.connection.sock is connected


def test_an_api_starts_and_closes_within_a_moment() -> None:
    """Under a tenth of a second, at best of ten, whatever else the machine does."""
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        with KubernetesApi(authenticate=USERS.get) as api:
            assert Client(api).ask("GET", "/healthz").body == b"ok"
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.1


def test_closing_leaves_no_thread_and_no_port() -> None:
    """Not even with clients that hang, watch, idle or never shook hands."""
    before = set(threading.enumerate())
    api = KubernetesApi(authenticate=USERS.get)
    api.start()
    idle, hanging, watching = (Client(api, timeout=0.2) for _ in range(3))
    idle.ask("GET", "/version")
    api.faults.hang(path="aws-auth")
    with pytest.raises(TimeoutError):
        hanging.ask("GET", AWS_AUTH)
    watching.connection.request("GET", f"{MAPS}?watch=1", headers={"Authorization": "Bearer admin"})
    port = int(api.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        api.close()
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_closing_before_starting_is_no_trouble() -> None:
    """And closing twice is not, either."""
    api = KubernetesApi(authenticate=USERS.get)
    api.close()
    with KubernetesApi(authenticate=USERS.get) as started:
        started.close()


def test_a_client_that_speaks_no_tls_disturbs_nobody(api: KubernetesApi, admin: Client) -> None:
    """Its connection ends, the others' do not."""
    with socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2])), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(100)
    assert admin.ask("GET", "/version").status == 200


def test_an_error_of_the_double_itself_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    """It is answered with 500 and logged, never a silent end."""

    def broken(_: str) -> None:
        raise RuntimeError("broken")

    with KubernetesApi(authenticate=broken) as api:
        answer = Client(api).ask("GET", AWS_AUTH)
    assert (answer.status, answer.json["message"]) == (500, "Internal error occurred: broken")
    assert "failed on GET" in caplog.text


def test_requests_are_recorded(api: KubernetesApi, admin: Client) -> None:
    """With who asked what, how, and what came of it."""
    admin.ask("PATCH", f"{AWS_AUTH}?fieldManager=x", "{}", MERGE, **{"User-Agent": "me/1"})
    Client(api, "bad").ask("GET", AWS_AUTH)
    patch, get = api.requests
    assert (patch.method, patch.path, patch.user, patch.status) == ("PATCH", f"{AWS_AUTH}?fieldManager=x", "admin", 404)
    assert (patch.content_type, patch.user_agent, patch.token, patch.body) == (MERGE, "me/1", "admin", b"{}")
    assert (get.user, get.status, get.token) == (None, 401, "bad")
