"""What every test may ask for, and what the suite says of itself before it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from tests.builders.databases import (
    SERVER_URLS,
    Database,
    DatabaseSource,
    describe,
    kinds,
    migrate,
    open_database,
)
from tests.builders.network import close_network

ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "CONSENTCORE_TEST_DATA"
MAX_ID = 32

close_network()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which databases the suite runs on, which it does not and why, and where the real data lie."""
    try:
        lines = ["databases: runs on " + ", ".join(describe(kind) for kind in kinds())]
    except Exception as error:
        raise pytest.UsageError(f"a database server that was named does not answer: {error}") from error
    lines += [
        f"databases: NOT on {kind}, because {variable} is not set"
        for kind, variable in SERVER_URLS.items()
        if kind not in kinds()
    ]
    state = "" if _data_folder().is_dir() else ", which is absent: tests of real data are skipped"
    lines.append(f"real data: {os.environ.get(DATA_VARIABLE) or '../shared/data'}{state}")
    return lines


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes and long texts after their argument: workers must agree on names, and such values may be drawn."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > MAX_ID) else None


def _data_folder() -> Path:
    return ROOT / (os.environ.get(DATA_VARIABLE) or "../shared/data")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; absent and not asked for is a skip, asked for and missing a failure."""
    folder = _data_folder()
    if not folder.is_dir():
        if os.environ.get(DATA_VARIABLE):
            pytest.fail(f"{DATA_VARIABLE} names a folder that does not exist", pytrace=False)
        pytest.skip(f"real data: {DATA_VARIABLE} is not set and ../shared/data does not exist")
    return folder.resolve()


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return datetime(2026, 11, 9, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def database_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseSource]:
    """The maker of throw-away databases, one per worker process."""
    source = DatabaseSource(tmp_path_factory.mktemp("databases"))
    yield source
    source.close()


@pytest.fixture(params=kinds())
def database(request: pytest.FixtureRequest, database_source: DatabaseSource, tmp_path: Path) -> Iterator[Database]:
    """A main and a keyring database with every table, empty, on each kind this run covers."""
    with database_source.lend(request.param, tmp_path) as lent:
        yield lent


@pytest.fixture(params=kinds())
def migrated_database(
    request: pytest.FixtureRequest, database_source: DatabaseSource, tmp_path: Path
) -> Iterator[Database]:
    """A main and a keyring database at head and empty, as migrations leave them, on each kind this run covers.

    For what runs `consentcore init` and is about something else; that init migrates is shown from `blank_database`.
    """
    with database_source.lend(request.param, tmp_path, migrate) as lent:
        yield lent


@pytest.fixture(params=kinds())
def blank_database(
    request: pytest.FixtureRequest, database_source: DatabaseSource, tmp_path: Path
) -> Iterator[Database]:
    """A main and a keyring database without any table on each kind this run covers."""
    with database_source.blank_urls(request.param, tmp_path / "blank") as urls:
        made = open_database(request.param, *urls)
        yield made
        made.dispose()


@pytest.fixture
def keyring(database: Database, tmp_path: Path, now: datetime) -> Keyring:
    """An initialised keyring on the keyring database, under a key file of the test's own."""
    made = Keyring(database.keyring_engine, FileKek.create(tmp_path / "kek.json"))
    made.initialise(now)
    return made


@pytest.fixture
def bound(database: Database, keyring: Keyring) -> sessionmaker[Session]:
    """A session factory on the main database, bound to the log and the keys."""
    from consentcore.ledger.append import ensure_log

    with database.engine.begin() as connection:
        ensure_log(connection)
    factory = sessionmaker(database.engine)
    bind(factory, keyring)
    return factory


@pytest.fixture(scope="session")
def demo_template_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The loaded demo, made once for all workers; tests take copies."""
    from tests.builders.site import demo_template

    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "site"
    shared.mkdir(exist_ok=True)
    return demo_template(shared)
