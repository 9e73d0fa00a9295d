"""Many rows in one call: the same rows, the same refusals as Core's own insert."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.bulk import insert_rows
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.fields import PlaintextRefused, seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import random_ref, row_id
from consentcore.importing.tables import ImportRun, Provenance

TABLE: Any = Provenance.__table__


class Home(NamedTuple):
    """A bound factory, its keyring and the time."""

    factory: sessionmaker[Session]
    keyring: Keyring
    now: datetime


@pytest.fixture
def home(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> Home:
    return Home(bound, keyring, now)


def prepared(home: Home, session: Session) -> list[dict[str, Any]]:
    """Two provenance rows whose parents are there."""
    run_id = random_ref()
    session.execute(
        insert(ImportRun).values(
            id=run_id,
            source="s",
            system="s",
            entity="contact",
            mapping_sha256="0" * 64,
            file_sha256="0" * 64,
            obtained_on=date(2026, 11, 2),
            started_at=home.now,
        )
    )
    (written,) = open_contacts(session, home.keyring, [ContactDraft()], home.now)
    return [
        {
            "id": row_id(),
            "subject_ref": written.subject_ref,
            "row_id": written.contact_id,
            "import_id": run_id,
            "row_number": number,
            "source": "it's 100 % ?",
            "source_text": text,
            "obtained_on": date(2026, 11, 2),
            "recorded_at": home.now,
        }
        for number, text in enumerate(["told by Jean", None])
    ]


def test_rows_are_the_same_as_by_core(home: Home) -> None:
    with home.factory.begin() as session:
        ours = seal_rows(home.keyring, Provenance, prepared(home, session))
        theirs = [row | {"id": row_id(), "row_number": row["row_number"] + 2} for row in ours]
        insert_rows(session.connection(), TABLE, ours)
        session.connection().execute(insert(TABLE), theirs)
        found = [row._asdict() for row in session.execute(select(TABLE).order_by(TABLE.c.row_number))]
    for row in found:
        row.pop("id")
        row["row_number"] %= 2
    assert found[:2] == found[2:]
    assert found[0]["source"] == "it's 100 % ?"


def test_what_a_column_refuses_is_refused(home: Home) -> None:
    with home.factory() as session:
        plain = prepared(home, session)
        with pytest.raises(PlaintextRefused):
            insert_rows(session.connection(), TABLE, plain)
        naive = [row | {"source_text": None, "recorded_at": datetime(2026, 1, 1)} for row in plain]  # noqa: DTZ001
        with pytest.raises((BadInput, StatementError)):
            insert_rows(session.connection(), TABLE, naive)
        with pytest.raises(KeyError):
            insert_rows(session.connection(), TABLE, [naive[0] | {"source_text": None}, {"id": row_id()}])


def test_no_rows_are_no_statement(home: Home) -> None:
    with home.factory() as session:
        insert_rows(session.connection(), TABLE, [])
        assert session.execute(select(TABLE)).all() == []
