"""For operators: `python -m windows_nodegroup aws-auth …` and `python -m windows_nodegroup check …`.

The commands run the function's own logic from a terminal. They need no CDK, and none of them changes a cluster.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import suppress
from importlib import import_module

#: The exit status of a command that cannot work like this, unless the command's module has one of its own: the command
#: line is wrong, or something cannot be read or written.
_MISUSED = 2

#: The exit status of a command that was interrupted, as shells have it: 128 and the signal's number.
_INTERRUPTED = 130

#: Each command's module, which has `configure(parser)` and `run(arguments)`; only the one that is asked for is loaded.
#: What `run` writes to standard output is UTF-8. The OSErrors that it lets pass are reported here.
_COMMANDS = {
    "aws-auth": ("aws_auth_command", "read, check and edit the ConfigMap aws-auth as the authenticator reads it"),
    "check": ("check_command", "check a cluster before Windows nodes are deployed"),
    "rbac": ("rbac_command", "print the Kubernetes roles that let the function into a cluster"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m windows_nodegroup", description="Commands for operators.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    asked, misused = parser.prog, _MISUSED
    sys.stderr = sys.stderr or io.StringIO()  # it is closed: then nobody reads the reason
    for name, (module_name, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if given[:1] == [name]:
            module = import_module(f".{module_name}", __package__)
            module.configure(command)
            command.set_defaults(run=module.run)
            asked, misused = name, getattr(module, "MISUSED", _MISUSED)
    try:
        return _run(parser, given)
    except SystemExit as end:
        raise SystemExit(misused if end.code == _MISUSED else end.code) from None
    except BrokenPipeError:
        return misused  # whoever reads the output has seen enough
    except OSError as error:
        sys.stderr.write(f"{asked}: {error}\n")
        return misused


def _run(parser: argparse.ArgumentParser, given: list[str]) -> int:
    if sys.stdout is None:
        raise OSError("standard output is closed: redirect it to a file, or to /dev/null")
    try:
        parsed = parser.parse_args(given)
        return int(parsed.run(parsed))
    finally:
        _flush()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()  # or else Python tries once more when it ends, and complains
        raise


if __name__ == "__main__":
    if sys.stdout is not None:
        # Neither the terminal's encoding nor its line ends may change a map. And with PYTHONUNBUFFERED, Python takes a
        # part that was written for the whole.
        sys.stdout = os.fdopen(
            sys.stdout.fileno(), "w", encoding="utf-8", errors="backslashreplace", newline="", closefd=False
        )
    try:
        status = main()
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.exit(status)
