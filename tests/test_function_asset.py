"""The function's files are the same on every machine, small, and nothing but sources."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml.scanner
from yaml.parser import Parser

from windows_nodegroup.function_asset import content_hash, function_archive, function_files
from windows_nodegroup.handler.goyaml import GoYamlParser
from windows_nodegroup.handler.goyaml_scalars import GoYamlScalars


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


def test_half_a_scanner() -> None:
    """Of PyYAML's scanner only what is inherited travels: whatever it calls there is, in itself or in its heir."""
    scanner = function_files()["yaml/scanner.py"].decode()
    assert len(scanner) < Path(yaml.scanner.__file__).stat().st_size / 2
    called = set(re.findall(r"self\.((?:scan|fetch|check)_\w+)\(", scanner))
    assert "scan_plain" in called
    own = set(re.findall(r"def (\w+)\(", scanner)) | {*vars(GoYamlParser), *vars(GoYamlScalars), *vars(Parser)}
    assert called <= own


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


@pytest.mark.parametrize("synthesizer", [None, cdk.DefaultStackSynthesizer(qualifier="mine")])
def test_staged(tmp_path: Path, synthesizer: cdk.DefaultStackSynthesizer | None) -> None:
    """The cloud assembly gets exactly the files, readable for Lambda's user, whoever made the synthesizer."""
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    stack = cdk.Stack(app, "Stack", synthesizer=synthesizer)
    bucket, key = function_archive(stack)
    app.synth()
    (staged,) = tmp_path.glob("asset.*")
    assert contents(staged) == function_files()
    assert all(os.access(file, os.R_OK) and file.stat().st_mode & 0o044 for file in staged.rglob("*.py"))
    assert key == staged.name.removeprefix("asset.") + ".zip"
    assert ("mine" if synthesizer else "hnb659fds") in str(stack.resolve(bucket))
    (asset,) = [each for each in assets(tmp_path, "Stack").values() if each["source"]["packaging"] == "zip"]
    assert asset["source"]["path"] == staged.name


def test_staged_in_a_stage(tmp_path: Path) -> None:
    """A stage's manifest finds the files, which all stages of the app share."""
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    stack = cdk.Stack(cdk.Stage(app, "Production"), "Stack")
    function_archive(stack)
    app.synth()
    (staged,) = tmp_path.glob("asset.*")
    assembly = tmp_path / "assembly-Production"
    (asset,) = [each for each in assets(assembly, "ProductionStack*").values() if each["source"]["packaging"] == "zip"]
    assert (assembly / asset["source"]["path"]).resolve() == staged.resolve()


def test_staged_again(tmp_path: Path) -> None:
    """What an earlier synthesis left is used as it is, and nothing unfinished stays behind."""
    for _ in range(2):
        app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
        function_archive(cdk.Stack(app, "Stack"))
        app.synth()
    (staged,) = [file for file in tmp_path.iterdir() if file.is_dir()]
    assert contents(staged) == function_files()


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


def contents(directory: Path) -> dict[str, bytes]:
    """What the files in a directory hold, by path."""
    files = [file for file in directory.rglob("*") if file.is_file()]
    return {file.relative_to(directory).as_posix(): file.read_bytes() for file in files}


def assets(assembly: Path, stack: str) -> dict[str, Any]:
    """What the CDK CLI publishes for a stack."""
    (manifest,) = assembly.glob(f"{stack}.assets.json")
    return dict(json.loads(manifest.read_text(encoding="utf-8"))["files"])
