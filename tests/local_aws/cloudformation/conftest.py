"""One moto server for all, emptied for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.local_aws.cloudformation.stage import Front, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


_SERVE = """
import logging, os, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").disabled = True
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%s" % server.get_host_and_port(), flush=True)
sys.stdin.read()
os._exit(0)
"""


@contextmanager
def _moto(**environment: str) -> Iterator[str]:
    """Plain moto in a process of its own: what it keeps is global, and another local AWS may use it in this process."""
    command = [sys.executable, "-c", _SERVE]
    environment = {**os.environ, **environment}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        # The end of its input ends it.
        process.communicate()


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Plain moto."""
    with _moto() as url:
        yield url


@pytest.fixture(scope="module")
def moto_url_with_policies() -> Iterator[str]:
    """Moto that knows AWS's own policies, which takes it a while."""
    with _moto(MOTO_IAM_LOAD_MANAGED_POLICIES="true") as url:
        yield url


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


@pytest.fixture
def stage_with_policies(moto_url_with_policies: str, front: Front) -> Iterator[Stage]:
    """A stage where AWS's own policies exist."""
    made = Stage(moto_url_with_policies, front)
    made.empty_moto()
    yield made
    made.close()
