"""For operators: `python -m windows_nodegroup aws-auth …` and `python -m windows_nodegroup check …`.

The commands run the function's own logic from a terminal. They need no CDK, and none of them changes a cluster.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

#: The exit status for a command line that is wrong, unless the command's module has one of its own.
_MISUSED = 2

#: Each command's module, which has `configure(parser)` and `run(arguments)`; only the one that is asked for is loaded.
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
    misused = _MISUSED
    for name, (module_name, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if given[:1] == [name]:
            module = import_module(f".{module_name}", __package__)
            module.configure(command)
            command.set_defaults(run=module.run)
            misused = getattr(module, "MISUSED", _MISUSED)
    try:
        parsed = parser.parse_args(given)
    except SystemExit as end:
        raise SystemExit(misused if end.code == _MISUSED else end.code) from None
    return int(parsed.run(parsed))


if __name__ == "__main__":
    sys.exit(main())
