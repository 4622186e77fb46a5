"""AWS::Lambda::*: functions and permissions to invoke them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import ResourceFailed
from local_aws.cloudformation.resources.kind import Kind, Made, change_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task

#: The configuration, and what Lambda takes it to be when the template says nothing.
_CONFIGURATION: dict[str, Any] = {
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": None,
    "Layers": [],
    "LoggingConfig": None,
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
_STABILISES_IN = 120


class Function(Kind):
    """AWS::Lambda::Function."""

    type = "AWS::Lambda::Function"
    properties = frozenset(_CONFIGURATION) | {
        "Architectures",
        "Code",
        "FunctionName",
        "ReservedConcurrentExecutions",
        "Tags",
    }
    required = frozenset({"Code", "Role"})
    immutable = frozenset({"FunctionName"})
    name_property = "FunctionName"
    attributes = frozenset({"Arn"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the function and wait until it can be invoked."""
        properties = task.properties
        name = properties.get("FunctionName") or task.name(limit=64)
        task.call(
            "lambda",
            "create_function",
            FunctionName=name,
            Code=_code(properties),
            Architectures=properties.get("Architectures"),
            Tags=properties.get("Tags"),
            **{key: properties[key] for key in _CONFIGURATION if key in properties},
        )
        task.initiated(name)
        _limit_concurrency(task, name)
        return _stable(task, name)

    def update(self, task: Task) -> Made:
        """Change code and configuration, one after the other, as Lambda wants it."""
        name, old, new = str(task.physical_id), task.old_properties, task.properties
        if (old["Code"], old.get("Architectures")) != (new["Code"], new.get("Architectures")):
            architectures = new.get("Architectures", ["x86_64"])
            task.call("lambda", "update_function_code", FunctionName=name, Architectures=architectures, **_code(new))
            _stable(task, name)
        if any(old.get(key) != new.get(key) for key in _CONFIGURATION):
            wanted = {key: new.get(key, default) for key, default in _CONFIGURATION.items()}
            task.call("lambda", "update_function_configuration", FunctionName=name, **wanted)
        _limit_concurrency(task, name)
        made = _stable(task, name)
        change_tags(task, "lambda", Resource=made.attributes["Arn"])
        return made

    def delete(self, task: Task) -> None:
        """Delete the function."""
        task.call("lambda", "delete_function", FunctionName=task.physical_id)


def _code(properties: dict[str, Any]) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ZipFile" in code:
        extension = "py" if str(properties.get("Runtime", "")).startswith("python") else "js"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"index.{extension}", code["ZipFile"])
        code["ZipFile"] = packed.getvalue()
    return code


def _limit_concurrency(task: Task, name: str) -> None:
    old, new = (properties.get("ReservedConcurrentExecutions") for properties in (task.old_properties, task.properties))
    if new is not None and new != old:
        task.call("lambda", "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=new)
    elif new is None and old is not None:
        task.call("lambda", "delete_function_concurrency", FunctionName=name)


def _stable(task: Task, name: str) -> Made:
    """Wait until the function is active and its last update is through."""
    configuration: dict[str, Any] = {}

    def ready() -> bool:
        configuration.update(task.call("lambda", "get_function", FunctionName=name)["Configuration"])
        if configuration.get("State") == "Failed" or configuration.get("LastUpdateStatus") == "Failed":
            reason = configuration.get("StateReason") or configuration.get("LastUpdateStatusReason")
            raise ResourceFailed(f"Lambda function {name} failed to stabilize: {reason}")
        state = configuration.get("State", "Active"), configuration.get("LastUpdateStatus", "Successful")
        return state == ("Active", "Successful")

    task.until(ready, seconds=_STABILISES_IN, otherwise=f"Lambda function {name} failed to stabilize")
    return Made(name, {"Arn": configuration["FunctionArn"]})


class Permission(Kind):
    """AWS::Lambda::Permission."""

    type = "AWS::Lambda::Permission"
    properties = frozenset({"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"})
    required = frozenset({"Action", "FunctionName", "Principal"})
    immutable = properties
    attributes = frozenset({"Id"})

    def create(self, task: Task) -> Made:
        """Add the statement to the function's policy."""
        statement = task.name(limit=100)
        task.call("lambda", "add_permission", StatementId=statement, **task.properties)
        return Made(statement, {"Id": statement})

    def update(self, task: Task) -> Made:
        """Never called: each change makes a new permission."""
        return Made(str(task.physical_id), {"Id": task.physical_id})

    def delete(self, task: Task) -> None:
        """Take the statement out of the function's policy."""
        task.call(
            "lambda", "remove_permission", FunctionName=task.properties["FunctionName"], StatementId=task.physical_id
        )


KINDS: tuple[type[Kind], ...] = (Function, Permission)
