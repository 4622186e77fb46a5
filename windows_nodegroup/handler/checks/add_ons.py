"""Checks of what EKS itself runs in the cluster: the managed add-on vpc-cni, and Auto Mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..cni_add_on import AddOn, configuration_values  # noqa: TID252 — in Lambda, the package has another absolute name
from ..go_booleans import is_true  # noqa: TID252 — likewise
from .aws import NotFoundError
from .check import GUIDE, Check, NotCheckedError, NotNeededError, Severity
from .facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .aws import Answer

#: The first version of the add-on that has enableWindowsIpam among its configuration values.
_FIRST_VERSION = (1, 14)

#: The configuration value that has EKS give Windows pods addresses.
ENABLED = "enableWindowsIpam"


class AddOnKnowsWindows(Check[Facts]):
    """The managed add-on vpc-cni, if there is one, is of a version that knows Windows."""

    code = "PF601"
    severity = Severity.WARNS
    cure = "update the add-on: a later update would otherwise collide with the ConfigMap amazon-vpc-cni"
    documentation = GUIDE + "managing-vpc-cni.html"
    unseen = "does not see a vpc-cni that is not managed by EKS"
    asks = ("eks:DescribeAddon",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the version."""
        version = str(_add_on(subject).get("addonVersion") or "")
        numbers = re.match(r"v?(\d+)\.(\d+)", version)
        if numbers is None:
            raise NotCheckedError("EKS does not tell the version of vpc-cni")
        if (int(numbers[1]), int(numbers[2])) < _FIRST_VERSION:
            first = ".".join(map(str, _FIRST_VERSION))
            yield f"the managed add-on vpc-cni has version {version}, and can enable Windows from v{first} on"


class AddOnEnablesWindows(Check[Facts]):
    """The managed add-on vpc-cni, if there is one, is configured to give Windows pods addresses."""

    code = "PF602"
    severity = Severity.WARNS
    cure = (
        'add `"enableWindowsIpam": "true"` to its configuration values: the add-on owns the ConfigMap '
        "amazon-vpc-cni and resets what others write into it; or let `WindowsIpam(update_add_on=True)` do it"
    )
    documentation = GUIDE + "windows-support.html"
    unseen = (
        "does not see a vpc-cni that is not managed by EKS, nor the ConfigMap: where that is complete, the deployment "
        "goes on with a warning; where not, it fails [WNG924], and in a terminal that can look so does this check"
    )
    asks = ("eks:DescribeAddon",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Say what is set, and what comes of it."""
        values = _configuration(subject)
        value = values.get(ENABLED)
        if is_true(value):
            return
        if subject.declared.windows_ipam == "update":
            raise NotNeededError("the deployment completes its configuration")
        lacking = f"the managed add-on vpc-cni is configured with {ENABLED} {'unset' if value is None else value}"
        if subject.declared.windows_ipam != "advise":
            yield lacking
            return
        role = _add_on(subject).get("serviceAccountRoleArn") or ""
        command = AddOn(subject.name, "", role, values).command({ENABLED: "true"})
        yield f"{lacking}, so nodes are launched only if the ConfigMap has it already [WNG924]; {command} sets it"


class NoCustomNetworking(Check[Facts]):
    """The managed add-on vpc-cni, if there is one, does not use custom networking."""

    code = "PF603"
    severity = Severity.WARNS
    cure = "expect Windows pods in the nodes' own subnets: Windows nodes ignore custom networking"
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see settings of the DaemonSet aws-node that were made without the add-on"
    asks = ("eks:DescribeAddon",)
    _SETTING = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"

    def problems(self, subject: Facts) -> Iterator[str]:
        """Name the setting."""
        environment = _configuration(subject).get("env")
        if isinstance(environment, dict) and str(environment.get(self._SETTING)).lower() == "true":
            yield f"the managed add-on vpc-cni is configured with {self._SETTING}, custom networking"


class NoAutoMode(Check[Facts]):
    """The cluster does not run nodes in Auto Mode."""

    code = "PF604"
    severity = Severity.WARNS
    cure = "see that coredns runs as an add-on on Linux nodes: what Auto Mode brings along serves its own nodes only"
    documentation = GUIDE + "windows-support.html"
    unseen = "does not see whether coredns runs that way already"
    asks = ("eks:DescribeCluster",)

    def problems(self, subject: Facts) -> Iterator[str]:
        """Say that it is on."""
        if (subject.cluster.get("computeConfig") or {}).get("enabled"):
            yield f"cluster {subject.name} is in Auto Mode, which does not support Windows nodes"


def _add_on(subject: Facts) -> Answer:
    try:
        answer = subject.aws.ask("eks:DescribeAddon", clusterName=subject.name, addonName="vpc-cni")
    except NotFoundError as error:
        raise NotNeededError("vpc-cni is not managed by EKS") from error
    add_on: Answer = answer["addon"]
    return add_on


def _configuration(subject: Facts) -> Answer:
    try:
        return configuration_values(_add_on(subject).get("configurationValues") or "")
    except ValueError as error:
        raise NotCheckedError("the configuration values of vpc-cni cannot be read") from error
