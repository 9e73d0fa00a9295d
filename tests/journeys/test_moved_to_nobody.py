"""A withdrawal moved, with its content and state, to somebody whose key nobody holds, is told by the audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from consentcore.consent.tables import ConsentRecord, ConsentStateRow
from consentcore.ledger.tables import LogContent
from consentcore.subjects.tables import DataSubject
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults

pytestmark = servers_in_faults("migrated_database")
MATTER = ("--purpose", "newsletter", "--channel", "email", "--notice", "newsletter@1", "--method", "web_form")
RECORDS, STATES, CONTENTS, SUBJECTS = (m.__table__ for m in (ConsentRecord, ConsentStateRow, LogContent, DataSubject))


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made("init")
    (tmp_path / "p.csv").write_text("id,name,mail\n1,a,alix@courriel.example\n2,b,basile@courriel.example\n")
    (tmp_path / "m.yaml").write_text(
        "entity: contact\nexternal_id: {system: s, column: id}\nfields: {first_name: name, email: mail}\n"
    )
    made("import", tmp_path / "p.csv", "--mapping", tmp_path / "m.yaml")
    return made


def declare(cc: CommandLine, name: str, state: str) -> UUID:
    return UUID(cc("consent", "record", "--email", f"{name}@courriel.example", *MATTER, "--state", state)["record_id"])


def hide(connection: Connection, given: UUID, withdrawn: UUID, target: UUID) -> UUID:
    """Give a withdrawal to `target`, and set the state of the person back to given."""
    event = connection.scalar(select(RECORDS.c.event_id).where(RECORDS.c.id == withdrawn))
    connection.execute(delete(STATES))
    connection.execute(update(RECORDS).where(RECORDS.c.id == withdrawn).values(subject_ref=target))
    connection.execute(update(CONTENTS).where(CONTENTS.c.event_id == event).values(subject_ref=target))
    held = ("subject_ref", "purpose", "channel", "state", "at", "expires_at")
    for row in connection.execute(select(RECORDS).where(RECORDS.c.id.in_([given, withdrawn]))).mappings().all():
        connection.execute(insert(STATES), [{n: row[n] for n in held} | {"record_id": row["id"]}])
    assert event is not None
    return event


def test_to_a_person_without_keys(cc: CommandLine, migrated_database: Database) -> None:
    given, withdrawn = declare(cc, "alix", "given"), declare(cc, "alix", "withdrawn")
    ghost = uuid4()
    with migrated_database.engine.begin() as connection:
        connection.execute(insert(SUBJECTS).values(subject_ref=ghost, created_at=datetime.now(UTC)))
        hide(connection, given, withdrawn, ghost)
    assert not cc("ledger", "verify", exit_code=3)["ok"]


def test_to_a_person_whose_evidence_key_was_destroyed(cc: CommandLine, migrated_database: Database) -> None:
    given, withdrawn = declare(cc, "alix", "given"), declare(cc, "alix", "withdrawn")
    other = cc("keys", "shred", "--email", "basile@courriel.example", "--class", "evidence", "--by", "x")
    with migrated_database.engine.begin() as connection:
        hide(connection, given, withdrawn, UUID(other["subject_ref"]))
    assert not cc("ledger", "verify", exit_code=3)["ok"]


def test_under_somebody_elses_certificate(cc: CommandLine, migrated_database: Database) -> None:
    given, withdrawn = declare(cc, "alix", "given"), declare(cc, "alix", "withdrawn")
    other = cc("keys", "shred", "--email", "basile@courriel.example", "--class", "evidence", "--by", "x")
    with migrated_database.engine.begin() as connection:
        event = hide(connection, given, withdrawn, UUID(other["subject_ref"]))
        values = {"payload": None, "certificate": other["certificate"]}
        connection.execute(update(CONTENTS).where(CONTENTS.c.event_id == event).values(values))
    assert not cc("ledger", "verify", exit_code=3)["ok"]


def test_content_emptied_under_a_certificate_that_does_not_exist(cc: CommandLine, migrated_database: Database) -> None:
    withdrawn = declare(cc, "alix", "withdrawn")
    with migrated_database.engine.begin() as connection:
        event = connection.scalar(select(RECORDS.c.event_id).where(RECORDS.c.id == withdrawn))
        values = {"payload": None, "certificate": "ABCD-EFGH"}
        connection.execute(update(CONTENTS).where(CONTENTS.c.event_id == event).values(values))
    assert not cc("ledger", "verify", exit_code=3)["ok"]


def test_a_record_of_whom_no_state_is_left_for_a_deleted_person(cc: CommandLine, migrated_database: Database) -> None:
    """Content row deleted outright (no FK holds it)."""
    declare(cc, "alix", "given")
    with migrated_database.engine.begin() as connection:
        connection.execute(delete(CONTENTS))
    assert not cc("ledger", "verify", exit_code=3)["ok"]
