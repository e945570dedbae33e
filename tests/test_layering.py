"""Who may import whom, and how long things may grow: tidiness is a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    "model": {"model"},
    "specs": {"specs"},
    "checkers": {"checkers", "specs", "model"},
    "systems": {"systems", "checkers", "specs", "model"},
    "reports": {"reports", "systems", "checkers", "specs", "model"},
}
"""What each package may import of the others: the direction in which knowledge flows."""
MODULE_LINES_MAX = {"specs": 440}
FUNCTION_LINES_MAX = 45
CLOCKS = {"time", "datetime"}
CHANCE = {"random", "secrets"}
FORBIDDEN = {"pickle", "marshal", "shelve", "dill"}
OWNERS = {("checkers/clock.py", "time"), ("checkers/atomic_file.py", "secrets")}
"""The modules that own the clock and, for names of temporary files, chance."""


def sources() -> dict[str, ast.Module]:
    """Every module of the packages, by its path."""
    paths = sorted(path for package in LAYERS for path in (ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


SOURCES = sources()


def imported(tree: ast.Module) -> Iterator[str]:
    """The top names of all that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").partition(".")[0]


def called(tree: ast.Module) -> Iterator[str]:
    """The bare names that a module calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


@pytest.mark.parametrize("path", SOURCES)
def test_imports_point_one_way(path: str) -> None:
    package = path.partition("/")[0]
    others = {name for name in imported(SOURCES[path]) if name in LAYERS or name == "tests"}
    assert others - LAYERS[package] == set()


@pytest.mark.parametrize("path", SOURCES)
def test_clocks_and_chance_are_left_to_the_modules_that_own_them(path: str) -> None:
    used = {name for name in imported(SOURCES[path]) if name in CLOCKS | CHANCE and (path, name) not in OWNERS}
    assert used == set()


@pytest.mark.parametrize("path", SOURCES)
def test_nothing_that_is_read_is_run(path: str) -> None:
    assert set(imported(SOURCES[path])) & FORBIDDEN == set()
    assert set(called(SOURCES[path])) & {"eval", "exec", "compile", "__import__"} == set()


@pytest.mark.parametrize("path", SOURCES)
def test_modules_and_functions_stay_short(path: str) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES_MAX.get(path.partition("/")[0], 320)
    functions = [n for n in ast.walk(SOURCES[path]) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {f.name: length for f in functions if (length := lines_of(f)) > FUNCTION_LINES_MAX}
    assert long == {}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, its docstring not counted."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


@pytest.mark.parametrize("path", SOURCES)
def test_every_module_says_what_it_is(path: str) -> None:
    assert ast.get_docstring(SOURCES[path])


def test_packages_are_what_the_layers_name() -> None:
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert there - {"tests"} <= set(LAYERS)


def test_an_import_the_wrong_way_would_be_seen() -> None:
    tree = ast.parse("def f():\n    from reports import drawing\n    import tests.conftest\n")
    assert list(imported(tree)) == ["reports", "tests"]
