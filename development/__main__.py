"""`python -m development demo | test | local-aws`: prepare `.venv`, then run the command in it."""

from __future__ import annotations

import argparse
import subprocess
import sys

from development import environment

_COMMANDS = {
    "demo": ("development.demo", "deploy a Windows node group to an embedded local AWS, show it, and destroy it"),
    "test": ("development.checks", "lint, types, the import wall and the tests; further arguments go to pytest"),
    "local-aws": ("local_aws", "leave a local AWS running, and print the environment variables for a terminal"),
    "benchmarks": ("benchmarks", "measure what the README claims; --json for machines"),
}


def main() -> int:
    """Run a command; its exit status is ours."""
    parser = argparse.ArgumentParser(prog="python -m development", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, meaning) in _COMMANDS.items():
        commands.add_parser(name, help=meaning, add_help=False)
    arguments, rest = parser.parse_known_args()
    module, _ = _COMMANDS[arguments.command]
    try:
        environment.require_supported_python()
        environment.prepare()
    except environment.EnvironmentNotPrepared as error:
        sys.stderr.write(f"{error}\n")
        return 1
    process = subprocess.Popen(
        [str(environment.PYTHON), "-m", module, *rest], cwd=environment.ROOT, env=environment.variables()
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal sends it to the command as well, which cleans up: wait for that.
            continue


if __name__ == "__main__":
    sys.exit(main())
