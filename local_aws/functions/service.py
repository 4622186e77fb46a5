"""The Lambda service: functions, their code and their invocations."""

from __future__ import annotations

import io
import json
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws.functions.function import Function, python_of
from local_aws.functions.log_stream import LogStream
from local_aws.service import Service, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.callers import Callers
    from local_aws.place import Place
    from local_aws.service import Call

#: Settings that are kept and described, and change nothing here.
_KEPT = ("Architectures", "EphemeralStorage", "LoggingConfig", "TracingConfig")
_UNDERSTOOD = frozenset(
    {
        "Code",
        "Description",
        "Environment",
        "FunctionName",
        "Handler",
        "MemorySize",
        "PackageType",
        "Publish",
        "Role",
        "Runtime",
        "Tags",
        "Timeout",
        "VpcConfig",
        *_KEPT,
    }
)


class Lambda(Service):
    """Lambda for one account and region."""

    name = "lambda"

    def __init__(
        self,
        *,
        client: Callable[[str], Any],
        callers: Callers,
        place: Place,
        endpoint: Callable[[], str],
    ) -> None:
        """`client` gives boto3 clients of the local AWS; `endpoint` is where a function finds it."""
        self.functions: dict[str, Function] = {}
        #: Seconds before the second and third attempt of an asynchronous invocation; AWS waits one and two minutes.
        self.retry_delays: tuple[float, ...] = (1, 2)
        #: Another interpreter for the functions than the one that runs this process.
        self.python: str | None = None
        self._client = client
        self._callers = callers
        self._arn_prefix = place.arn("lambda", "function:")
        self._region = place.region
        self._endpoint = endpoint
        self._closed = threading.Event()
        self._directory = tempfile.TemporaryDirectory(prefix="local-aws-lambda-", ignore_cleanup_errors=True)
        self._logs: dict[str, list[Path]] = {}
        self._streams: dict[Path, LogStream] = {}

    def close(self) -> None:
        """End every process and remove the unpacked code."""
        self._closed.set()
        for function in self.functions.values():
            function.retire(also_busy=True)
        self._directory.cleanup()

    def logs(self, name: str) -> str:
        """Everything that functions of this name printed, of deleted ones too."""
        return "".join(path.read_text("utf-8", "replace") for path in self._logs.get(name, ()) if path.exists())

    def function_names(self) -> list[str]:
        """The names of all functions that were ever made."""
        return list(self._logs)

    def create_function(self, call: Call) -> dict[str, Any]:
        """Make a function; it is Active at once."""
        asked = call.parameters
        unknown = sorted(set(asked) - _UNDERSTOOD)
        if unknown:
            raise _invalid(f"the local AWS does not support {', '.join(unknown)} of a function")
        if asked["FunctionName"] in self.functions:
            raise ServiceError("ResourceConflictException", f"Function already exist: {asked['FunctionName']}")
        function = self._new_function(asked)
        self._configure(function, asked)
        function.unpack(self._code(asked["Code"]))
        self.functions[function.name] = function
        self._logs.setdefault(function.name, []).append(function.log)
        return function.description_of()

    def get_function(self, call: Call) -> dict[str, Any]:
        """Configuration and tags."""
        function = self._function(call)
        return {
            "Configuration": function.description_of(),
            "Code": {"RepositoryType": "S3", "Location": ""},
            "Tags": function.tags,
        }

    def get_function_configuration(self, call: Call) -> dict[str, Any]:
        """The configuration."""
        return self._function(call).description_of()

    def list_functions(self, call: Call) -> dict[str, Any]:
        """All functions."""
        del call
        return {"Functions": [function.description_of() for function in self.functions.values()]}

    def update_function_code(self, call: Call) -> dict[str, Any]:
        """Run other code from now on."""
        function = self._function(call)
        function.unpack(self._code(call.parameters))
        return function.description_of()

    def update_function_configuration(self, call: Call) -> dict[str, Any]:
        """Run differently from now on."""
        unknown = sorted(set(call.parameters) - _UNDERSTOOD)
        if unknown:
            raise _invalid(f"the local AWS does not support {', '.join(unknown)} of a function")
        function = self._function(call)
        self._configure(function, call.parameters)
        function.retire()
        return function.description_of()

    def delete_function(self, call: Call) -> dict[str, Any]:
        """Remove a function; what runs may come to its end."""
        self.functions.pop(self._function(call).name).retire()
        return {}

    def invoke(self, call: Call) -> dict[str, Any]:
        """Run a function: wait for its answer, or not (`Event`)."""
        function = self._function(call)
        if self._closed.is_set():
            raise ServiceError("ServiceException", "the local AWS ends")
        kind = call.parameters.get("InvocationType") or "RequestResponse"
        event = call.parameters.get("Payload") or b"{}"
        if kind == "DryRun":
            return {"StatusCode": 204}
        if kind == "Event":
            threading.Thread(
                target=self._run_event, args=(function, event), name=f"event-{function.name}", daemon=True
            ).start()
            return {"StatusCode": 202}
        outcome = function.invoke(event)
        answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": outcome.payload}
        return {**answer, "FunctionError": "Unhandled"} if outcome.failed else answer

    def add_permission(self, call: Call) -> dict[str, Any]:
        """Note a statement of the function's policy; nobody is asked for permission here."""
        function = self._function(call)
        statement = {key: value for key, value in call.parameters.items() if key != "FunctionName"}
        if statement["StatementId"] in function.policy:
            raise ServiceError("ResourceConflictException", "The statement id provided already exists.")
        function.policy[statement["StatementId"]] = statement
        return {"Statement": json.dumps(statement)}

    def remove_permission(self, call: Call) -> dict[str, Any]:
        """Forget a statement of the function's policy."""
        if self._function(call).policy.pop(call.parameters["StatementId"], None) is None:
            raise ServiceError("ResourceNotFoundException", "The statement is not in the function's policy.")
        return {}

    def list_tags(self, call: Call) -> dict[str, Any]:
        """A function's tags."""
        return {"Tags": self._function(call, "Resource").tags}

    def tag_resource(self, call: Call) -> dict[str, Any]:
        """Add tags."""
        self._function(call, "Resource").tags.update(call.parameters["Tags"])
        return {}

    def untag_resource(self, call: Call) -> dict[str, Any]:
        """Take tags away."""
        for key in call.parameters["TagKeys"]:
            self._function(call, "Resource").tags.pop(key, None)
        return {}

    def _function(self, call: Call, parameter: str = "FunctionName") -> Function:
        asked = call.parameters[parameter]
        name = asked.split(":function:")[-1].split(":")[0]
        if name not in self.functions:
            raise ServiceError("ResourceNotFoundException", f"Function not found: {self._arn_prefix}{name}")
        return self.functions[name]

    def _new_function(self, asked: dict[str, Any]) -> Function:
        name = asked["FunctionName"].split(":function:")[-1]
        return Function(
            name=name,
            arn=self._arn_prefix + name,
            runtime="",
            role_arn="",
            handler="",
            timeout=3,
            memory_size=128,
            description="",
            variables={},
            vpc_config={},
            settings={},
            tags=asked.get("Tags") or {},
            python="",
            directory=Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._directory.name)),
            aws_variables=self._aws_variables,
            forward_output=self._forward_output,
        )

    def _configure(self, function: Function, asked: dict[str, Any]) -> None:
        if "Runtime" in asked:
            python = python_of(asked["Runtime"])
            if python is None:
                raise _invalid(f"the local AWS runs functions in Python, not in {asked['Runtime']}")
            function.runtime, function.python = asked["Runtime"], self.python or python
        if "Role" in asked:
            self._check_role(asked["Role"])
            function.role_arn = asked["Role"]
        function.handler = asked.get("Handler", function.handler)
        function.timeout = asked.get("Timeout", function.timeout)
        function.memory_size = asked.get("MemorySize", function.memory_size)
        function.description = asked.get("Description", function.description)
        if "Environment" in asked:
            function.variables = asked["Environment"].get("Variables") or {}
        if "VpcConfig" in asked:
            function.vpc_config = self._vpc_config(asked["VpcConfig"])
        function.settings |= {key: asked[key] for key in _KEPT if key in asked}

    def _check_role(self, role_arn: str) -> None:
        iam = self._client("iam")
        try:
            role = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
        except iam.exceptions.NoSuchEntityException:
            role = {}
        if "lambda.amazonaws.com" not in json.dumps(role.get("AssumeRolePolicyDocument")):
            raise _invalid("The role defined for the function cannot be assumed by Lambda.")

    def _vpc_config(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked.get("SubnetIds"):
            return {}
        ec2 = self._client("ec2")
        subnets = ec2.describe_subnets(SubnetIds=asked["SubnetIds"])["Subnets"]
        ec2.describe_security_groups(GroupIds=asked["SecurityGroupIds"])
        return {**asked, "VpcId": subnets[0]["VpcId"]}

    def _code(self, asked: dict[str, Any]) -> bytes:
        if "ZipFile" in asked:
            code: bytes = asked["ZipFile"]
        elif "S3Bucket" in asked:
            code = self._client("s3").get_object(Bucket=asked["S3Bucket"], Key=asked["S3Key"])["Body"].read()
        else:
            raise _invalid("the local AWS takes a function's code as ZipFile or from S3")
        if not zipfile.is_zipfile(io.BytesIO(code)):
            raise _invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
        return code

    def _aws_variables(self, function: Function) -> dict[str, str]:
        session = self._callers.assume(function.role_arn, function.name)
        return {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token or "",
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ENDPOINT_URL": self._endpoint(),
        }

    def _forward_output(self, function: Function) -> None:
        if self._closed.is_set():
            return
        stream = self._streams.get(function.log)
        if stream is None:
            stream = self._streams.setdefault(function.log, LogStream(self._client, function.log_group, function.log))
        stream.forward()

    def _run_event(self, function: Function, event: bytes) -> None:
        """Run an asynchronous invocation, and repeat it as often as Lambda does."""
        for delay in (*self.retry_delays, None):
            if not function.invoke(event).failed or delay is None or self._closed.wait(delay):
                return


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
