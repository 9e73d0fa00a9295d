"""What a test is lent was used by others before it: nothing of theirs may be left in it, neither rows nor listeners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, func, insert, select

from consentcore.db import Base, KeyringBase
from consentcore.subjects.tables import DataSubject
from tests.builders.databases import Database, DatabaseSource, create_tables, kinds, migrate
from web import schema


@pytest.mark.parametrize("make", [create_tables, migrate])
@pytest.mark.parametrize("kind", kinds())
def test_nothing_of_an_earlier_test_is_left(
    kind: str, make: Callable[[Database], None], database_source: DatabaseSource, tmp_path: Path
) -> None:
    heard: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with database_source.lend(kind, tmp_path / name, make) as lent, lent.engine.begin() as connection:
            assert connection.scalar(select(func.count()).select_from(DataSubject)) == 0
            assert heard == []
            connection.execute(insert(DataSubject), [{"subject_ref": uuid4(), "created_at": datetime.now(UTC)}])
            event.listen(lent.engine, "before_cursor_execute", listen)
            with lent.engine.connect().execution_options(cc_begin="DEFERRED") as other:
                other.execute(select(1))
            assert heard
            heard.clear()


def test_a_migrated_database_is_at_head_and_empty(migrated_database: Database) -> None:
    for engine, which, metadata in (
        (migrated_database.engine, "main", Base.metadata),
        (migrated_database.keyring_engine, "keyring", KeyringBase.metadata),
    ):
        assert schema.check(engine, which) == []
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                assert connection.scalar(select(func.count()).select_from(table)) == 0, table.name
