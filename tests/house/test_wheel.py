"""What is shipped: the four packages with their texts and migrations, and nothing that belongs to the workshop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders.source import PACKAGES, ROOT

BESIDES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names inside a wheel that was built from a copy of the source, tests and all."""
    folder = tmp_path_factory.mktemp("source")
    for package in (*PACKAGES, "tests", "docs"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in BESIDES:
        shutil.copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def on_disk(*patterns: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}


def test_only_the_four_packages_are_inside(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_every_module_is_inside(names: set[str]) -> None:
    modules = on_disk(*(f"{package}/**/*.py" for package in PACKAGES))
    assert modules - names == set()
    assert {name for name in names if name.endswith(".py")} == modules


def test_texts_of_the_organisation_are_inside(names: set[str]) -> None:
    texts = on_disk("policies/organisation/**/*.yaml", "policies/organisation/**/*.md")
    assert texts
    assert texts <= names


def test_migrations_are_inside(names: set[str]) -> None:
    for history in ("main", "keyring"):
        assert {f"web/migrations/{history}/env.py", f"web/migrations/{history}/script.py.mako"} <= names
        assert any(name.startswith(f"web/migrations/{history}/versions/") for name in names)


def test_the_licence_and_the_typing_mark_are_inside(names: set[str]) -> None:
    assert "consentcore/py.typed" in names
    assert any(Path(name).name == "LICENSE" for name in names)


def test_nothing_compiled_or_secret_is_inside(names: set[str]) -> None:
    assert not {Path(name).suffix for name in names} & {".pyc", ".db", ".sqlite", ".key", ".pem", ".env"}
    assert not [name for name in names if Path(name).name == "kek.json"]
