"""What is installed is what was locked: every dependency, by hash, from wherever the installing machine gets it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.builders.source import ROOT

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """Return package -> version, for the entries of a lock file that carry hashes."""
    return {canonicalize_name(name): version for name, version, _ in ENTRY.findall(lock)}


def leftovers(lock: str) -> list[str]:
    """Return the lines that are neither a hashed entry nor a comment: options, addresses, paths, unhashed entries."""
    rest = ENTRY.sub("", lock)
    return [line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.fixture(scope="module")
def run_lock() -> str:
    return (ROOT / "requirements.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def dev_lock() -> str:
    return (ROOT / "requirements-dev.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def unmet(requirements: list[str], lock: str) -> list[str]:
    """Return the requirements that no pin of a lock file satisfies."""
    pinned = pins(lock)
    return [text for text in requirements if not _is_met(Requirement(text), pinned)]


def _is_met(requirement: Requirement, pinned: dict[str, str]) -> bool:
    version = pinned.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version)


def test_the_run_lock_covers_what_the_project_needs(project: dict[str, Any], run_lock: str) -> None:
    assert not unmet(project["project"]["dependencies"] + project["build-system"]["requires"], run_lock)


def test_the_tools_lock_covers_the_tools(project: dict[str, Any], dev_lock: str) -> None:
    assert not unmet(project["dependency-groups"]["dev"], dev_lock)


def test_the_suite_runs_on_the_versions_that_are_shipped(run_lock: str, dev_lock: str) -> None:
    assert pins(run_lock).items() <= pins(dev_lock).items()


def test_locks_hold_hashed_pins_and_nothing_else(run_lock: str, dev_lock: str) -> None:
    assert not leftovers(run_lock)
    assert not leftovers(dev_lock)
    assert not re.search(r"://|/", run_lock + dev_lock)


@pytest.mark.parametrize(
    "line",
    [
        "--pre",
        "-e .",
        "six==1.17.0",
        "six==1.17.0 \\\n    --hash=md5:00",
        "six @ file:x",
    ],
)
def test_anything_else_is_seen(line: str) -> None:
    assert leftovers(line)


def test_an_unmet_requirement_is_seen(run_lock: str) -> None:
    assert unmet(["sqlalchemy>=99", "nowhere"], run_lock) == ["sqlalchemy>=99", "nowhere"]
