"""What tests of all parts share: a local AWS that runs as long as the tests do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """A local AWS for tests that name what they make so that it gets into nobody's way."""
    with LocalAws() as started:
        yield started
