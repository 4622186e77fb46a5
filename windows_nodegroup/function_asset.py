"""What the function consists of: this package's `handler` and the reading half of the installed PyYAML.

Plain Python files: the same ones run on every architecture, and nothing has to be built. The hash is taken from what
they say, not from where, when, on which system or by which Python they were written: every machine makes one asset.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aws_cdk.aws_s3_assets import Asset

from .bare_source import without_prose

if TYPE_CHECKING:
    from constructs import Construct

_HANDLER = Path(__file__).parent / "handler"

# What turns a text into events; `yaml` itself would also import what makes values of them, what writes, the compiled.
_YAML = ("error", "events", "parser", "scanner", "tokens")
_YAML_INIT = b'"""The parsing part of PyYAML: import what is needed from its modules."""\n'


@cache
def function_files(handler: Path = _HANDLER) -> dict[str, bytes]:
    """The function's files: their content by their path in the asset, in the order of the paths.

    Only sources, without comments: what Python compiled on this machine stays here.

    Args:
        handler: Where the package `handler` is.
    """
    sources = {f"handler/{file.relative_to(handler).as_posix()}": file for file in handler.rglob("*.py")}
    sources |= {f"yaml/{name}.py": _yaml_directory() / f"{name}.py" for name in _YAML}
    files = {path: without_prose(file.read_text(encoding="utf-8")).encode() for path, file in sources.items()}
    files["yaml/__init__.py"] = _YAML_INIT
    licence = distribution("PyYAML").read_text("licenses/LICENSE")
    if licence is not None:
        files["yaml/LICENSE"] = licence.replace("\r\n", "\n").encode()
    return {path: files[path] for path in sorted(files)}


def content_hash(files: dict[str, bytes]) -> str:
    """A hash of names and contents, each preceded by its length so that nothing can pass from one into the other."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def function_asset(scope: Construct) -> Asset:
    """Puts the function's files into the cloud assembly, from which `cdk deploy` publishes them.

    Args:
        scope: Where in the construct tree the asset belongs.
    """
    with TemporaryDirectory() as directory:
        for path, content in function_files().items():
            file = Path(directory, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o644)  # a strict umask would end in the archive, where Lambda's user could not read the file
        return Asset(scope, "Code", path=directory, asset_hash=content_hash(function_files()), deploy_time=True)


def _yaml_directory() -> Path:
    # Found, not imported: importing takes time, and synthesis has no use for it.
    spec = find_spec("yaml")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("PyYAML is not installed: its files are part of the function that edits aws-auth")
    return Path(spec.origin).parent
