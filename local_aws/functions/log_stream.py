"""A function's output in CloudWatch Logs, where the CDK CLI looks for the reason of a failed deployment."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class LogStream:
    """Hands on what is appended to a file, if the function's log group exists: roles here seldom may make one."""

    def __init__(self, client: Callable[[str], Any], group: str, output: Path) -> None:
        """`client` gives boto3 clients of the local AWS; `output` is the file."""
        self._client = client
        self._group = group
        self._output = output
        self._name = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid4().hex}"
        self._position = 0
        self._lock = threading.Lock()

    def forward(self) -> None:
        """Hand on what is new."""
        with self._lock:
            self._forward()

    def _forward(self) -> None:
        with self._output.open("rb") as file:
            file.seek(self._position)
            lines = file.read().decode("utf-8", "replace").splitlines()
            position = file.tell()
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines if line]
        if not events:
            return
        logs = self._client("logs")
        # The group may never have been there, or go at any moment, with the function's stack.
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            if self._position == 0:
                logs.create_log_stream(logGroupName=self._group, logStreamName=self._name)
            logs.put_log_events(logGroupName=self._group, logStreamName=self._name, logEvents=events)
            self._position = position
