"""Functions really run: in a process of their own, by the real runtime client, as AWS runs them."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from tests.local_aws.functions.conftest import zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    NewFunction = Callable[..., str]
    Invoke = Callable[..., tuple[Any, bool]]

_ECHO = "def handler(event, context):\n    return event\n"


def _eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_answers(new_function: NewFunction, invoke: Invoke) -> None:
    """The handler gets the event, and its answer comes back."""
    assert invoke(new_function(_ECHO), {"ä": [1, None]}) == ({"ä": [1, None]}, False)


def test_context_is_that_of_lambda(new_function: NewFunction, invoke: Invoke) -> None:
    """Name, memory, request id, ARN, log group and remaining time are what Lambda's are."""
    code = (
        "def handler(event, context):\n"
        "    return [context.function_name, context.memory_limit_in_mb, context.aws_request_id,\n"
        "            context.invoked_function_arn, context.log_group_name, context.get_remaining_time_in_millis()]\n"
    )
    name = new_function(code, Timeout=7, MemorySize=256)
    (own_name, memory, request_id, arn, log_group, remaining), failed = invoke(name)
    assert not failed
    assert (own_name, memory, log_group) == (name, "256", f"/aws/lambda/{name}")
    assert len(request_id) == 36
    assert arn.endswith(f":function:{name}")
    assert 4000 < remaining <= 7000


def test_error_is_that_of_lambda(new_function: NewFunction, invoke: Invoke) -> None:
    """An exception is reported with its type, text and stack."""
    error, failed = invoke(new_function("def handler(event, context):\n    raise KeyError('x')\n"))
    assert failed
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'x'")
    assert "index.py" in error["stackTrace"][0]


def test_import_error_is_reported(new_function: NewFunction, invoke: Invoke) -> None:
    """A module that cannot be imported fails the invocation, at the first attempt and at the next."""
    name = new_function("import nowhere\n")
    for _ in range(2):
        error, failed = invoke(name)
        assert failed
        assert error["errorType"] == "Runtime.ImportModuleError"
        assert "nowhere" in error["errorMessage"]


def test_time_out_is_enforced(new_function: NewFunction, invoke: Invoke) -> None:
    """A function that takes too long is killed; the next invocation starts anew."""
    name = new_function(
        "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'done'\n", Timeout=1
    )
    started = time.monotonic()
    error, failed = invoke(name, 60)
    assert failed
    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert time.monotonic() - started < 15
    assert invoke(name, 0) == ("done", False)


def test_dead_process_is_reported(new_function: NewFunction, invoke: Invoke) -> None:
    """A function that ends its process fails."""
    error, failed = invoke(new_function("import os\ndef handler(event, context):\n    os._exit(3)\n"))
    assert failed
    assert error["errorType"] == "Runtime.ExitError"


def test_process_is_used_again(new_function: NewFunction, invoke: Invoke) -> None:
    """The second invocation is warm; after other code or another setting the next is cold."""
    name = new_function(
        "import os\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n"
    )
    assert [invoke(name)[0] for _ in range(3)] == [1, 2, 3]


def test_processes_run_at_the_same_time(new_function: NewFunction, invoke: Invoke) -> None:
    """Invocations that overlap have a process each."""
    name = new_function(
        "import os, time\ndef handler(event, context):\n    time.sleep(1)\n    return os.getpid()\n", Timeout=30
    )
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(invoke(name)[0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 2


def test_sees_only_what_lambda_has(new_function: NewFunction, invoke: Invoke) -> None:
    """boto3 and what it needs can be imported; this project and whatever else is installed cannot."""
    code = (
        "import importlib\n"
        "def handler(event, context):\n"
        "    found = []\n"
        "    for name in event:\n"
        "        try:\n"
        "            importlib.import_module(name)\n"
        "            found.append(name)\n"
        "        except ImportError:\n"
        "            pass\n"
        "    return found\n"
    )
    there = ["boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil"]
    not_there = ["windows_nodegroup", "local_aws", "yaml", "moto", "requests", "aws_cdk", "cryptography", "setuptools"]
    assert invoke(new_function(code, Timeout=30), there + not_there) == (there, False)


def test_asset_comes_first(new_function: NewFunction, invoke: Invoke) -> None:
    """A package in the asset wins over the runtime's."""
    code = "import yaml, six\ndef handler(event, context):\n    return [yaml.mine, six.mine]\n"
    archive = zipped(index=code, yaml="mine = 1\n", six="mine = 2\n")
    assert invoke(new_function("", Code={"ZipFile": archive})) == ([1, 2], False)


def test_environment_is_its_own(
    aws: LocalAws, new_function: NewFunction, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function has its variables, its role's keys and Lambda's, and nothing of the host's."""
    monkeypatch.setenv("MY_SECRET", "of the host")
    monkeypatch.setenv("PYTHONPATH", "of the host")
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    variables, _ = invoke(new_function(code, Environment={"Variables": {"MINE": "1"}}))
    assert variables["MINE"] == "1"
    assert variables["AWS_REGION"] == aws.region
    assert variables["AWS_ENDPOINT_URL"] == aws.url
    assert variables["AWS_ACCESS_KEY_ID"] != aws.environment["AWS_ACCESS_KEY_ID"]
    assert {"MY_SECRET", "PYTHONPATH", "HOME", "USER"} & set(variables) == set()
    assert aws.environment["AWS_SECRET_ACCESS_KEY"] not in variables.values()


def test_calls_aws_as_its_role(new_function: NewFunction, invoke: Invoke) -> None:
    """boto3 in the function is a session of the function's role."""
    code = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"
    name = new_function(code, Timeout=30)
    arn, _ = invoke(name)
    assert ":assumed-role/function-" in arn
    assert arn.endswith(f"/{name}")


def test_output_is_kept(aws: LocalAws, new_function: NewFunction, invoke: Invoke) -> None:
    """What a function prints and logs can be read, even after it was deleted."""
    code = (
        "import logging, sys\n"
        "def handler(event, context):\n"
        "    print('printed ü')\n"
        "    logging.getLogger().warning('logged')\n"
        "    sys.stderr.write('to stderr\\n')\n"
    )
    name = new_function(code)
    invoke(name)
    aws.client("lambda").delete_function(FunctionName=name)
    logs = aws.function_logs(name)
    assert "printed ü\n" in logs
    assert "[WARNING]" in logs
    assert "to stderr\n" in logs


def test_output_is_in_the_log_group(aws: LocalAws, new_function: NewFunction, invoke: Invoke) -> None:
    """CloudWatch Logs has what the function printed, once its group exists."""
    name = new_function("def handler(event, context):\n    print('printed', event, context.log_group_name)\n")
    invoke(name, 1)
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    invoke(name, 2)
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert [event["message"] for event in events] == [f"printed {n} /aws/lambda/{name}" for n in (1, 2)]
    logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
    assert not invoke(name, 3)[1]


def test_event_is_tried_three_times(aws: LocalAws, new_function: NewFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    """An asynchronous invocation that fails is repeated twice, with the same event."""
    monkeypatch.setattr(aws.functions, "retry_delays", (0.05, 0.1))
    name = new_function("def handler(event, context):\n    print('tried', event)\n    raise ValueError\n")
    answer = aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"42")
    assert answer["StatusCode"] == 202
    _eventually(lambda: aws.function_logs(name).count("tried 42") == 3)
    time.sleep(0.5)
    assert aws.function_logs(name).count("tried 42") == 3


def test_event_that_succeeds_is_not_repeated(
    aws: LocalAws, new_function: NewFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once is enough."""
    monkeypatch.setattr(aws.functions, "retry_delays", (0.05, 0.1))
    name = new_function("def handler(event, context):\n    print('done')\n")
    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    _eventually(lambda: "done" in aws.function_logs(name))
    time.sleep(0.5)
    assert aws.function_logs(name).count("done") == 1


def test_code_from_a_bucket(aws: LocalAws, new_function: NewFunction, invoke: Invoke) -> None:
    """Code may lie in S3, and other code may replace it."""
    s3, functions = aws.client("s3"), aws.client("lambda")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": aws.region})
    for version in ("1", "2"):
        code = zipped(index=f"def handler(event, context):\n    return {version}\n")
        s3.put_object(Bucket="code", Key=version, Body=code)
    name = new_function("", Code={"S3Bucket": "code", "S3Key": "1"})
    assert invoke(name) == (1, False)
    functions.update_function_code(FunctionName=name, S3Bucket="code", S3Key="2")
    assert invoke(name) == (2, False)


def test_configuration_changes(aws: LocalAws, new_function: NewFunction, invoke: Invoke) -> None:
    """The next invocation runs with the new settings."""
    functions = aws.client("lambda")
    name = new_function(
        "import os\ndef handler(event, context):\n    return os.environ['A']\n", Environment={"Variables": {"A": "1"}}
    )
    assert invoke(name) == ("1", False)
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "2"}}, MemorySize=512)
    assert invoke(name) == ("2", False)
    described = functions.get_function_configuration(FunctionName=name)
    assert (described["MemorySize"], described["State"], described["LastUpdateStatus"]) == (512, "Active", "Successful")


def test_configuration_in_a_vpc(aws: LocalAws, new_function: NewFunction) -> None:
    """Subnets and security groups are accepted where they exist."""
    cluster = aws.create_cluster("with-function")
    vpc_config = {"SubnetIds": list(cluster.subnet_ids), "SecurityGroupIds": [cluster.security_group_id]}
    name = new_function(_ECHO, VpcConfig=vpc_config)
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["VpcConfig"]
    assert described == {**vpc_config, "VpcId": cluster.vpc_id}
    with pytest.raises(ClientError):
        new_function(_ECHO, VpcConfig={**vpc_config, "SubnetIds": ["subnet-00000000"]})


def test_function_is_found_by_name_and_by_arn(aws: LocalAws, new_function: NewFunction) -> None:
    """Both name the function, and a missing one is not found."""
    functions = aws.client("lambda")
    name = new_function(_ECHO)
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    assert functions.get_function(FunctionName=arn)["Configuration"]["FunctionName"] == name
    functions.delete_function(FunctionName=arn)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName=name)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"Runtime": "nodejs22.x"}, "runs functions in Python"),
        ({"Layers": ["arn:aws:lambda:us-west-2:123456789012:layer:x:1"]}, "does not support Layers"),
        ({"Role": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by Lambda"),
        ({"Code": {"ZipFile": b"no archive"}}, "Could not unzip"),
        ({"Code": {"ImageUri": "image"}}, "as ZipFile or from S3"),
    ],
)
def test_what_is_not_there_is_refused(new_function: NewFunction, wrong: dict[str, Any], reason: str) -> None:
    """Other languages, layers, images and roles that Lambda cannot assume are errors, not surprises."""
    with pytest.raises(ClientError, match=reason):
        new_function(_ECHO, **wrong)


def test_tags_and_permissions(aws: LocalAws, new_function: NewFunction) -> None:
    """Tags are kept, and statements of the function's policy noted."""
    functions = aws.client("lambda")
    name = new_function(_ECHO, Tags={"a": "1"})
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    statement = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    functions.add_permission(FunctionName=name, **statement)
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.add_permission(FunctionName=name, **statement)
    functions.remove_permission(FunctionName=name, StatementId="s")


def test_runs_without_the_native_client(
    monkeypatch: pytest.MonkeyPatch, new_function: NewFunction, invoke: Invoke
) -> None:
    """Where AWS builds no native runtime client (macOS, Windows, other interpreters), plain Python stands in."""
    monkeypatch.setattr("local_aws.functions.function._package_directories", _without_native_client)
    code = (
        "import runtime_client\n"
        "def handler(event, context):\n"
        "    if event is None:\n"
        "        raise ValueError('none')\n"
        "    return [runtime_client.__file__.endswith('.py'), event]\n"
    )
    name = new_function(code)
    assert invoke(name, 1) == ([True, 1], False)
    assert invoke(name, None)[0]["errorType"] == "ValueError"
    assert invoke(name, 2) == ([True, 2], False)


def _without_native_client() -> list[str]:
    """The packages' directory, with the stand-in first."""
    packages = Path(sys.modules["botocore"].__file__ or "").parent.parent
    portable = Path(sys.modules["local_aws"].__file__ or "").parent / "functions" / "portable"
    return [str(portable), str(packages)]


def test_no_process_is_left(tmp_path: Path) -> None:
    """At the end of the local AWS its functions' processes end, busy or idle."""
    code = (
        "import pathlib, time\n"
        "def handler(event, context):\n"
        "    pathlib.Path(event).touch()\n"
        "    time.sleep(60 if event.endswith('busy') else 0)\n"
    )
    with LocalAws() as aws:
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
            ' "Principal": {"Service": "lambda.amazonaws.com"}}]}'
        )
        role = aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        aws.client("lambda").create_function(
            FunctionName="f",
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Timeout=90,
            Code={"ZipFile": zipped(index=code)},
        )
        for name, kind in (("busy", "Event"), ("idle", "RequestResponse")):
            file = tmp_path / name
            aws.client("lambda").invoke(FunctionName="f", InvocationType=kind, Payload=f'"{file.as_posix()}"')
            _eventually(file.exists)
        function = aws.functions.functions["f"]
        workers = [*function._idle, *function._busy]
        assert [worker.alive for worker in workers] == [True, True]
    assert [worker.alive for worker in workers] == [False, False]
