"""Runs inside the function's process: makes it see what Lambda's runtime has, and hands over to AWS's runtime client.

Started as `python -I -S start.py <task root> <handler> <directories of installed packages>…`: without site-packages, so
that neither this project nor anything else that happens to be installed can be imported by the function.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder

#: What Lambda's Python runtimes come with, and what the runtime client itself needs.
RUNTIME_PACKAGES = frozenset(
    {
        "awslambdaric",
        "boto3",
        "botocore",
        "dateutil",
        "jmespath",
        "runtime_client",
        "s3transfer",
        "simplejson",
        "six",
        "snapshot_restore_py",
        "urllib3",
    }
)


class RuntimePackages:
    """Finds the runtime's packages, and no others, among the installed ones."""

    def __init__(self, directories: list[str]) -> None:
        """Look in `directories`, in this order."""
        self._directories = directories

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """A package of the runtime, or None."""
        del target
        if path is not None or name not in RUNTIME_PACKAGES:
            return None
        return PathFinder.find_spec(name, self._directories)


def main() -> None:
    """Serve invocations until the process is killed."""
    task_root, handler, *directories = sys.argv[1:]
    sys.path.insert(0, task_root)
    sys.meta_path.append(RuntimePackages(directories))
    from awslambdaric.__main__ import main as serve  # noqa: PLC0415 - found only from here on

    serve(["", handler])


if __name__ == "__main__":
    main()
