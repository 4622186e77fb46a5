"""A small app: a parameter, a role, a function from an asset, a custom resource that it answers, an output."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_


def add_stack(app: cdk.App, name: str) -> None:
    """A stack whose custom resource echoes the parameter `Word`, or fails when that is `fail`."""
    stack = cdk.Stack(app, name)
    word = cdk.CfnParameter(stack, "Word", default="hello")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_asset(str(Path(__file__).parent / "echo")),
        role=role,
        timeout=cdk.Duration.seconds(30),
    )
    echo = cdk.CustomResource(
        stack,
        "Echo",
        service_token=function.function_arn,
        resource_type="Custom::Echo",
        properties={"Word": word.value_as_string, "Number": 3},
        service_timeout=cdk.Duration.seconds(60),
    )
    cdk.CfnOutput(stack, "Said", value=echo.get_att_string("Said"))


def synthesize(directory: Path) -> None:
    """Write the app's cloud assembly."""
    app = cdk.App(outdir=str(directory), analytics_reporting=False)
    for name in ("Life", "Failing"):
        add_stack(app, name)
    app.synth()
