"""One function: its configuration, its unpacked code, and the execution environments that stand ready for it."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import os
import re
import sys
import threading
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local_aws.functions.start import RUNTIME_PACKAGES
from local_aws.functions.worker import Invocation, Outcome, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = Path(__file__).parent

#: Environment variables of the host without which Windows starts no process that opens a socket.
_HOST_VARIABLES = ("SYSTEMROOT", "TEMP", "TMP")


@dataclass(slots=True, kw_only=True)
class Function:
    """A function as it was last configured."""

    name: str
    arn: str
    runtime: str
    role_arn: str
    handler: str
    timeout: int
    memory_size: int
    description: str
    variables: dict[str, str]
    vpc_config: dict[str, Any]
    settings: dict[str, Any]
    tags: dict[str, str]
    #: The interpreter that runs it.
    python: str
    #: Where the code is unpacked, and where the output goes.
    directory: Path
    #: Environment variables that every function gets: the role's credentials and where the local AWS is.
    aws_variables: Callable[[Function], dict[str, str]]
    #: Takes what a function printed, after each invocation.
    forward_output: Callable[[Function], None]
    code: bytes = b""
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _idle: list[Worker] = field(default_factory=list)
    _busy: list[Worker] = field(default_factory=list)
    _generation: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def code_sha256(self) -> str:
        """As AWS has it: base64."""
        return base64.b64encode(hashlib.sha256(self.code).digest()).decode()

    @property
    def log(self) -> Path:
        """What the function printed, in all its environments."""
        return self.directory / "output.log"

    @property
    def log_group(self) -> str:
        """The log group's name."""
        return str(self.settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.name}")

    def description_of(self) -> dict[str, Any]:
        """As `GetFunctionConfiguration` has it."""
        return {
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Runtime": self.runtime,
            "Role": self.role_arn,
            "Handler": self.handler,
            "CodeSize": len(self.code),
            "CodeSha256": self.code_sha256,
            "Description": self.description,
            "Timeout": self.timeout,
            "MemorySize": self.memory_size,
            "LastModified": self.modified_at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "Version": "$LATEST",
            "VpcConfig": self.vpc_config,
            "Environment": {"Variables": self.variables},
            "PackageType": "Zip",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            **self.settings,
        }

    def unpack(self, code: bytes) -> None:
        """Take this code from now on."""
        self.code = code
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            archive.extractall(self._task_root)
        self.retire()

    def invoke(self, event: bytes) -> Outcome:
        """Run the function once, in an environment that stands ready or in a new one."""
        generation = self._generation
        worker = self._ready()
        invocation = Invocation(str(uuid4()), event, self.arn, self.timeout)
        outcome = worker.invoke(invocation)
        with self._lock:
            self._busy.remove(worker)
            keep = not outcome.fatal and generation == self._generation
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.close()
        self.forward_output(self)
        return outcome

    @property
    def peak_memory(self) -> int | None:
        """The most memory that one of the idle environments has ever had, in bytes; None where nobody tells."""
        with self._lock:
            return max((peak for worker in self._idle if (peak := worker.peak_memory)), default=None)

    def retire(self, *, also_busy: bool = False) -> None:
        """Run nothing more in the environments that there are."""
        with self._lock:
            self._generation += 1
            workers, self._idle = self._idle, []
            if also_busy:
                workers += self._busy
        for worker in workers:
            worker.close()

    @property
    def _task_root(self) -> Path:
        root = self.directory / hashlib.sha256(self.code).hexdigest()[:16]
        root.mkdir(parents=True, exist_ok=True)
        return root

    def _ready(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    break
                worker.close()
            else:
                worker = self._new_worker()
            self._busy.append(worker)
        return worker

    def _new_worker(self) -> Worker:
        root = self._task_root
        command = [self.python, "-I", "-S", "-B", "-X", "utf8", str(_HERE / "start.py"), str(root), self.handler]
        environment = {
            **{name: os.environ[name] for name in _HOST_VARIABLES if name in os.environ},
            **self.variables,
            **self.aws_variables(self),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid4().hex}",
            "LAMBDA_TASK_ROOT": str(root),
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "TZ": ":UTC",
            "_HANDLER": self.handler,
        }
        return Worker([*command, *_package_directories()], environment, root, self.log)


def _package_directories() -> list[str]:
    """Where the runtime's packages are installed; what AWS builds for Linux only, in plain Python at the end."""
    found = (importlib.util.find_spec(name) for name in sorted(RUNTIME_PACKAGES))
    origins = {Path(spec.origin).parent for spec in found if spec is not None and spec.origin is not None}
    packages = {origin.parent if (origin / "__init__.py").exists() else origin for origin in origins}
    return [*sorted(map(str, packages)), str(_HERE / "portable")]


def python_of(runtime: str) -> str | None:
    """The interpreter for a runtime such as `python3.13`: the one that runs us; None for other languages."""
    return sys.executable if re.fullmatch(r"python3\.\d+", runtime) else None
