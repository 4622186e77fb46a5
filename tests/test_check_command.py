"""The operators' command that checks a cluster before any deployment."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from windows_nodegroup import check_command, check_output
from windows_nodegroup.check_command import FAILED, OK, USAGE
from windows_nodegroup.handler.checks.aws import NoCallerError
from windows_nodegroup.handler.checks.check import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws import LocalAws
    from local_aws.cluster_creation import LocalCluster

pytestmark = pytest.mark.xdist_group("check_command")

NAME = "checked"


@pytest.fixture(scope="module")
def cluster(aws: LocalAws) -> LocalCluster:
    """A healthy cluster with a Linux node, Windows support and a map of its own."""
    cluster = aws.create_cluster(NAME, version="1.34", aws_auth="[]")
    cluster.kubernetes.put_node("linux", labels={"kubernetes.io/os": "linux"}, provider_id="aws:///us-west-2a/i-1")
    cluster.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "true"})
    return cluster


@pytest.fixture
def unconfigured(aws: LocalAws, cluster: LocalCluster) -> Iterator[LocalCluster]:
    """The same cluster with the managed add-on vpc-cni, whose configuration says nothing of Windows."""
    eks = aws.client("eks")
    eks.create_addon(clusterName=cluster.name, addonName="vpc-cni")
    yield cluster
    eks.delete_addon(clusterName=cluster.name, addonName="vpc-cni")
    cluster.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", {"enable-windows-ipam": "true"})


@pytest.fixture(autouse=True)
def _terminal(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    # The function's tests in the same process have it log to standard output, as in Lambda.
    monkeypatch.setattr(logging.getLogger("windows_nodegroup.handler"), "handlers", [])


def check(*arguments: str) -> int:
    """Run the command with these arguments; return its exit status."""
    parser = argparse.ArgumentParser()
    check_command.configure(parser)
    return check_command.run(parser.parse_args(arguments))


def everything(cluster: LocalCluster) -> list[str]:
    """Return arguments that give everything, all of it right."""
    return [
        *("--cluster", cluster.name, "--vpc", cluster.vpc_id, "--subnets", ",".join(cluster.subnet_ids)),
        *("--instance-types", "t3.large", "m5.large", "--security-groups", cluster.security_group_id),
        *("--os", "2022", "--edition", "Full", "--kubernetes-version", "1.34", "--volume-size", "50"),
        *("--authentication-mode", "API_AND_CONFIG_MAP", "--node-access", "aws-auth", "--function-in-vpc", "false"),
        *("--node-role-arn", "arn:aws:iam::123456789012:role/nodes", "--waits-for-signals"),
        *("--kubectl-role-arn", cluster.creator_role_arn),
    ]


def test_a_healthy_cluster(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """When all is right, every check that has something to look at has passed, and the exit status says so."""
    assert check(*everything(cluster)) == OK
    output = capsys.readouterr()

    *rows, _, counts = output.out.splitlines()
    assert all(row[7:13] == "passed" for row in rows)
    # No sizes are declared, no access entry is used, and no add-on is installed.
    idle = {"PF304", "PF504", *(f"PF{number}" for number in range(506, 512)), "PF601", "PF602", "PF603"}
    assert {row[:5] for row in rows} == {each.code for each in check_output.CHECKS} - idle
    assert counts == f"{len(rows)} passed, {len(idle)} not needed"
    assert output.err == f"checking cluster {NAME} in us-west-2\n"


def test_a_wrong_name(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """A name in the wrong case fails at once with the right one, and nothing else is asked."""
    assert check("--cluster", cluster.name.upper()) == FAILED
    output = capsys.readouterr().out

    assert output.startswith("PF101  failed ")
    assert f"there is no cluster CHECKED in us-west-2, but there is {NAME} (case matters)\n" in output
    assert output.endswith("\n1 failed\n")


def test_a_cluster_of_another_region(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """A cluster that is in another region does not exist here, and subnets that do not either say why."""
    assert check("--cluster", cluster.name, "--region", "eu-west-1", "--subnets", *cluster.subnet_ids) == FAILED
    output = capsys.readouterr().out

    assert output.startswith("PF101  failed ")
    assert "there is no cluster checked in eu-west-1, and the subnets are not there either: " in output


def test_problems_with_their_cures(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """All problems are shown at once, each with its cure and the page; a failure that is acknowledged only warns."""
    wrong = ["--cluster", cluster.name, "--subnets", "subnet-0aaaaaaaaaaaaaaaa", "--instance-types", "m6g.large"]

    assert check(*wrong) == FAILED
    output = capsys.readouterr().out
    assert "there is no subnet subnet-0aaaaaaaaaaaaaaaa in us-west-2\n" in output
    assert "instance type m6g.large is arm64, not x86_64\n" in output
    assert "-> give subnets of the cluster's VPC\n" in output
    assert "   https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html\n" in output

    assert check(*wrong, "--acknowledge", "PF202,PF301") == OK
    assert "PF202  warned " in capsys.readouterr().out


def test_json(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """For machines, all outcomes are JSON."""
    assert check("--cluster", cluster.name, "--instance-types", "t33.large", "--json") == FAILED
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    outcomes = {outcome["code"]: outcome for outcome in report["checks"]}

    assert (report["cluster"], report["region"], report["failed"]) == (NAME, "us-west-2", True)
    assert len(outcomes) == len(check_output.CHECKS)
    assert outcomes["PF101"]["status"] == "passed"
    assert outcomes["PF202"]["reason"] == "no subnets were declared"
    assert outcomes["PF301"]["problems"] == ["there is no instance type t33.large in us-west-2"]
    assert outcomes["PF301"]["severity"] == "fails"
    assert outcomes["PF701"]["status"] == "not checked"


def test_an_image_that_aws_does_not_make(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """A Windows version without images for the cluster's Kubernetes version fails."""
    assert check("--cluster", cluster.name, "--os", "2025") == FAILED
    output = capsys.readouterr().out

    assert "Windows Server 2025 needs Kubernetes 1.35, cluster checked has 1.34" in output
    assert "AWS has no image of Windows Server 2025 Core for Kubernetes 1.34 in us-west-2" in output

    assert check("--cluster", cluster.name, "--os", "2025", "--acknowledge", "PF401", "PF109") == OK
    assert "PF401  warned " in capsys.readouterr().out


def test_the_functions_network(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """The subnets and security groups that the function shall have are looked at as well."""
    network = ["--function-subnets", "subnet-0aaaaaaaaaaaaaaaa", "--function-security-groups", "sg-0aaaaaaaaaaaaaaaa"]

    assert check("--cluster", cluster.name, *network) == FAILED
    output = capsys.readouterr().out
    assert "there is no subnet subnet-0aaaaaaaaaaaaaaaa in us-west-2\n" in output
    assert "there is no security group sg-0aaaaaaaaaaaaaaaa in us-west-2\n" in output
    assert "PF505  passed " in output


@pytest.mark.parametrize(
    ("in_map", "options", "status"),
    [
        (None, ["--kubectl-role-arn", "CREATOR"], "failed"),
        ("true", ["--kubectl-role-arn", "CREATOR"], "warned"),
        (None, [], "warned"),
        (None, ["--kubectl-role-arn", "CREATOR", "--acknowledge", "PF602"], "warned"),
        (None, ["--kubectl-role-arn", "CREATOR", "--windows-ipam", "existing"], "warned"),
        (None, ["--kubectl-role-arn", "CREATOR", "--windows-ipam", "update", "--all"], "not needed"),
    ],
)
def test_an_add_on_that_is_not_configured(
    unconfigured: LocalCluster, capsys: pytest.CaptureFixture[str], in_map: str | None, options: list[str], status: str
) -> None:
    """An add-on without Windows fails where the deployment would: nobody completes it, and the map is not complete."""
    settings = {"enable-windows-ipam": in_map} if in_map else {}
    unconfigured.kubernetes.put_config_map("kube-system", "amazon-vpc-cni", settings)
    options = [unconfigured.creator_role_arn if each == "CREATOR" else each for each in options]

    assert check("--cluster", unconfigured.name, *options) == (FAILED if status == "failed" else OK)
    assert f"PF602  {status} " in capsys.readouterr().out


def test_an_image_that_may_not_be_looked_up(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the parameter is out of reach, the image is not checked, and the rest is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:1")

    assert check("--cluster", cluster.name, "--os", "2022") == OK
    assert "(ssm is out of reach)" in capsys.readouterr().out


def test_nothing_to_look_at_is_shown_on_request(cluster: LocalCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not declared is left out of the table unless everything is asked for."""
    check("--cluster", cluster.name)
    short = capsys.readouterr().out
    check("--cluster", cluster.name, "--all")

    assert "PF202" not in short
    assert "PF202  not needed   The subnets exist and are in the cluster's VPC (no subnets were declared)\n" in (
        capsys.readouterr().out
    )


def test_a_cluster_that_is_not_ready(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cluster that is not ACTIVE fails, after the time that the caller is ready to wait."""
    waited: list[float] = []
    monkeypatch.setattr(cluster.record, "status", "UPDATING")
    monkeypatch.setattr("windows_nodegroup.check_command.time.sleep", waited.append)
    monkeypatch.setattr("windows_nodegroup.check_command.time.monotonic", lambda: 10.0 * len(waited))

    assert check("--cluster", cluster.name, "--wait", "30") == FAILED
    output = capsys.readouterr()
    assert "cluster checked is UPDATING, wait for it to become ACTIVE\n" in output.out
    assert waited == [10, 10, 10]
    assert output.err.count("waiting for cluster checked to become ACTIVE") == 3


@pytest.mark.parametrize(
    ("arguments", "unset", "message"),
    [
        ([], (), "--cluster is missing"),
        (["--cluster", NAME], ("AWS_REGION", "AWS_DEFAULT_REGION"), "there is no region"),
        (["--cluster", NAME], ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "Unable to locate credentials"),
        (["--cluster", NAME, "--profile", "nobody"], (), "The config profile (nobody) could not be found"),
        (["--cluster", NAME, "--region", "us west"], (), "eks:DescribeCluster cannot be asked: InvalidRegionError"),
        (["--cluster", NAME, "--kubernetes-version", "foo"], (), "'foo': give one like 1.33"),
        (["--cluster", NAME, "--volume-size", "50GB"], (), "'50GB': give a whole number of GiB"),
        *((["--cluster", NAME, f"--wait={wait}"], (), f"{wait}: give a number") for wait in ("nan", "inf", "-1.0")),
        (["--cluster", NAME, "--acknowledge", "PF202,PF999"], (), "has PF999: give some of PF103, PF104, "),
        (["--cluster", NAME, "--acknowledge", "PF101"], (), "has PF101: give some of PF103, PF104, "),
        (["--cluster", NAME, "--function-in-vpc", "false", "--function-subnets", "x"], (), "leave one of them out"),
    ],
)
def test_usage(
    arguments: list[str],
    unset: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the command cannot work with has an exit status of its own, and nothing on standard output."""
    for name in unset:
        monkeypatch.delenv(name)

    assert check(*arguments) == USAGE
    output = capsys.readouterr()
    assert message in output.err
    assert output.out == ""

    assert check(*arguments, "--json") == USAGE
    assert message in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_regions_variable(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    """Either variable of the AWS CLI says the region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv(variable, "us-west-2")

    assert check("--cluster", cluster.name) == OK
    assert capsys.readouterr().err == f"checking cluster {NAME} in us-west-2\n"


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("eks:DescribeCluster answered ExpiredTokenException", "ExpiredTokenException: log in again (`aws sso login`"),
        ("Error loading SSO Token", "Error loading SSO Token: log in again"),
    ],
)
def test_expired_credentials(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trouble: str, message: str
) -> None:
    """Credentials that have expired are no failed check: the command says how to renew them, and for machines, too."""

    def refuse(*_: object, **__: object) -> None:
        raise NoCallerError(trouble)

    monkeypatch.setattr(check_command, "look_up", refuse)

    assert check("--cluster", NAME, "--json") == USAGE
    output = capsys.readouterr()
    assert message in output.err
    assert message in json.loads(output.out)["error"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("credential_process = /nowhere/login", "No such file or directory: '/nowhere/login'): log in again"),
        ("credential_process = echo hello", "Expecting value: line 1 column 1 (char 0)): log in again"),
        (
            "role_arn = arn:aws:iam::123456789012:role/nodes\nweb_identity_token_file = /nowhere/token",
            "No such file or directory: '/nowhere/token'): log in again",
        ),
    ],
    ids=["absent", "no JSON", "no token"],
)
def test_credentials_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, message: str
) -> None:
    """What is wrong with the way to the credentials is said in one line, with the cure, and for machines, too."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(f"[default]\n{config}\n", encoding="utf-8")

    assert check("--cluster", NAME, "--json") == USAGE
    output = capsys.readouterr()
    progress, line = output.err.splitlines()
    assert progress == f"checking cluster {NAME} in us-west-2"
    assert message in line
    assert message in json.loads(output.out)["error"]


def test_an_endpoint_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable that should hold a URL and does not is named."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")

    assert check("--cluster", NAME) == USAGE
    assert capsys.readouterr().err.splitlines()[1:] == [
        "check: Invalid endpoint: localhost:4566: give AWS_ENDPOINT_URL, or the service's own, a whole URL, or unset it"
    ]


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send another one Ctrl-C on Windows")
@pytest.mark.parametrize("service", ["EKS", "EC2"])
def test_interrupted(cluster: LocalCluster, service: str) -> None:
    """Whoever interrupts the command waits for nothing, whatever it was waiting for, and sees no traceback."""
    # Where the tests run in the background, a process ignores the signal unless it is told not to.
    script = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('windows_nodegroup', run_name='__main__', alter_sys=True)"
    )
    command = [sys.executable, "-c", script, "check", "--cluster", cluster.name, "--subnets", *cluster.subnet_ids]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {**os.environ, f"AWS_ENDPOINT_URL_{service}": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=60)

    assert (process.returncode, out, error) == (130, "", f"checking cluster {NAME} in us-west-2\n")


def test_a_kubectl_role_that_does_not_trust_the_caller(
    aws: LocalAws, cluster: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal a refusal is believed at once: permissions are not seconds old there."""
    start = time.monotonic()
    role = f"arn:aws:iam::{aws.account}:role/nobodys"

    assert check("--cluster", cluster.name, "--kubectl-role-arn", role) == OK
    assert f"(sts:AssumeRole of {role} failed (AccessDenied" in capsys.readouterr().out
    assert time.monotonic() - start < 10


def test_an_account_that_may_ask_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """When not even the cluster can be described, the command says why and does not count it as a failed check."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    assert check("--cluster", NAME) == USAGE
    assert "eks is out of reach" in capsys.readouterr().err


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for terminals, or for who forces them; NO_COLOR wins."""
    outcome = Outcome(check_output.CHECKS[0], Status.FAILED, ("odd",))
    plain = check_output.table([outcome])
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = check_output.table([outcome])
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[1;31mfailed" in coloured
    assert "\x1b" not in plain
    assert check_output.table([outcome]) == plain


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal one line counts the checks, and is gone at the end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with check_output.Progress() as progress:
        progress.count(Outcome(check_output.CHECKS[0], Status.PASSED))

    assert capsys.readouterr().err == f"\r\x1b[2K1 of {len(check_output.CHECKS)} checks: PF101 passed\r\x1b[2K"


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/checks.md is what `check --list` prints; print it there again if this fails."""
    assert check("--list") == OK
    written = Path(__file__).parents[1] / "docs" / "checks.md"

    assert capsys.readouterr().out == written.read_text("utf-8")


def test_it_starts_without_the_cdk() -> None:
    """The command does not load the CDK."""
    script = "import sys, windows_nodegroup.check_command; sys.exit('aws_cdk' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
