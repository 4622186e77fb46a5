"""What the function consists of: this package's `handler` and the reading half of the installed PyYAML.

Plain Python files: the same ones run on every architecture, and nothing has to be built. The hash is taken from what
they say, not from where, when, on which system or by which Python they were written: every machine makes one asset.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, cast

from aws_cdk import FileAssetPackaging, Stack, Stage

from .bare_source import without_prose

if TYPE_CHECKING:
    from constructs import Construct

_HANDLER = Path(__file__).parent / "handler"

# What turns a text into events; `yaml` itself would also import what makes values of them, what writes, the compiled.
_YAML = ("error", "events", "parser", "scanner", "tokens")
_YAML_INIT = b'"""The parsing part of PyYAML: import what is needed from its modules."""\n'
# What stands behind this in PyYAML's scanner, half of it, is replaced in `handler.goyaml` whole.
_REPLACED = "    # Scanners.\n"
_YAML_LICENCE = "[Pp]y[Yy][Aa][Mm][Ll]-*.dist-info/licenses/LICENSE"


@cache
def function_files(handler: Path = _HANDLER) -> dict[str, bytes]:
    """The function's files: their content by their path in the asset, in the order of the paths.

    Only sources, without comments: what Python compiled on this machine stays here.

    Args:
        handler: Where the package `handler` is.
    """
    yaml = _yaml_directory()
    sources = {f"handler/{file.relative_to(handler).as_posix()}": file for file in handler.rglob("*.py")}
    sources |= {f"yaml/{name}.py": yaml / f"{name}.py" for name in _YAML}
    texts = {path: file.read_text(encoding="utf-8") for path, file in sources.items()}
    texts["yaml/scanner.py"] = texts["yaml/scanner.py"].partition(_REPLACED)[0]
    files = {path: without_prose(text).encode() for path, text in texts.items()}
    files["yaml/__init__.py"] = _YAML_INIT
    for licence in yaml.parent.glob(_YAML_LICENCE):
        files["yaml/LICENSE"] = licence.read_text(encoding="utf-8").encode()
    return {path: files[path] for path in sorted(files)}


def content_hash(files: dict[str, bytes]) -> str:
    """A hash of names and contents, each preceded by its length so that nothing can pass from one into the other."""
    digest = sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def function_archive(scope: Construct) -> tuple[str, str]:
    """Puts the function's files into the cloud assembly, from which `cdk deploy` publishes them as an archive.

    Args:
        scope: Where in the construct tree the asset belongs.

    Returns:
        The bucket and the key that the archive will have.
    """
    content = content_hash(function_files())
    source_hash = sha256(content.encode()).hexdigest()  # as CDK does it with a hash that it is given
    stage = cast("Stage", Stage.of(scope))  # a stack without an app makes one
    directory = Path(stage.asset_outdir, f"asset.{source_hash}")
    try:
        location = Stack.of(scope).synthesizer.add_file_asset(
            source_hash=source_hash,
            file_name=os.path.relpath(directory, stage.outdir),
            packaging=FileAssetPackaging.ZIP_DIRECTORY,
            display_name=f"{scope.node.path}/Code",
        )
    except RuntimeError:
        return _archive_by_cdk(scope, content)
    if not directory.exists():
        unfinished = Path(mkdtemp(dir=directory.parent))
        _write_files(unfinished)
        unfinished.rename(directory)
    return location.bucket_name, location.object_key


def _archive_by_cdk(scope: Construct, content: str) -> tuple[str, str]:
    # Of a synthesizer that a Python app made itself, jsii hands out the original, which is bound to no stack. CDK's own
    # asset meets the bound one; but it loads all of S3, which takes longer than everything else here.
    from aws_cdk.aws_s3_assets import Asset  # noqa: PLC0415

    with TemporaryDirectory() as directory:
        _write_files(Path(directory))
        asset = Asset(scope, "Code", path=directory, asset_hash=content)
    return asset.s3_bucket_name, asset.s3_object_key


def _write_files(directory: Path) -> None:
    for path, content in function_files().items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o644)  # a strict umask would end in the archive, where Lambda's user could not read the file


def _yaml_directory() -> Path:
    # Found, not imported: importing takes time, and synthesis has no use for it.
    spec = find_spec("yaml")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("PyYAML is not installed: its files are part of the function that edits aws-auth")
    return Path(spec.origin).parent
