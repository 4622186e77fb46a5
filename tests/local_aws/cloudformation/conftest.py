"""One moto server for all, emptied for each test."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from tests.local_aws.cloudformation.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Plain moto."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def stage(moto_url: str) -> Iterator[Stage]:
    """An endpoint without stacks, over an empty moto."""
    reset = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")  # noqa: S310 - loopback
    urllib.request.urlopen(reset).close()  # noqa: S310 - loopback
    made = Stage(moto_url)
    yield made
    made.close()
