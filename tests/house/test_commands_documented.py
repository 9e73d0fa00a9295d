"""Every command with its options, every setting and every type of event stands in the documents, and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import consentcore
import registry
import web
from consentcore.ledger.events import registered
from web.main import main
from web.settings import DEFAULTS, PREFIX

DOCS = Path(__file__).resolve().parents[2] / "docs"
RUNS_ALONE = "consentcore.ledger.verify_receipt"
EVERYWHERE = {"--json", "--email", "--subject", "--help"}
"""Options that the head of the document explains once."""


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def rows(document: str) -> list[str]:
    """Return the first cells of a document's tables, as they stand in code."""
    text = (DOCS / document).read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


KNOWN = dict(commands(main))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_command_is_documented_with_its_options(name: str) -> None:
    described = [row for row in rows("commands.md") if re.match(rf"{name}(?= |$)", row)]
    assert len(described) == 1, f"docs/commands.md has {len(described)} rows for `{name}`"
    options = {option for one in KNOWN[name].params if isinstance(one, click.Option) for option in one.opts}
    told = set(re.findall(r"--[a-z][a-z-]*", described[0]))
    assert told <= options
    assert options - EVERYWHERE <= told


def test_no_command_is_documented_that_is_not_there() -> None:
    words = [" ".join(re.match(r"[a-z -]*", row)[0].split(" --")[0].split()) for row in rows("commands.md")]  # type: ignore[index]
    unknown = [one for one in words if not any(one == name or one.startswith(f"{name} ") for name in KNOWN)]
    assert len(words) == len(KNOWN) and not unknown


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    told = dict(re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert {name: default.strip("`") for name, default in told.items()} == {
        name: default or "empty" for name, default in DEFAULTS.items()
    }


def modules(package: ModuleType) -> Iterator[str]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return (one.name for one in found if one.name != RUNS_ALONE)


def test_every_type_of_event_is_documented_with_its_meaning() -> None:
    for package in (consentcore, registry, web):
        for name in modules(package):
            importlib.import_module(name)
    text = (DOCS / "events.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \|$", text, re.MULTILINE))
    tests_own = ("test.", "bench.")
    assert told == {name: meaning for name, meaning in registered().items() if not name.startswith(tests_own)}
