"""The CDK CLI's whole life cycle, without an account."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_aws import LocalAws
    from tests.deployment.conftest import Cdk

    Describe = Callable[[str], dict[str, Any]]


def _said(stack: dict[str, Any]) -> str:
    return str({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}["Said"])


def test_bootstrap_makes_what_deployments_need(bootstrapped: LocalAws, stack: Describe) -> None:
    """The bootstrap stack is complete, its bucket there, and its version can be read."""
    assert stack("CDKToolkit")["StackStatus"] == "CREATE_COMPLETE"
    bucket = f"cdk-hnb659fds-assets-{bootstrapped.account}-{bootstrapped.region}"
    bootstrapped.client("s3").head_bucket(Bucket=bucket)
    version = bootstrapped.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"]
    assert int(version) >= 6


def test_life_of_a_stack(bootstrapped: LocalAws, cdk: Cdk, stack: Describe) -> None:
    """Deployed, left alone, updated, rolled back after a failure, compared, destroyed: with the function really run."""
    cdk("deploy", "Life", "--require-approval=never")
    assert _said(stack("Life")) == "hello!"
    (name,) = (name for name in bootstrapped.functions.function_names() if name.startswith("Life-"))
    assert bootstrapped.function_logs(name).splitlines() == ["Create hello '3'"]

    assert "(no changes)" in cdk("deploy", "Life", "--require-approval=never")
    assert stack("Life")["StackStatus"] == "CREATE_COMPLETE"

    cdk("deploy", "Life", "--require-approval=never", "--parameters", "Word=bye")
    assert stack("Life")["StackStatus"] == "UPDATE_COMPLETE"
    assert _said(stack("Life")) == "bye!"

    failed = cdk("deploy", "Life", "--require-approval=never", "--parameters", "Word=fail", returncode=1)
    assert "the word was fail" in failed
    assert stack("Life")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert _said(stack("Life")) == "bye!"

    cdk("destroy", "Life", "--force")
    with pytest.raises(ClientError, match="does not exist"):
        stack("Life")
    assert name not in bootstrapped.functions.functions
    requests = [line.split()[:2] for line in bootstrapped.function_logs(name).splitlines()]
    assert requests == [
        ["Create", "hello"],
        ["Update", "bye"],
        ["Update", "fail"],
        ["Update", "bye"],
        ["Delete", "bye"],
    ]


def test_failed_creation_leaves_nothing_but_its_reason(bootstrapped: LocalAws, cdk: Cdk, stack: Describe) -> None:
    """The reason is printed, everything made is removed, and the next deployment begins anew; its diff is empty."""
    failed = cdk("deploy", "Failing", "--require-approval=never", "--parameters", "Word=fail", returncode=1)
    assert "the word was fail" in failed
    assert stack("Failing")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert not [name for name in bootstrapped.functions.functions if name.startswith("Failing-")]
    cdk("deploy", "Failing", "--require-approval=never")
    assert stack("Failing")["StackStatus"] == "CREATE_COMPLETE"
    assert "There were no differences" in cdk("diff", "Failing", "--fail")


@pytest.mark.skipif(os.name == "nt", reason="asks POSIX whether a process is there")
def test_command_that_takes_too_long_is_ended_with_its_app(bootstrapped: LocalAws, tmp_path: Path) -> None:
    """Neither the CLI nor the app that it runs is left when the time is over."""
    noted = tmp_path / "pid"
    (tmp_path / "app.py").write_text(
        f"import os, pathlib, time\npathlib.Path({str(noted)!r}).write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        bootstrapped.cdk("synth", "--app", "python app.py", cwd=tmp_path, timeout=10)
    # The app's parent is gone, too: somebody else must take note of its end first.
    end = time.monotonic() + 30
    while _runs(int(noted.read_text())):
        assert time.monotonic() < end
        time.sleep(0.1)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
