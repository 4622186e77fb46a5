"""The function's files are the same on every machine, small, and nothing but sources."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import aws_cdk as cdk

from windows_nodegroup.function_asset import content_hash, function_asset, function_files


def test_files() -> None:
    """The asset holds the handler's package and PyYAML's, as sources with their licence."""
    files = function_files()
    assert {
        "handler/__init__.py",
        "handler/contract.py",
        "yaml/__init__.py",
        "yaml/parser.py",
        "yaml/LICENSE",
    } <= set(files)
    assert {Path(path).suffix for path in files} == {".py", ""}
    assert b"Kirill Simonov" in files["yaml/LICENSE"]


def test_size(tmp_path: Path) -> None:
    """Zipped, the asset stays below 100 KB."""
    with zipfile.ZipFile(tmp_path / "asset.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in function_files().items():
            archive.writestr(path, content)
    assert (tmp_path / "asset.zip").stat().st_size < 100_000


def test_same_elsewhere(tmp_path: Path) -> None:
    """Another place, other line endings, times and orders, and compiled files make the same asset."""
    for path, content in reversed(function_files().items()):
        if path.startswith("handler/"):
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.replace(b"\n", b"\r\n"))
            os.utime(file, (0, 0))
    compiled = tmp_path / "handler" / "__pycache__" / "index.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"compiled")
    elsewhere = function_files(tmp_path / "handler")
    assert elsewhere == function_files()
    assert list(elsewhere) == list(function_files())


def test_hash_of_content() -> None:
    """The hash follows every name and every byte, wherever the one ends and the other begins, and not the order."""
    files = {"a": b"bc", "d": b""}
    hashes = {
        content_hash(each) for each in (files, {"ab": b"c", "d": b""}, {"a": b"b", "cd": b""}, {"a": b"bC", "d": b""})
    }
    assert len(hashes) == 4
    assert content_hash(files) == content_hash(dict(reversed(files.items())))


def test_staged(tmp_path: Path) -> None:
    """The cloud assembly gets exactly the files, readable for Lambda's user, under a name that is a hash of them."""
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    stack = cdk.Stack(app, "Stack")
    asset = function_asset(stack)
    app.synth()
    (staged,) = tmp_path.glob("asset.*")
    assert {
        file.relative_to(staged).as_posix(): file.read_bytes() for file in staged.rglob("*") if file.is_file()
    } == function_files()
    assert all(os.access(file, os.R_OK) and file.stat().st_mode & 0o044 for file in staged.rglob("*.py"))
    assert asset.s3_object_key == staged.name.removeprefix("asset.") + ".zip"


def test_complete(tmp_path: Path) -> None:
    """Every module of the function can be imported with no other PyYAML than the one it brings along."""
    for path, content in function_files().items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    modules = [path.removesuffix(".py").replace("/", ".") for path in function_files() if path.endswith(".py")]
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import importlib, yaml\n"
        f"for module in {modules!r}: importlib.import_module(module.removesuffix('.__init__'))\n"
        "print(yaml.__file__)"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == str(tmp_path / "yaml" / "__init__.py")
