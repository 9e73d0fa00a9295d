"""One console for the tests of a module; each test brings its own persons and requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.builders.console import ConsoleSite, console_site
from tests.builders.databases import DatabaseSource
from web.security import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords at no cost: what they cost is shown in tests of `web.security.passwords`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: CHEAP)
        passwords._nobodys_hash.cache_clear()
        yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture(scope="module")
def site(database_source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    """The console that the tests of a module share: what they look at, they name."""
    with console_site(database_source, tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture
def fresh_site(database_source: DatabaseSource, tmp_path: Path) -> Iterator[ConsoleSite]:
    """A console in which nothing has happened yet."""
    with console_site(database_source, tmp_path) as made:
        yield made
