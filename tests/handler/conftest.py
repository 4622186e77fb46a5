"""The stage for the function, short pauses, and a watch over everything that it logs and answers."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from local_aws.kubernetes_api import CertificateAuthority, KubernetesApi
from tests.handler import secrets
from tests.handler.stage import REGION, SECRETS, AwsDouble, Stage
from windows_nodegroup.handler import aws, cloudformation, config_map, eks, index, log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_aws.kubernetes_api import User


@pytest.fixture(scope="package", autouse=True)
def watch() -> Iterator[secrets.Watch]:
    """Collect what all tests of the function log, at every level, and look for secrets in it at the end."""
    collected = secrets.Watch()
    log.configure()
    loggers = [logging.getLogger(), logging.getLogger(log.__package__)]
    level = loggers[0].level
    loggers[0].setLevel(logging.DEBUG)  # as with AWS_LAMBDA_LOG_LEVEL=DEBUG
    for logger in loggers:
        logger.addHandler(collected)
    yield collected
    for logger in loggers:
        logger.removeHandler(collected)
    loggers[0].setLevel(level)
    assert collected.findings() == []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses short; how often and in which order things are tried stays."""
    monkeypatch.setattr(index, "LEAVING_SECONDS", 0.1)
    monkeypatch.setattr(aws, "CALL_BACKOFF", (0.01, 0.1))
    monkeypatch.setattr(cloudformation, "DELIVERY_BACKOFF", (0.01, 0.1))
    monkeypatch.setattr(config_map, "CONFLICT_BACKOFF", (0.01, 0.2))
    monkeypatch.setattr(config_map, "TROUBLE_BACKOFF", (0.02, 0.1))
    monkeypatch.setattr(eks, "POLL_SECONDS", 0.05)


@pytest.fixture
def open_stage(
    monkeypatch: pytest.MonkeyPatch,
    quick: None,  # noqa: ARG001 — no test waits for real
    watch: secrets.Watch,
) -> Iterator[Callable[[CertificateAuthority], Stage]]:
    """Opens a stage whose Kubernetes API has a certificate of this authority, and sets the function's environment."""
    for name, value in {**SECRETS, "AWS_ACCESS_KEY_ID": "function-key", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("URL_SUFFIX", "amazonaws.com")
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:

        def open_with(authority: CertificateAuthority) -> Stage:
            aws_double = stack.enter_context(AwsDouble())
            monkeypatch.setenv("AWS_ENDPOINT_URL", aws_double.url)
            stages: list[Stage] = []

            def authenticate(token: str) -> User | None:
                return stages[0].authenticate(token)

            kubernetes = stack.enter_context(KubernetesApi(authenticate=authenticate, authority=authority))
            opened = Stage(aws_double, kubernetes)
            stages.append(opened)
            stack.callback(lambda: watch.tokens.update(opened.tokens))
            stack.callback(lambda: watch.texts.extend(d.body.decode() for d in aws_double.deliveries))
            return opened

        yield open_with


@pytest.fixture
def stage(open_stage: Callable[[CertificateAuthority], Stage]) -> Stage:
    """An ACTIVE cluster, and the function's environment."""
    return open_stage(CertificateAuthority())
