"""Whoever can write the tables cannot move a sealed value, change the log, or rewrite what was declared, unseen."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.tables import ConsentRecord, ConsentStateRow
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import Contact, ContactPoint
from consentcore.crypto.fields import reveal_rows
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base, make_engine
from consentcore.errors import ConfigurationError, DecryptionFailed
from consentcore.ledger.tables import LogContent, LogEvent, LogLeaf
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults
from tests.builders.people import draft

ON_EACH = servers_in_faults("migrated_database")
MAPPING = "entity: contact\nexternal_id: {system: shop, column: id}\nfields: {first_name: name, email: email}\n"
PEOPLE = {name: f"{name}@courriel.example" for name in ("alix", "basile", "capucine", "damien")}
MATTER = ("--purpose", "newsletter", "--channel", "email", "--notice", "newsletter@1", "--method", "web_form")


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made("init")
    return made


@pytest.fixture
def declared(cc: CommandLine, tmp_path: Path) -> list[str]:
    """Import four people, record five declarations, and return the records' ids."""
    rows = "".join(f"{number},{name},{email}\n" for number, (name, email) in enumerate(PEOPLE.items()))
    (tmp_path / "people.csv").write_text("id,name,email\n" + rows + "9,zoé,no address\n8,yves,none\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    cc("import", tmp_path / "people.csv", "--mapping", tmp_path / "mapping.yaml")
    said = [(name, "given") for name in PEOPLE] + [("alix", "withdrawn")]
    return [str(declare(cc, name, state)["record_id"]) for name, state in said]


def declare(cc: CommandLine, name: str, state: str) -> dict[str, Any]:
    answer: dict[str, Any] = cc("consent", "record", "--email", PEOPLE[name], *MATTER, "--state", state)
    return answer


def core(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


RECORDS, STATES = core(ConsentRecord), core(ConsentStateRow)
EVENTS, CONTENTS, LEAVES = core(LogEvent), core(LogContent), core(LogLeaf)


@contextmanager
def meanwhile(database: Database, *tables: Table) -> Iterator[Connection]:
    """Write behind the product's back, then look at what it says; afterwards the tables are as they were."""
    with database.engine.begin() as connection:
        kept = {each: connection.execute(select(each)).mappings().all() for each in tables}
    with database.engine.begin() as connection:
        yield connection
    with database.engine.begin() as connection:
        for each in tables:
            connection.execute(delete(each))
        for each in reversed(tables):
            if kept[each]:
                connection.execute(insert(each), [dict(row) for row in kept[each]])


def refused(cc: CommandLine) -> dict[str, Any]:
    """Verify the log, which must fail; returns the answer."""
    answer: dict[str, Any] = cc("ledger", "verify", exit_code=3)
    assert answer["ok"] is False
    return answer


Place = tuple[Any, UUID, UUID]


def test_a_sealed_value_opens_in_its_own_place_alone(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    """All pairs: every value of a small CRM in the place of every other one."""
    drafts = [draft(f"{name}@courriel.example", phone="+33612345678") for name in ("alix", "basile", "capucine")]
    with bound.begin() as session:
        open_contacts(session, keyring, drafts, now)
    with bound() as session:
        places = [
            ((attribute, row.id, row.subject_ref), getattr(row, attribute.key))
            for attribute in (Contact.first_name, Contact.last_name, ContactPoint.value)
            for row in session.execute(select(attribute.class_.id, attribute.class_.subject_ref, attribute))
        ]
        assert len(places) == 12
        for place, own in places:
            assert opened(session, keyring, place)
            others = [blob for _, blob in places if blob != own]
            for blob in [*others, own[:1] + b"\0\2" + own[3:], own[:-1], own[:31], b"\1\0\1" + bytes(40)]:
                write(session, place, blob)
                with pytest.raises(DecryptionFailed) as told:
                    opened(session, keyring, place)
                assert str(place[1]) in str(told.value)
            write(session, place, own)
            assert opened(session, keyring, place)
        subjects = sorted({place[2] for place, _ in places})
        for place, _ in places:
            other = next(subject for subject in subjects if subject != place[2])
            with pytest.raises(DecryptionFailed):
                opened(session, keyring, (place[0], place[1], other), claimed=other)


def opened(session: Session, keyring: Keyring, place: Place, claimed: UUID | None = None) -> str | None:
    """Open what stands in a place; `claimed` is another subject than the row's."""
    attribute, row_id, _ = place
    model = core(attribute.class_)
    if claimed is not None:
        kept = session.scalar(select(model.c.subject_ref).where(model.c.id == row_id))
        session.execute(update(model).where(model.c.id == row_id).values(subject_ref=claimed))
    try:
        columns = (attribute.class_.id, attribute.class_.subject_ref, attribute)
        rows = session.execute(select(*columns).where(attribute.class_.id == row_id)).all()
        return reveal_rows(keyring, rows, [attribute])[0][0]
    finally:
        if claimed is not None:
            session.execute(update(model).where(model.c.id == row_id).values(subject_ref=kept))


def write(session: Session, place: Place, blob: bytes) -> None:
    attribute, row_id, _ = place
    model = core(attribute.class_)
    session.execute(update(model).where(model.c.id == row_id).values({attribute.key: blob}))


@ON_EACH
def test_swapped_contents_and_quarantined_rows_are_refused(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    with meanwhile(migrated_database, CONTENTS) as connection:
        swap(connection, CONTENTS, "event_id", "payload")
        connection.commit()
        refused(cc)
        outs = [cc.folder / f"{record_id}.json" for record_id in declared]
        codes = [cc.run("consent", "receipt", out.stem, "--out", out).exit_code for out in outs]
        assert sorted(codes) == [0, 0, 0, 1, 1]
        assert [out.exists() for out in outs] == [code == 0 for code in codes]
    aside = Base.metadata.tables["cc_quarantine"]
    with meanwhile(migrated_database, aside) as connection:
        swap(connection, aside, "id", "sealed_row")
        connection.commit()
        cc("quarantine", "export", "--out", cc.folder / "aside.csv", exit_code=1)
        assert not (cc.folder / "aside.csv").exists()
    assert cc("ledger", "verify")["ok"]


def swap(connection: Connection, table: Table, key: str, column: str) -> None:
    """Exchange what the first two rows that hold something have in a column."""
    query = select(table.c[key], table.c[column]).where(table.c[column].is_not(None)).order_by(table.c[key]).limit(2)
    (one, first), (other, second) = connection.execute(query).all()
    for row, value in ((one, second), (other, first)):
        connection.execute(update(table).where(table.c[key] == row).values({column: value}))


def flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


@ON_EACH
def test_a_flipped_bit_of_the_log_is_found_with_its_place(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    size = cc("ledger", "verify")["size"]
    assert size >= 7
    with migrated_database.engine.begin() as connection:
        leaves = connection.execute(select(LEAVES).order_by(LEAVES.c.idx)).mappings().all()
    for index in (0, size // 2, size - 1):
        leaf = leaves[index]
        for column in ("hash", "frontier", "checkpoint"):
            with meanwhile(migrated_database, LEAVES) as connection:
                changed = {column: flipped(leaf[column], len(leaf[column]) // 2)}
                connection.execute(update(LEAVES).where(LEAVES.c.idx == index).values(changed))
                connection.commit()
                assert refused(cc)["first_bad"] == index, column
        with migrated_database.engine.begin() as connection:
            header = connection.scalar(select(EVENTS.c.header).where(EVENTS.c.id == leaf["event_id"]))
            where = update(EVENTS).where(EVENTS.c.id == leaf["event_id"])
            connection.execute(where.values(header=flipped(header, len(header) // 2)))
        assert refused(cc)["first_bad"] == index
        with migrated_database.engine.begin() as connection:
            connection.execute(where.values(header=header))
    assert cc("ledger", "verify")["ok"]


FORGED_RECORDS: dict[str, dict[str, Any]] = {
    "state": {"state": "withdrawn"},
    "purpose": {"purpose": "similar_products"},
    "channel": {"channel": "sms"},
    "at": {"at": datetime.fromisoformat("2020-01-01T00:00:00+00:00")},
    "expires_at": {"expires_at": datetime.fromisoformat("2099-01-01T00:00:00+00:00")},
    "method": {"method": "paper"},
    "language": {"notice_language": "de"},
    "notice version": {"notice_version": 7},
    "notice": {"notice_id": "invoicing"},
    "hash of the notice": {"notice_sha256": "0" * 64},
    "hash of the policies": {"policy_sha256": "0" * 64},
    "version of the purpose": {"purpose_version": 9},
}


@ON_EACH
def test_a_forged_consent_record_is_found(cc: CommandLine, migrated_database: Database, declared: list[str]) -> None:
    """Alone, and together with the state that decisions read: then the sealed content of its leaf tells."""
    record_id = UUID(declared[1])
    held = {column.name for column in STATES.columns}
    for what, values in FORGED_RECORDS.items():
        for states_too in (False, True):
            if states_too and not set(values) <= held:
                continue
            with meanwhile(migrated_database, STATES, RECORDS) as connection:
                connection.execute(update(RECORDS).where(RECORDS.c.id == record_id).values(values))
                if states_too:
                    connection.execute(update(STATES).where(STATES.c.record_id == record_id).values(values))
                connection.commit()
                assert refused(cc)["discrepancies"], (what, states_too)
    assert cc("ledger", "verify")["ok"]


FORGED_STATES: dict[str, dict[str, Any]] = {
    "state": {"state": "renewed"},
    "at": {"at": datetime.fromisoformat("2020-01-01T00:00:00+00:00")},
    "expires_at": {"expires_at": datetime.fromisoformat("2099-01-01T00:00:00+00:00")},
    "no end": {"expires_at": None},
    "record_id": {"record_id": UUID(int=7)},
    "channel": {"channel": "sms"},
}


@ON_EACH
def test_a_forged_or_missing_state_is_found(cc: CommandLine, migrated_database: Database, declared: list[str]) -> None:
    this = STATES.c.record_id == UUID(declared[1])
    for what, values in FORGED_STATES.items():
        with meanwhile(migrated_database, STATES) as connection:
            connection.execute(update(STATES).where(this).values(values))
            connection.commit()
            assert refused(cc)["discrepancies"], what
    with meanwhile(migrated_database, STATES) as connection:
        connection.execute(delete(STATES).where(this))
        connection.commit()
        assert refused(cc)["discrepancies"]
    assert cc("ledger", "verify")["ok"]


@ON_EACH
def test_a_withdrawal_taken_away_is_found(cc: CommandLine, migrated_database: Database, declared: list[str]) -> None:
    """The record deleted and the state set back, as if alix had never withdrawn."""
    withdrawn, given = UUID(declared[4]), UUID(declared[0])
    with meanwhile(migrated_database, STATES, RECORDS) as connection:
        connection.execute(delete(RECORDS).where(RECORDS.c.id == withdrawn))
        kept = connection.execute(select(RECORDS).where(RECORDS.c.id == given)).mappings().one()
        values = {"state": kept["state"], "at": kept["at"], "expires_at": kept["expires_at"], "record_id": given}
        connection.execute(update(STATES).where(STATES.c.record_id == withdrawn).values(values))
        connection.commit()
        assert any("no record is left" in each for each in refused(cc)["discrepancies"])
    assert cc("ledger", "verify")["ok"]


@ON_EACH
def test_two_records_whose_persons_were_swapped_are_found(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    """Records, states and the links of their contents: everything that is not sealed or hashed."""
    one, other = UUID(declared[1]), UUID(declared[2])
    for contents_too in (False, True):
        with meanwhile(migrated_database, STATES, RECORDS, CONTENTS) as connection:
            rows = {row["id"]: row for row in connection.execute(select(RECORDS)).mappings()}
            connection.execute(delete(STATES))
            for mine, theirs in ((one, other), (other, one)):
                subject = {"subject_ref": rows[theirs]["subject_ref"]}
                connection.execute(update(RECORDS).where(RECORDS.c.id == mine).values(subject))
                if contents_too:
                    linked = CONTENTS.c.event_id == rows[mine]["event_id"]
                    connection.execute(update(CONTENTS).where(linked).values(subject))
            held = ("subject_ref", "purpose", "channel", "state", "at", "expires_at")
            for row in connection.execute(select(RECORDS).where(RECORDS.c.id != UUID(declared[0]))).mappings().all():
                connection.execute(insert(STATES), [{name: row[name] for name in held} | {"record_id": row["id"]}])
            connection.commit()
            found = refused(cc)["discrepancies"]
            assert {text.split()[1] for text in found} >= {str(one), str(other)}
    assert cc("ledger", "verify")["ok"]


@ON_EACH
def test_rows_taken_off_the_end_fail_against_a_newer_checkpoint(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    older, newer = cc.folder / "older", cc.folder / "newer"
    size = cc("ledger", "checkpoint", "--out", older)["size"]
    last = UUID(str(declare(cc, "basile", "withdrawn")["record_id"]))
    cc("ledger", "checkpoint", "--out", newer)
    for note in (older, newer):
        assert cc("ledger", "verify", "--against", note)["ok"]
    with meanwhile(migrated_database, STATES, RECORDS, CONTENTS, LEAVES, EVENTS) as connection:
        event_id = connection.scalar(select(RECORDS.c.event_id).where(RECORDS.c.id == last))
        connection.execute(delete(RECORDS).where(RECORDS.c.id == last))
        given = connection.execute(select(RECORDS).where(RECORDS.c.id == UUID(declared[1]))).mappings().one()
        values = {"state": "given", "at": given["at"], "expires_at": given["expires_at"], "record_id": given["id"]}
        connection.execute(update(STATES).where(STATES.c.record_id == last).values(values))
        for table, column in ((LEAVES, "event_id"), (CONTENTS, "event_id"), (EVENTS, "id")):
            connection.execute(delete(table).where(table.c[column] == event_id))
        connection.commit()
        assert cc("ledger", "verify")["ok"]  # a log alone cannot know
        assert cc("ledger", "verify", "--against", older)["ok"]
        answer = cc("ledger", "verify", "--against", newer, exit_code=3)
        assert (answer["first_bad"], "rolled back" in answer["problem"]) == (size, True)
    assert cc("ledger", "verify", "--against", newer)["ok"]


def only_sqlite(database: Database) -> tuple[Path, Path]:
    if database.kind != "sqlite":
        pytest.skip("a server's files are not ours to copy; the rows are covered above")
    main, keyring = (Path(str(make_url(url).database)) for url in (database.url, database.keyring_url))
    return main, keyring


def copy_of(path: Path) -> Path:
    target = path.with_suffix(".old")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def put_back(copy: Path, path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, path)


@ON_EACH
def test_an_older_copy_of_the_file_fails_against_a_newer_checkpoint(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    main, _ = only_sqlite(migrated_database)
    copy = copy_of(main)
    declare(cc, "basile", "withdrawn")
    cc("ledger", "checkpoint", "--out", cc.folder / "newer")
    migrated_database.dispose()
    put_back(copy, main)
    assert cc("ledger", "verify")["ok"]
    answer = cc("ledger", "verify", "--against", cc.folder / "newer", exit_code=3)
    assert "rolled back" in answer["problem"]
    declare(cc, "capucine", "withdrawn")  # as long again, and another history
    assert "forked" in cc("ledger", "verify", "--against", cc.folder / "newer", exit_code=3)["problem"]


@ON_EACH
def test_an_old_keyring_opens_nothing_after_its_epoch_was_destroyed(
    cc: CommandLine, migrated_database: Database, declared: list[str]
) -> None:
    _, keyring_path = only_sqlite(migrated_database)
    copy = copy_of(keyring_path)
    cc("keys", "rotate", "kek")
    cc("keys", "destroy-epoch", "1")
    with migrated_database.engine.begin() as connection:
        people = connection.scalars(select(core(Contact).c.subject_ref)).all()
    engine = make_engine(f"sqlite:///{copy}")
    old = Keyring(engine, FileKek(cc.folder / "kek.json"))
    assert len(people) == len(PEOPLE)
    for subject in people:
        for key_class in KeyClass:
            with pytest.raises((ConfigurationError, DecryptionFailed)):
                old.field_cipher(subject, key_class)
    for opening in (old.check, old.log_signer, lambda: old.shared_cipher(10), lambda: old.index_key(120)):
        with pytest.raises((ConfigurationError, DecryptionFailed)):
            opening()
    engine.dispose()
    migrated_database.dispose()
    newest = copy_of(keyring_path.rename(keyring_path.with_name("newest.db")))
    put_back(copy, keyring_path)
    for command in (("keys", "status"), ("subjects", "find", "--email", PEOPLE["alix"]), ("ledger", "verify")):
        result = cc.run(*command)
        assert result.exit_code == 1 and "epoch" in result.stderr, (command, result.stderr)
    put_back(newest, keyring_path)
    assert json.loads(cc.run("keys", "status", "--json").stdout)["epochs"] == [2]
