"""What is synthesized passes cfn-lint and CDK's own validation, with nothing left to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint_file

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module", name="assembly")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `python app.py` makes with the settings of cdk.json, validated by CDK."""
    directory = tmp_path_factory.mktemp("cdk.out")
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    environment = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    environment |= {"CDK_OUTDIR": str(directory), "CDK_CONTEXT_JSON": json.dumps(context)}
    subprocess.run([sys.executable, "app.py"], check=True, cwd=ROOT, env=environment)
    return directory


def test_cdk_validation(assembly: Path) -> None:
    """CDK's validation ran and found nothing, not even something that would have to be acknowledged."""
    report = json.loads((assembly / "validation-report.json").read_text(encoding="utf-8"))
    assert report["pluginReports"] == []


@pytest.mark.parametrize("region", ["us-west-2", "cn-north-1", "us-gov-west-1"])
def test_cfn_lint(assembly: Path, region: str) -> None:
    """The linter finds nothing in the template, in any partition."""
    template = assembly / "WindowsNodeGroup.template.json"
    config = ManualArgs(regions=[region])
    assert [str(match) for match in lint_file(template, config)] == []
