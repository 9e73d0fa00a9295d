"""The two histories: linear, true to the models, and each step can be taken and taken back with rows in its way."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from consentcore.db import TABLE_OPTIONS, Base, KeyringBase
from tests.builders.databases import (
    SERVER_URLS,
    Database,
    DatabaseSource,
    kinds,
    open_database,
    servers_in_faults,
    throw_away_urls,
)
from tests.builders.models import load_models
from tests.builders.rows import GenericRows
from tests.builders.source import ROOT
from web import schema
from web.migrations import steps
from web.migrations.environment import VERSION_TABLE

load_models()
HISTORIES = {"main": Base.metadata, "keyring": KeyringBase.metadata}


@pytest.fixture(params=HISTORIES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(blank_database: Database, which: str) -> Engine:
    """An engine on an empty database of the kind that `which` names."""
    return blank_database.engine if which == "main" else blank_database.keyring_engine


@pytest.fixture
def scripts_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the revision files between commands: reading all at each step takes the square of their number."""
    read = functools.cache(lambda folder: ScriptDirectory(folder))
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda config: read(config.get_main_option("script_location")))


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {VERSION_TABLE}


@servers_in_faults("blank_database")
@pytest.mark.usefixtures("scripts_read_once")
def test_each_step_goes_up_and_down_and_up_with_rows_in_the_tables(engine: Engine, which: str) -> None:
    rows = GenericRows()
    before = "base"
    for revision in schema.revisions(which):
        shape = snapshot(engine)
        assert schema.upgrade(engine, which, revision=revision) == [revision]
        schema.downgrade(engine, which, revision=before)
        assert snapshot(engine) == shape, f"{revision} does not take back what it did"
        schema.upgrade(engine, which, revision=revision)
        with engine.begin() as connection:
            assert rows.missing(connection) == [], f"{revision} lost rows"
            rows.fill(connection)
        before = revision
    assert rows.filled() == set(HISTORIES[which].tables)
    schema.downgrade(engine, which, revision="base")
    assert tables(engine) == set()


def test_the_head_is_what_the_models_say(engine: Engine, which: str) -> None:
    schema.upgrade(engine, which)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, HISTORIES[which]) == []


def test_migrated_tables_are_those_that_the_models_would_make(
    blank_database: Database, database_source: DatabaseSource, tmp_path: Path
) -> None:
    # Finer than Alembic's comparison: checks, collations, engines, binary widths, names of constraints.
    schema.upgrade(blank_database.engine, "main")
    schema.upgrade(blank_database.keyring_engine, "keyring")
    made = open_database(blank_database.kind, *database_source.urls(blank_database.kind, tmp_path))
    assert snapshot(blank_database.engine) == snapshot(made.engine)
    assert snapshot(blank_database.keyring_engine) == snapshot(made.keyring_engine)
    made.dispose()


def snapshot(engine: Engine) -> dict[str, dict[str, Any]]:
    """Everything a database tells of its tables, in comparable form: table -> aspect -> what it is."""
    with engine.connect() as connection:
        seen = inspect(connection)
        told = {
            "columns": seen.get_multi_columns(),
            "key": seen.get_multi_pk_constraint(),
            "foreign": seen.get_multi_foreign_keys(),
            "unique": seen.get_multi_unique_constraints(),
            "indexes": seen.get_multi_indexes(),
            "checks": seen.get_multi_check_constraints(),
            "options": seen.get_multi_table_options(),
        }
    tables: dict[str, dict[str, Any]] = {}
    for aspect, by_table in told.items():
        for (_, name), found in by_table.items():
            if name != VERSION_TABLE:
                tables.setdefault(name, {})[aspect] = _comparable(found)
    return tables


def _comparable(found: Any) -> Any:
    if not isinstance(found, list):
        return found
    entries = [
        {**entry, "type": f"{entry['type']!r} {getattr(entry['type'], 'collation', None)}"}
        if "type" in entry
        else entry
        for entry in found
    ]
    return sorted(entries, key=lambda entry: str(entry["name"]))


def test_a_difference_shows(blank_database: Database) -> None:
    with blank_database.engine.begin() as one, blank_database.keyring_engine.begin() as other:
        one.execute(text("CREATE TABLE cc_a (x VARCHAR(5) NOT NULL, CONSTRAINT ck_a CHECK (x <> 'a'))"))
        other.execute(text("CREATE TABLE cc_a (x VARCHAR(5) NOT NULL, CONSTRAINT ck_a CHECK (x <> 'b'))"))
    assert snapshot(blank_database.engine) != snapshot(blank_database.keyring_engine)


@pytest.mark.usefixtures("scripts_read_once")
def test_a_step_that_mariadb_did_but_did_not_note_is_passed_over(which: str, tmp_path: Path) -> None:
    if "mariadb" not in kinds():
        pytest.skip(f"{SERVER_URLS['mariadb']} is not set")
    with throw_away_urls("mariadb", tmp_path) as urls:
        database = open_database("mariadb", *urls)
        engine = database.engine if which == "main" else database.keyring_engine
        before = None
        for revision in schema.revisions(which):
            schema.upgrade(engine, which, revision=revision)
            _note(engine, before)
            assert schema.upgrade(engine, which, revision=revision) == [revision]
            before = revision
        assert schema.check(engine, which) == []
        database.dispose()


def _note(engine: Engine, revision: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
        if revision:
            connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:at)"), {"at": revision})


def test_an_upgrade_that_fails_halfway_leaves_nothing_behind(
    engine: Engine, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def stop(name: str, *parts: Any) -> None:
        if taken:
            raise RuntimeError("stop")
        taken.append(name)
        create(name, *parts)

    create = steps.create_table
    monkeypatch.setattr(steps, "create_table", stop)
    with pytest.raises(RuntimeError, match="stop"):
        schema.upgrade(engine, which)
    assert len(taken) == 1
    monkeypatch.setattr(steps, "create_table", create)
    if engine.dialect.name in ("mariadb", "mysql"):
        assert tables(engine) == set(taken)  # DDL there cannot be taken back
    else:
        assert tables(engine) == set()
    schema.upgrade(engine, which)
    assert schema.check(engine, which) == []


def test_upgrades_started_together_end_well(blank_database: Database) -> None:
    program = (
        "import sys; from consentcore.db import make_engine; from web import schema; sys.stdin.read(1); "
        "print(len(schema.upgrade(make_engine(sys.argv[1]), 'main')))"
    )
    command = [sys.executable, "-c", program, blank_database.url]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("!")
        process.stdin.flush()
    taken = [int(process.communicate()[0]) for process in started]
    assert sorted(taken) == [0, 0, len(schema.revisions("main"))]
    assert schema.check(blank_database.engine, "main") == []


def test_each_revision_takes_one_step() -> None:
    wrong = []
    for path in sorted((ROOT / "web/migrations").glob("*/versions/*.py")):
        for function in ast.parse(path.read_text("utf-8")).body:
            if isinstance(function, ast.FunctionDef) and len(function.body) != 2:  # the docstring and the step
                wrong.append(f"{path.name} {function.name}")
    assert not wrong


def test_histories_are_linear_and_told_apart(which: str) -> None:
    known = schema.revisions(which)
    assert [f"{which[0]}{number:04d}" for number in range(1, len(known) + 1)] == list(known)
    walked = [script.revision for script in ScriptDirectory(ROOT / "web/migrations" / which).walk_revisions()]
    assert list(reversed(walked)) == list(known)


def test_history_makes_tables_as_the_models_do_today() -> None:
    assert steps.OPTIONS == TABLE_OPTIONS
