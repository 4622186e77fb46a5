"""`python -m windows_nodegroup check`: the preflight from a terminal, before any deployment, as whoever calls."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from .check_output import Progress, as_json, page, summary, table
from .handler import log
from .handler.aws import Session
from .handler.checks.add_ons import AddOnEnablesWindows
from .handler.checks.aws import CONFIG, Aws, NoCallerError, NotFoundError
from .handler.checks.catalogue import AWS_CHECKS
from .handler.checks.check import NotCheckedError, Outcome, Status
from .handler.checks.declared import Declared
from .handler.checks.image import ImageExists
from .handler.checks.in_cluster import WindowsAddressesEnabled
from .handler.checks.runner import check_aws, check_cluster, look_up
from .handler.cluster_preflight import SECONDS, Kubernetes
from .handler.deadline import Deadline

if TYPE_CHECKING:
    import argparse

    from botocore.client import BaseClient
    from botocore.credentials import ReadOnlyCredentials

    from .handler.checks.facts import Facts

OK, FAILED, USAGE = 0, 1, 2

_POLL_SECONDS = 10
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
_CREDENTIALS = (
    "log in again (`aws sso login`, `aws configure`), or give --profile; `aws sts get-caller-identity` tests it"
)
_IMAGE = "/aws/service/ami-windows-latest/Windows_Server-{os}-English-{edition}-EKS_Optimized-{version}/image_id"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.description = (
        "Ask AWS and the cluster whether Windows nodes can join. What is not given is not checked. "
        "Exit status: 0 no check failed, 1 some did, 2 the command cannot work like this, 130 interrupted."
    )
    option = parser.add_argument
    option("--list", action="store_true", help="describe every check, as Markdown, and stop")
    option("--cluster", metavar="NAME", help="the cluster's name")
    option("--region", help="its region; default: the profile's")
    option("--profile", help="the profile whose credentials ask; default: as the AWS CLI finds them")
    option("--subnets", nargs="+", default=[], metavar="ID", help="where the nodes shall be launched")
    option("--instance-types", nargs="+", default=[], metavar="TYPE", help="what shall be launched")
    option("--security-groups", nargs="+", default=[], metavar="ID", help="the groups to be attached to the nodes")
    option("--vpc", default="", metavar="ID", help="the VPC")
    image = parser.add_mutually_exclusive_group()
    image.add_argument("--image-id", default="", metavar="AMI", help="the image of the nodes")
    image.add_argument("--os", default="", choices=["2019", "2022", "2025"], help="the Windows version of AWS's image")
    option("--edition", default="Core", choices=["Core", "Full"], help="the edition of AWS's image; default: Core")
    option("--kubernetes-version", default="", metavar="1.NN", help="the image's; default: the cluster's")
    option("--volume-size", default="", metavar="GIB", help="the size of the root volume")
    option("--authentication-mode", default="", choices=_MODES, help="the cluster's mode, as the template takes it")
    option("--node-access", default="", choices=["aws-auth", "access-entry", "existing"], help="what lets the nodes in")
    option("--node-role-arn", default="", metavar="ARN", help="the nodes' role, if it exists already")
    option(
        "--function-in-vpc", choices=["true", "false"], default="", help="whether the stack's function runs in subnets"
    )
    option("--function-subnets", nargs="+", default=[], metavar="ID", help="those subnets")
    option("--function-security-groups", nargs="+", default=[], metavar="ID", help="the function's groups in them")
    option(
        "--windows-ipam",
        default="advise",
        choices=["advise", "update", "existing"],
        help="what is done about an add-on vpc-cni that is not configured for Windows; default: advise, and fail",
    )
    option("--waits-for-signals", action="store_true", help="creation waits for the nodes' signals")
    option("--acknowledge", nargs="+", default=[], metavar="CODE", help="failing checks that shall only warn")
    option("--kubectl-role-arn", default="", metavar="ARN", help="the role to assume for the Kubernetes API")
    option("--wait", type=float, default=0, metavar="SECONDS", help="how long to wait for an ACTIVE cluster")
    option("--all", action="store_true", help="also show the checks that had nothing to look at")
    option("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Make the checks and print what came out.

    Returns:
        The exit status.
    """
    if arguments.list:
        sys.stdout.write(page())
        return OK
    as_machine = arguments.json
    if wrong := _wrong(arguments):
        return _usage(wrong, as_machine)
    logging.getLogger(log.__package__).addHandler(logging.NullHandler())  # what the function would log is shown below
    try:
        with Progress() as progress:
            caller = _Caller(arguments.profile, arguments.region)
            if not caller.region:
                return _usage("there is no region: give --region, or set AWS_REGION", as_machine)
            outcomes = _check(arguments, caller, progress)
    except (NoCallerError, CredentialRetrievalError, NoCredentialsError, SSOError, TokenRetrievalError) as error:
        return _usage(f"{error}: {_CREDENTIALS}", as_machine)
    except (BotoCoreError, NotCheckedError) as error:
        return _usage(str(error), as_machine)
    if as_machine:
        sys.stdout.write(as_json(arguments.cluster, caller.region, outcomes) + "\n")
    else:
        sys.stdout.write(f"{table(outcomes, everything=arguments.all)}\n\n{summary(outcomes)}\n")
    return FAILED if any(outcome.status is Status.FAILED for outcome in outcomes) else OK


class _Caller:
    """Who asks: the credentials and the region of a profile."""

    def __init__(self, profile: str | None, region: str | None) -> None:
        self._botocore = botocore.session.Session(profile=profile)
        # Of the two variables of the AWS CLI, boto3 reads AWS_DEFAULT_REGION alone.
        region = region or os.environ.get("AWS_REGION")
        self._session = boto3.Session(botocore_session=self._botocore, region_name=region)
        self.region = self._session.region_name or ""
        self.aws = Aws(self._client)

    def kubernetes_session(self) -> Session | None:
        """Return what signs tokens for the cluster; None without credentials."""
        credentials = self._credentials()
        if credentials is None:
            return None
        partition = self._session.get_partition_for_region(self.region)
        partitions = {one["id"]: one["outputs"] for one in self._botocore.get_data("partitions")["partitions"]}
        session = Session(
            credentials=credentials,
            region=self.region,
            url_suffix=partitions[partition]["dnsSuffix"],
            deadline=Deadline(SECONDS),
        )
        session.settles = False
        return session

    def _client(self, service: str) -> BaseClient:
        self._credentials()
        try:
            made: BaseClient = self._session.client(service, config=CONFIG)  # type: ignore[call-overload]  # any service's
        except BotoCoreError:
            raise  # some are ValueErrors
        except ValueError as error:
            cure = "give AWS_ENDPOINT_URL, or the service's own, a whole URL, or unset it"
            raise NotCheckedError(f"{error}: {cure}") from error
        return made

    def _credentials(self) -> ReadOnlyCredentials | None:
        try:
            credentials = self._session.get_credentials()
            return credentials.get_frozen_credentials() if credentials else None
        except BotoCoreError:
            raise  # some are OSErrors
        except (OSError, ValueError) as error:
            raise NoCallerError(
                f"no credential_process or token file of the profile gives credentials ({error})"
            ) from error


def _check(arguments: argparse.Namespace, caller: _Caller, progress: Progress) -> tuple[Outcome, ...]:
    end = time.monotonic() + arguments.wait

    def pause() -> bool:
        if time.monotonic() + _POLL_SECONDS > end:
            return False
        progress.say(f"waiting for cluster {arguments.cluster} to become ACTIVE")
        time.sleep(_POLL_SECONDS)
        return True

    progress.say(f"checking cluster {arguments.cluster} in {caller.region}")
    facts = look_up(_declared(arguments), caller.aws, caller.region, pause=pause)
    image = _find_image(arguments, facts)
    if isinstance(image, str):
        facts = replace(facts, declared=replace(facts.declared, image_id=image))
    outcomes = check_aws(facts, report=progress.count).outcomes
    if isinstance(image, Outcome):
        outcomes = tuple(image if one.check.code == image.check.code else one for one in outcomes)
    session = caller.kubernetes_session()
    if session and not any(outcome.status is Status.FAILED for outcome in outcomes[:2]):
        kubernetes = Kubernetes(session, arguments.cluster, kubectl_role_arn=arguments.kubectl_role_arn)
        inside = kubernetes.facts((arguments.node_role_arn,) if arguments.node_role_arn else ())
        outcomes += check_cluster(inside, report=progress.count).outcomes
    return _add_on_decided(outcomes, facts.declared)


def _add_on_decided(outcomes: tuple[Outcome, ...], declared: Declared) -> tuple[Outcome, ...]:
    """Let the add-on's check fail where the deployment would: when the ConfigMap, seen now, is not complete either."""
    codes = AddOnEnablesWindows.code, WindowsAddressesEnabled.code
    warned = {one.check.code for one in outcomes if one.status is Status.WARNED}
    if declared.windows_ipam != "advise" or codes[0] in declared.acknowledged or not warned.issuperset(codes):
        return outcomes
    return tuple(replace(one, status=Status.FAILED) if one.check.code == codes[0] else one for one in outcomes)


def _declared(arguments: argparse.Namespace) -> Declared:
    return Declared(
        cluster_name=arguments.cluster,
        authentication_mode=arguments.authentication_mode,
        node_access=arguments.node_access,
        kubernetes_version=arguments.kubernetes_version,
        windows_version=arguments.os,
        volume_size=arguments.volume_size,
        vpc_id=arguments.vpc,
        subnet_ids=_items(arguments.subnets),
        security_group_ids=_items(arguments.security_groups),
        instance_types=_items(arguments.instance_types),
        node_role_arn=arguments.node_role_arn,
        function_in_vpc=arguments.function_in_vpc or ("true" if arguments.function_subnets else ""),
        function_subnet_ids=_items(arguments.function_subnets),
        function_security_group_ids=_items(arguments.function_security_groups),
        kubectl_role_arn=arguments.kubectl_role_arn,
        windows_ipam="" if arguments.windows_ipam == "existing" else arguments.windows_ipam,
        waits_for_signals=str(arguments.waits_for_signals).lower(),
        acknowledged=_items(arguments.acknowledge),
    )


def _find_image(arguments: argparse.Namespace, facts: Facts) -> str | Outcome:
    """Return the id of AWS's newest image, as CloudFormation finds it for a template; or why there is none."""
    version = arguments.kubernetes_version or str(facts.cluster.get("version") or "")
    if not arguments.os or not version:
        return str(arguments.image_id)
    wanted = f"Windows Server {arguments.os} {arguments.edition} for Kubernetes {version}"
    try:
        parameter = _IMAGE.format(os=arguments.os, edition=arguments.edition, version=version)
        return str(facts.aws.ask("ssm:GetParameter", Name=parameter)["Parameter"]["Value"])
    except NotFoundError:
        is_acknowledged = ImageExists.code in facts.declared.acknowledged
        status = Status.WARNED if is_acknowledged else Status.FAILED
        return Outcome(ImageExists(), status, (f"AWS has no image of {wanted} in {facts.region}",))
    except NotCheckedError as error:
        return Outcome(ImageExists(), Status.NOT_CHECKED, reason=str(error))


def _items(given: list[str]) -> tuple[str, ...]:
    return tuple(item for one in given for item in re.split(r"[\s,]+", one) if item)


def _wrong(arguments: argparse.Namespace) -> str:
    """Return what is wrong with the options, with what is allowed; empty if nothing is."""
    if not arguments.cluster:
        return "--cluster is missing: give the cluster's name"
    if not re.fullmatch(r"(1\.\d{1,2})?", arguments.kubernetes_version):
        return f"--kubernetes-version is {arguments.kubernetes_version!r}: give one like 1.33"
    if not re.fullmatch("[0-9]*", arguments.volume_size):
        return f"--volume-size is {arguments.volume_size!r}: give a whole number of GiB, like 50"
    if not 0 <= arguments.wait < math.inf:
        return f"--wait is {arguments.wait}: give a number of seconds, like 300"
    if arguments.function_subnets and arguments.function_in_vpc == "false":
        return "--function-subnets are given, and --function-in-vpc is false: leave one of them out"
    allowed = [check.code for check in AWS_CHECKS]
    wrong = [code for code in _items(arguments.acknowledge) if code not in allowed]
    return f"--acknowledge has {', '.join(wrong)}: give some of {', '.join(allowed)}" if wrong else ""


def _usage(message: str, as_machine: bool) -> int:  # noqa: FBT001 — whether the output is for a machine
    sys.stderr.write(f"check: {message}\n")
    if as_machine:
        sys.stdout.write(json.dumps({"error": message}) + "\n")
    return USAGE
