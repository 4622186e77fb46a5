"""Without its prose a program is still the same program, on the same lines."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest
import yaml

from windows_nodegroup import handler
from windows_nodegroup.bare_source import without_prose

SOURCES = sorted([*Path(handler.__file__).parent.rglob("*.py"), *Path(yaml.__file__).parent.glob("*.py")])


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("x = 1  # why\n# more\ny = 2\n", "x = 1\n\ny = 2\n"),
        ('"""Doc.\n\nMore."""\nx = 1\n', '""\n\n\nx = 1\n'),
        ('def f():\n    """Doc."""\n', 'def f():\n    ""\n'),
        ("x = '# not a comment'\n", "x = '# not a comment'\n"),
        ('x = """\n# neither"""\n', 'x = """\n# neither"""\n'),
        ("f(\n    'no docstring'\n)\n", "f(\n    'no docstring'\n)\n"),
        ("f(  # why\n    'a'\n)\n", "f(\n    'a'\n)\n"),
        ('x = "\\""  # why\n', 'x = "\\""\n'),
        ("x = r'\\\\'  # why\n'''y'''", "x = r'\\\\'\n\"\""),
        (
            "def f(a: int, *, b: dict[str, int] = {1: 2}, c=lambda x: x) -> A | None: return a\n",
            "def f(a, *, b= {1: 2}, c=lambda x: x): return a\n",
        ),
        (
            "def f(\n    self,\n    a: tuple[\n        'a: b', B\n    ] = (),\n) -> None:\n    pass\n",
            "def f(\n    self,\n    a\n\n= (),\n):\n    pass\n",
        ),
        ("def f(a: str):\n    x: int = a[1:2]\n", "def f(a):\n    x: int = a[1:2]\n"),
        ("def f():\n    return {a: b}\n", "def f():\n    return {a: b}\n"),
        ('class A:\n    unseen = "x"\n    y = 1\n', "class A:\n\n    y = 1\n"),
        ('class A:\n    unseen = (\n        "x"\n        "y"\n    )\n    y = 1\n', "class A:\n\n\n\n\n    y = 1\n"),
        ("if TYPE_CHECKING:\n    import a\n\n    import b\n\nx = 1\n", "\n\n\n\n\nx = 1\n"),
    ],
)
def test_source(source: str, bare: str) -> None:
    """Comments go with the blanks before them, docstrings become empty, imports for types go; all that runs stays."""
    assert without_prose(source) == bare


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_same_program(file: Path) -> None:
    """Python itself finds the same statements on the same lines, and no comment."""
    source = file.read_text(encoding="utf-8")
    bare = without_prose(source)
    assert _statements(bare) == _statements(source)
    tokens = tokenize.generate_tokens(io.StringIO(bare).readline)
    assert not [token for token in tokens if token.type == tokenize.COMMENT]


def _statements(source: str) -> list[tuple[int, str]]:
    """Every statement but docstrings and what is for types, as Python knows it, with the line on which it begins."""
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if not (isinstance(each, ast.If) and _is_for_types(each))]
    for made in ast.walk(tree):
        if isinstance(made, ast.ClassDef):
            made.body = [each for each in made.body if not (isinstance(each, ast.Assign) and _is_for_the_page(each))]
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
    return [(node.lineno, ast.dump(node)) for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def _is_for_types(statement: ast.If) -> bool:
    return isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"


def _is_for_the_page(statement: ast.Assign) -> bool:
    return ast.unparse(statement.targets[0]) == "unseen"
