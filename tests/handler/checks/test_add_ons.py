"""The checks of what EKS itself runs in the cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler.checks.add_ons import (
    AddOnEnablesWindows,
    AddOnKnowsWindows,
    NoAutoMode,
    NoCustomNetworking,
)
from windows_nodegroup.handler.checks.check import Status

if TYPE_CHECKING:
    from windows_nodegroup.handler.checks.check import Check
    from windows_nodegroup.handler.checks.facts import Facts

    from .conftest import Answers, Describe

pytestmark = pytest.mark.xdist_group("checks")


def add_on(version: str = "v1.19.2-eksbuild.1", configuration: str | None = None) -> dict[str, object]:
    """Return DescribeAddon's answer."""
    values = {} if configuration is None else {"configurationValues": configuration}
    return {"addon": {"addonName": "vpc-cni", "addonVersion": version, **values}}


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("v1.14.0-eksbuild.3", Status.PASSED),
        ("v1.19.2-eksbuild.1", Status.PASSED),
        ("v1.12.6-eksbuild.2", Status.WARNED),
        ("v1.9.0", Status.WARNED),
        ("", Status.NOT_CHECKED),
    ],
)
def test_pf601(facts: Describe, answers: Answers, version: str, status: Status) -> None:
    """PF601 warns of an add-on that is older than its configuration of Windows."""
    answers.given["eks:DescribeAddon"] = add_on(version)

    assert AddOnKnowsWindows().run(facts()).status is status


@pytest.mark.parametrize(
    ("configuration", "status"),
    [
        (json.dumps({"enableWindowsIpam": "true"}), Status.PASSED),
        (json.dumps({"enableWindowsIpam": True}), Status.PASSED),
        ("env:\n  WARM_IP_TARGET: '2'\nenableWindowsIpam: \"true\"\n", Status.PASSED),
        (json.dumps({"enableWindowsIpam": "false"}), Status.WARNED),
        (json.dumps({"env": {}}), Status.WARNED),
        ("[]", Status.WARNED),
        (None, Status.WARNED),
        ("{", Status.NOT_CHECKED),
    ],
)
def test_pf602(facts: Describe, answers: Answers, configuration: str | None, status: Status) -> None:
    """PF602 warns unless the add-on's configuration, JSON or YAML, enables Windows."""
    answers.given["eks:DescribeAddon"] = add_on(configuration=configuration)

    assert AddOnEnablesWindows().run(facts()).status is status


def test_pf602_says_what_comes_of_it(facts: Describe, answers: Answers) -> None:
    """Where nobody completes the add-on, PF602 has the whole command; where the deployment does, nothing to say."""
    described = add_on(configuration='{"env": {"WARM_IP_TARGET": "2"}}')
    role = {"serviceAccountRoleArn": "arn:aws:iam::123456789012:role/cni"}
    answers.given["eks:DescribeAddon"] = {"addon": {**described["addon"], **role}}  # type: ignore[dict-item]  # a mapping
    advise = AddOnEnablesWindows().run(facts(windows_ipam="advise"))

    assert advise.status is Status.WARNED
    assert "so nodes are launched only if the ConfigMap has it already [WNG924]" in advise.problems[0]
    assert "--service-account-role-arn arn:aws:iam::123456789012:role/cni" in advise.problems[0]
    assert '\'{"env": {"WARM_IP_TARGET": "2"}, "enableWindowsIpam": "true"}\'' in advise.problems[0]
    assert AddOnEnablesWindows().run(facts(windows_ipam="update")).status is Status.NOT_NEEDED


def test_pf602_of_a_long_configuration(facts: Describe, answers: Answers) -> None:
    """However long the configuration is, the warning fits into an answer with its cure and its code."""
    answers.given["eks:DescribeAddon"] = add_on(configuration=json.dumps({"env": {"A": "x" * 4000}}))
    (message,) = AddOnEnablesWindows().run(facts(windows_ipam="advise")).messages()

    assert len(message) < 1000
    assert '` (values.json: its values with {"enableWindowsIpam": "true"}) sets it: add' in message
    assert message.endswith("[PF602]")


@pytest.mark.parametrize(
    ("configuration", "status"),
    [
        (json.dumps({"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}}), Status.WARNED),
        (json.dumps({"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false"}}), Status.PASSED),
        (json.dumps({"env": ["odd"]}), Status.PASSED),
        (None, Status.PASSED),
    ],
)
def test_pf603(facts: Describe, answers: Answers, configuration: str | None, status: Status) -> None:
    """PF603 warns of custom networking."""
    answers.given["eks:DescribeAddon"] = add_on(configuration=configuration)

    assert NoCustomNetworking().run(facts()).status is status


@pytest.mark.parametrize("check", [AddOnKnowsWindows(), AddOnEnablesWindows(), NoCustomNetworking()])
@pytest.mark.parametrize(
    ("answer", "status"),
    [("ResourceNotFoundException", Status.NOT_NEEDED), ("AccessDeniedException", Status.NOT_CHECKED)],
)
def test_pf601_to_pf603_not_checked(
    facts: Describe, answers: Answers, check: Check[Facts], answer: str, status: Status
) -> None:
    """PF601, PF602 and PF603 have nothing to do without a managed add-on, and say so when it may not be described."""
    answers.given["eks:DescribeAddon"] = answer

    assert check.run(facts()).status is status


def test_pf604(facts: Describe) -> None:
    """PF604 warns of Auto Mode."""
    assert NoAutoMode().run(facts({"computeConfig": {"enabled": True}})).status is Status.WARNED
    assert NoAutoMode().run(facts({"computeConfig": {"enabled": False}})).status is Status.PASSED
    assert NoAutoMode().run(facts()).status is Status.PASSED
