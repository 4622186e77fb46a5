"""What tests of all parts share: an environment for the CDK, and a local AWS that runs as long as the tests do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

# Node stands beside this Python; jsii would otherwise take whatever the PATH has.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
# CDK's validation of templates takes more than a second an app; the tests that want it turn it on.
os.environ.setdefault("CDK_VALIDATION", "false")


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """A local AWS for tests that name what they make so that it gets into nobody's way."""
    with LocalAws() as started:
        yield started
