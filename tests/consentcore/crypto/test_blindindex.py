from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from consentcore.crypto import generations
from consentcore.crypto.blindindex import IndexEntry, IndexHit, digest, find, index_rows, rows_for
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.roots import INDEX as INDEX_ROOT
from consentcore.crypto.tables import INDEX
from tests.builders.databases import Database

EMAIL, PHONE = 1, 2


def new_generation(keyring: Keyring, now: datetime, gen: int) -> None:
    generations.announce(keyring, INDEX_ROOT, gen, now)
    generations.put_in_use(keyring, INDEX_ROOT, gen, now)


def test_equal_values_are_found_by_field(database: Database, keyring: Keyring, subject: UUID) -> None:
    one, two = sorted((uuid4(), uuid4()))
    with Session(database.engine) as session:
        rows = rows_for(keyring, one, subject, [(EMAIL, "a@example.org"), (PHONE, None)])
        rows += index_rows(keyring, [IndexEntry(EMAIL, "a@example.org", two, subject)] * 2)
        session.execute(insert(INDEX), rows)
        assert find(session, keyring, EMAIL, "a@example.org") == [IndexHit(one, subject), IndexHit(two, subject)]
        assert find(session, keyring, PHONE, "a@example.org") == []
        assert find(session, keyring, EMAIL, "b@example.org") == []
        session.execute(delete(INDEX).where(INDEX.c.subject_ref == subject))
        assert find(session, keyring, EMAIL, "a@example.org") == []


def test_values_are_found_under_every_live_generation(
    database: Database, keyring: Keyring, subject: UUID, now: datetime
) -> None:
    old, both, new = sorted(uuid4() for _ in range(3))
    before = index_rows(keyring, [(EMAIL, "x", old, subject), (EMAIL, "x", both, subject)])
    new_generation(keyring, now, 2)
    assert [row["gen"] for row in index_rows(keyring, [(EMAIL, "x", new, subject)])] == [2, 1]
    generations.retire(keyring, INDEX_ROOT, 1, now)
    after = index_rows(keyring, [(EMAIL, "x", new, subject), (EMAIL, "x", both, subject)])
    assert [row["gen"] for row in before + after] == [1, 1, 2, 2]
    with Session(database.engine) as session:
        session.execute(insert(INDEX), before + after)
        assert [hit.row_id for hit in find(session, keyring, EMAIL, "x")] == [old, both, new]


def test_an_index_value_depends_on_field_generation_and_installation(
    keyring: Keyring, second_keyring: Keyring, now: datetime
) -> None:
    new_generation(keyring, now, 2)
    values = {digest(keyring, field, "x", gen)[1] for field in (EMAIL, PHONE) for gen in (1, 2)}
    assert len(values) == 4
    assert {len(value) for value in values} == {16}
    assert digest(keyring, EMAIL, "x") == digest(second_keyring, EMAIL, "x")


@pytest.mark.parametrize("text", ["", "é" * 1_000])
def test_any_text_has_a_value(keyring: Keyring, text: str) -> None:
    assert len(digest(keyring, EMAIL, text)[1]) == 16
