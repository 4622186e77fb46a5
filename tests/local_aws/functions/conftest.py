"""A Lambda function from a few lines of Python."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws

    NewRole = Callable[..., str]
    Invoke = Callable[..., Any]


def zipped(**modules: str) -> bytes:
    """A zip archive with these modules."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, code in modules.items():
            archive.writestr(f"{name}.py", code)
    return buffer.getvalue()


@pytest.fixture
def function_role(aws: LocalAws) -> NewRole:
    """Make a role for functions, with statements of a policy; its ARN."""

    def make(*statements: dict[str, Any]) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam = aws.client("iam")
        name = f"function-{uuid.uuid4().hex[:8]}"
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy)
        return str(role["Arn"])

    return make


@pytest.fixture
def new_function(aws: LocalAws, function_role: NewRole) -> Callable[..., str]:
    """Make a function of this code (module `index`, function `handler`); its name."""

    def make(code: str, **settings: object) -> str:
        name = f"function-{uuid.uuid4().hex[:8]}"
        if "Role" not in settings:
            settings["Role"] = function_role()
        aws.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Code": {"ZipFile": zipped(index=code)},
                **settings,
            }
        )
        return name

    return make


@pytest.fixture
def invoke(aws: LocalAws) -> Invoke:
    """Invoke a function and wait: what it answered, and whether that is an error."""

    def run(name: str, event: object = None) -> tuple[Any, bool]:
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    return run
