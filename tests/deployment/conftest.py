"""A bootstrapped local AWS, and the CDK CLI in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local_aws import LocalAws
from tests.deployment.tiny_app import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds for one command of the CLI, on a busy machine.
_PATIENCE = 180


class Cdk(Protocol):
    """Runs the CDK CLI; what it printed, both streams together."""

    def __call__(self, *arguments: str, returncode: int = 0) -> str:
        """Run it, and require that it ends with this code."""


@pytest.fixture(scope="session")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS whose account was bootstrapped by `cdk bootstrap`."""
    with LocalAws() as aws:
        elsewhere = tmp_path_factory.mktemp("bootstrap")
        done = aws.cdk("bootstrap", f"aws://{aws.account}/{aws.region}", cwd=elsewhere, timeout=_PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr
        yield aws


@pytest.fixture(scope="session")
def cdk(bootstrapped: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The CLI with the tiny app, which is synthesized once."""
    directory = tmp_path_factory.mktemp("tiny-app")
    synthesize(directory / "assembly")

    def run(*arguments: str, returncode: int = 0) -> str:
        done = bootstrapped.cdk(*arguments, "--app", "assembly", cwd=directory, timeout=_PATIENCE)
        output = done.stdout + done.stderr
        assert done.returncode == returncode, output
        return output

    return run


@pytest.fixture
def stack(bootstrapped: LocalAws) -> Any:
    """Describe a stack by its name."""

    def describe(name: str) -> dict[str, Any]:
        (found,) = bootstrapped.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return dict(found)

    return describe
