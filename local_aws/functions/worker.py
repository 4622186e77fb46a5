"""One execution environment of a function: a process, and the runtime API that hands it one event after another.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds until the function's modules must be imported. AWS gives ten; a laptop under load may be slower than that.
_INIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to a function."""

    request_id: str
    event: bytes
    function_arn: str
    timeout: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation gave back: JSON, of a result or of an error."""

    payload: bytes
    failed: bool = False
    #: The execution environment cannot be used again.
    fatal: bool = False


class _Started:
    """The process has taken the event: from now on its time counts."""


class Worker:
    """Runs one event at a time, cold at first, warm from then on."""

    def __init__(self, command: list[str], environment: Mapping[str, str], directory: Path, log: Path) -> None:
        """Start the process; its output is appended to `log`."""
        self._events: queue.Queue[Invocation | None] = queue.Queue()
        self._messages: queue.Queue[_Started | Outcome] = queue.Queue()
        self._api = _RuntimeApi(self._events, self._messages)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        threading.Thread(target=self._watch, name="function-process", daemon=True).start()

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self._process.poll() is None

    @property
    def peak_memory(self) -> int | None:
        """The most memory that the process has ever had, in bytes; None where the system does not tell."""
        status = Path(f"/proc/{self._process.pid}/status")
        told = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8")) if status.is_file() else None
        return int(told[1]) * 1024 if told else None

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run the function once; after a fatal outcome the process is gone."""
        self._events.put(invocation)
        outcome = self._outcome(invocation)
        if outcome.fatal:
            self.close()
        return outcome

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._events.put(None)
        self._api.close()

    def _outcome(self, invocation: Invocation) -> Outcome:
        try:
            message = self._messages.get(timeout=_INIT_SECONDS)
        except queue.Empty:
            return _fatal(invocation, "Sandbox.Timedout", f"Init timed out after {_INIT_SECONDS} seconds")
        if isinstance(message, Outcome):
            return message
        try:
            message = self._messages.get(timeout=invocation.timeout)
        except queue.Empty:
            return _fatal(invocation, "Sandbox.Timedout", f"Task timed out after {invocation.timeout}.00 seconds")
        if isinstance(message, Outcome):
            return message
        return _fatal(invocation, "Runtime.ExitError", "the runtime took a second event before it answered the first")

    def _watch(self) -> None:
        status = self._process.wait()
        error = {"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with exit status {status}"}
        self._messages.put(Outcome(json.dumps(error).encode(), failed=True, fatal=True))


def _fatal(invocation: Invocation, kind: str, message: str) -> Outcome:
    error = {"errorType": kind, "errorMessage": f"RequestId: {invocation.request_id} Error: {message}"}
    return Outcome(json.dumps(error).encode(), failed=True, fatal=True)


class _RuntimeApi:
    """The four requests of Lambda's runtime API, for one process."""

    def __init__(self, events: queue.Queue[Invocation | None], messages: queue.Queue[_Started | Outcome]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                invocation = events.get()
                if invocation is None:
                    self.close_connection = True
                    return
                messages.put(_Started())
                deadline = int((time.time() + invocation.timeout) * 1000)
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
                    "Content-Type": "application/json",
                }
                self._reply(200, headers, invocation.event)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._reply(202, {}, b"")
                failed = self.path.endswith("/error")
                messages.put(Outcome(body, failed, fatal=self.path.endswith("/init/error")))

            def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="runtime-api", daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
