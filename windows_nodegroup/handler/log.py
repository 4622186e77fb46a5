"""Structured logs: one line of JSON per decision, with the ids of the request, and nothing that is secret.

Only what is passed as a fact is logged; no exception text, because libraries put URLs and the content of the map into
theirs.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact: TypeAlias = "str | float | tuple[str, ...] | None"

_LOGGER = logging.getLogger(__package__)

#: What every line of the current request carries: it is set by `index` and travels into the thread that works.
REQUEST: ContextVar[Mapping[str, Fact]] = ContextVar("REQUEST")

# What these log at DEBUG contains signatures, session tokens and the queries of URLs.
_TALKATIVE = ("botocore", "boto3", "urllib3")


def info(message: str, **facts: Fact) -> None:
    """Log a decision."""
    _LOGGER.info(message, extra={"facts": facts})


def warning(message: str, **facts: Fact) -> None:
    """Log what somebody should look at."""
    _LOGGER.warning(message, extra={"facts": facts})


def error(message: str, **facts: Fact) -> None:
    """Log what failed."""
    _LOGGER.error(message, extra={"facts": facts})


def origin(exception: BaseException) -> tuple[str, ...]:
    """Return where an exception came from, innermost last: files, lines and functions, but no text and no value."""
    places = []
    trace = exception.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return tuple(places)


class StandardOutput(logging.Handler):
    """Writes each record as a line to what is standard output at that moment; Lambda collects it there."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        sys.stdout.write(self.format(record) + "\n")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, message, the request's ids, the facts."""
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname,
            "message": record.getMessage(),
            **REQUEST.get({}),
            **getattr(record, "facts", {}),
        }
        return json.dumps(line)


def configure() -> None:
    """Write our lines to standard output, and keep the libraries quiet whatever log level the function is given."""
    if not any(isinstance(handler, StandardOutput) for handler in _LOGGER.handlers):
        handler = StandardOutput()
        handler.setFormatter(JsonLines())
        _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False  # Lambda's own handler would write each line a second time
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
