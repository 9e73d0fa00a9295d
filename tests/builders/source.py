"""Read the project's own source, for the tests that watch over it."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("consentcore", "policies", "registry", "web")


@dataclass(frozen=True)
class Source:
    """One Python file of the project."""

    path: str
    """Relative to the project's root, with forward slashes."""
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The file as a syntax tree."""
        return ast.parse(self.text, self.path)


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, under version control, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


@functools.cache
def first_party() -> tuple[Source, ...]:
    """Every Python file of the four packages."""
    return _sources(*PACKAGES)


@functools.cache
def all_python() -> tuple[Source, ...]:
    """Every Python file, the tests included."""
    return _sources(*PACKAGES, "tests")


def _sources(*folders: str) -> tuple[Source, ...]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in sorted(files))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a tree, nested ones and methods included."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that one import statement brings in; nothing for any other node."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of a method or function that goes by one of `names`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called_name(node.func) in names:
            yield node


def _called_name(called: ast.expr) -> str | None:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else None
