"""One moto server for all, emptied for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from tests.local_aws.cloudformation.stage import Front, Stage

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


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    """The endpoint's server."""
    made = Front()
    yield made
    made.server.close()


@pytest.fixture
def stage(moto_url: str, front: Front) -> Iterator[Stage]:
    """An endpoint without stacks, over an empty moto."""
    made = Stage(moto_url, front)
    made.empty_moto()
    yield made
    made.close()
