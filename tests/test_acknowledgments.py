"""cdk-nag and checkov find nothing that is not acknowledged, with a reason, by the constructs themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from tests.synthesis import make_cluster, make_node_group, only, resources_of, template_of
from windows_nodegroup import NodeAuthorization, WindowsNodeGroupStack

ADMIN = "arn:aws:iam::111122223333:role/admin"


@pytest.fixture(name="app")
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cdk.App:
    """An app whose templates CDK validates, and cdk-nag too, in every partition's own words."""
    monkeypatch.delenv("CDK_VALIDATION", raising=False)
    context = {"@aws-cdk/core:enablePartitionLiterals": True}
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path), context=context)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def findings(app: cdk.App) -> set[str]:
    """The ids of what cdk-nag found."""
    app.synth()
    reports = json.loads(Path(app.outdir, "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    return {each["ruleName"] for report in reports for each in report["violations"]}


@pytest.mark.parametrize(
    ("props", "attributes"),
    [
        ({}, {}),
        ({"preflight": False, "windows_ipam": None}, {}),
        ({"cni_policy": False, "cluster_autoscaler": True}, {"kubernetes_group": "editors"}),
        ({"authorization": NodeAuthorization.ACCESS_ENTRY}, {"kubectl_role": ADMIN}),
        ({"node_role": ADMIN}, {"function_subnets": ["subnet-0123456789abcdef0"]}),
    ],
)
@pytest.mark.parametrize("region", [None, "cn-north-1"])
def test_node_group(app: cdk.App, region: str | None, props: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Whatever a node group and its cluster are given, cdk-nag is content."""
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region=region))
    make_node_group(stack, cluster=make_cluster(**attributes), **props)
    assert findings(app) == set()


def test_drop_in(app: cdk.App) -> None:
    """With parameters for everything, cdk-nag is content too."""
    WindowsNodeGroupStack(app, "Stack")
    assert findings(app) == set()


def test_not_for_others(app: cdk.App) -> None:
    """What is acknowledged here is not acknowledged for the rest of an app, which is what shows that somebody looks."""
    stack = cdk.Stack(app, "Stack")
    make_node_group(stack)
    s3.Bucket(stack, "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        findings(app)


def test_checkov() -> None:
    """What checkov would report is in the template, each with its reason."""
    template = template_of(WindowsNodeGroupStack(cdk.App(analytics_reporting=False), "Stack"))
    kinds = ["AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::EC2::LaunchTemplate"]
    skipped = [skip for kind in kinds for skip in only(template, kind)["Metadata"]["checkov"]["skip"]]
    assert [skip["id"] for skip in skipped] == [
        *("CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_173"),
        "CKV_AWS_158",
        "CKV_AWS_79",
    ]
    assert all(skip["comment"] for skip in skipped)


def test_nothing_in_vain() -> None:
    """A node group that allows IMDSv2 alone does not say otherwise."""
    template = template_of(make_node_group())
    assert [each for each in resources_of(template, "AWS::EC2::LaunchTemplate").values() if "Metadata" in each] == []
