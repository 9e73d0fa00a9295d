from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, Contact, PointKind
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.tables import KEYS
from consentcore.db import Base, KeyringBase
from consentcore.importing import plan
from consentcore.importing.counts import Counts
from consentcore.importing.externals import known_rows
from consentcore.importing.load import IMPORT_BATCH, ImportedMeanwhile
from consentcore.importing.reader import open_source
from consentcore.importing.runs import prepare
from consentcore.importing.steps import load_file
from consentcore.importing.tables import ImportRun, Provenance
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent
from consentcore.subjects.matching import find_subjects
from consentcore.subjects.tables import ExternalId
from policies.mapping_file import read_mapping
from tests.builders.databases import Database

PEOPLE = [
    ["1", "Zoé", "Lefèvre", "zoe@exemple.example", "01 23 45 67 89", "France"],
    ["2", "Jan", "Novák", "jan@priklad.example", "ask him", "Czech Republic"],
    ["3", "Ana", "Silva", "ZOE@exemple.example", "", "Portugal"],
]


def tables(database: Database) -> dict[str, int]:
    found: dict[str, int] = {}
    engines: list[tuple[Engine, Any]] = [(database.engine, Base), (database.keyring_engine, KeyringBase)]
    for engine, base in engines:
        with engine.connect() as connection:
            for table in base.metadata.sorted_tables:
                found[table.name] = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def test_rows_become_contacts_that_are_found_and_their_provenance_is_kept(
    importer: Any, as_csv: Any, database: Database
) -> None:
    assert importer.load(as_csv(PEOPLE)) == Counts(rows=3, created=3, matches=1)
    drafts = importer.contacts()
    assert [draft.texts["first_name"] for draft in drafts] == ["Zoé", "Jan", "Ana"]
    assert [(point.value, point.normalised is None) for point in drafts[1].points] == [
        ("jan@priklad.example", False),
        ("ask him", True),
    ]
    with importer.factory() as session:
        found = find_subjects(session, importer.keyring, EMAIL_INDEX, "zoe@exemple.example")
        assert len(found) == 2, "an equal address is a match, never one person"
        assert len(find_subjects(session, importer.keyring, PHONE_INDEX, "+33123456789")) == 1
        rows = session.scalars(select(Provenance).order_by(Provenance.row_number)).all()
        assert [(row.row_number, row.source, row.obtained_on) for row in rows] == [
            (number, "shop", date(2026, 11, 2)) for number in (2, 3, 4)
        ]
        assert {row.subject_ref for row in rows} == set(session.scalars(select(Contact.subject_ref)))
        run = session.scalars(select(ImportRun)).one()
        assert (run.row_count, run.created, run.matches, run.finished_at) == (3, 3, 1, importer.now)
        assert {row.import_id for row in rows} == {run.id}
        headers = [read_header(row) for row in session.scalars(select(LogEvent.header))]
        leaves = [header for header in headers if header["type"] == IMPORT_BATCH]
        assert [leaf["data"]["created"] for leaf in leaves] == [3]
        assert "exemple" not in json.dumps(headers)


def test_the_same_file_again_changes_nothing(importer: Any, as_csv: Any, database: Database) -> None:
    content = as_csv([*PEOPLE, ["4", "Bad", "Mail", "none", "", ""]])
    importer.load(content, size=2)
    before = tables(database)
    assert importer.load(content, size=2) == Counts(rows=4, duplicates=3, quarantined=1)
    after = tables(database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"cc_import", "cc_log_event", "cc_log_leaf", "cc_log_tile"}


def test_a_changed_row_updates_its_contact_and_its_index(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv(PEOPLE))
    changed = [[*PEOPLE[0][:3], "new@exemple.example", "", "France"], PEOPLE[1], PEOPLE[2]]
    assert importer.load(as_csv(changed)) == Counts(rows=3, updated=1, duplicates=2)
    first = importer.contacts()[0]
    assert [(point.kind, point.value) for point in first.points] == [(PointKind.EMAIL, "new@exemple.example")]
    with importer.factory() as session:
        assert len(find_subjects(session, importer.keyring, EMAIL_INDEX, "zoe@exemple.example")) == 1
        assert len(find_subjects(session, importer.keyring, EMAIL_INDEX, "new@exemple.example")) == 1
        assert find_subjects(session, importer.keyring, PHONE_INDEX, "+33123456789") == []
        assert session.scalar(select(func.count()).select_from(Provenance)) == 4


def test_a_source_speaks_only_for_the_columns_it_has(importer: Any, mapping: Any, as_csv: Any) -> None:
    importer.load(as_csv(PEOPLE))
    narrow = mapping(fields={"job_title": "job", "email": "mail"})
    counts = importer.load("id,job,mail\n1,Baker,zoe2@exemple.example\n", narrow)
    assert counts == Counts(rows=1, updated=1)
    zoe = importer.contacts()[0]
    assert zoe.texts == {"first_name": "Zoé", "last_name": "Lefèvre", "country": "France", "job_title": "Baker"}
    assert [point.value for point in zoe.points] == ["zoe2@exemple.example", "01 23 45 67 89"]
    with importer.factory() as session:
        assert len(find_subjects(session, importer.keyring, PHONE_INDEX, "+33123456789")) == 1, "kept and still found"


def test_an_external_id_means_something_within_its_system_only(importer: Any, mapping: Any, as_csv: Any) -> None:
    importer.load(as_csv(PEOPLE[:1]))
    assert importer.load(as_csv(PEOPLE[:1]), mapping(system="till")) == Counts(rows=1, created=1, matches=1)


def test_a_dry_run_counts_the_same_and_writes_nothing_at_all(importer: Any, as_csv: Any, database: Database) -> None:
    importer.load(as_csv(PEOPLE[:1]))
    content = as_csv(
        [
            PEOPLE[0],
            PEOPLE[1],
            ["3", "Ana", "Silva", "zoe@exemple.example", "", ""],
            ["4", "Eva", "A", "eva@e.example", "", ""],
            ["5", "Eva", "B", "eva@e.example", "", ""],
            ["5", "Eva", "C", "", "", ""],
            ["", "Eva", "D", "", "", ""],
        ]
    )
    before = tables(database)
    dry = importer.examine(content, size=2)
    assert tables(database) == before
    assert dry == importer.load(content, size=2)
    assert dry == Counts(rows=7, created=4, duplicates=1, quarantined=2, matches=2)


def test_an_import_that_was_cut_off_is_finished_by_the_next(importer: Any, as_csv: Any, mapping: Any) -> None:
    content = as_csv([[str(n), f"N{n}", "X", f"n{n}@e.example", "", ""] for n in range(10)])
    units = 0

    class Killed(Exception):
        pass

    @contextmanager
    def failing() -> Iterator[Session]:
        nonlocal units
        units += 1
        with importer.factory.begin() as session:
            yield session
            if units == 4:
                raise Killed

    with open_source(importer.file(content), mapping()) as file:
        run = prepare(mapping(), file, source=None, obtained_on=date(2026, 11, 2), region="FR")
        with pytest.raises(Killed):
            list(load_file(failing, importer.keyring, run, file, lambda: importer.now, size=3))
    assert len(importer.contacts()) == 6
    assert importer.load(content, size=3) == Counts(rows=10, created=4, duplicates=6)
    with importer.factory() as session:
        cut, finished = session.scalars(select(ImportRun).order_by(ImportRun.created.desc())).all()
        assert (cut.created, cut.finished_at) == (6, None)
        assert (finished.created, finished.finished_at) == (4, importer.now)


def test_two_imports_of_one_file_at_once_make_each_person_once(importer: Any, as_csv: Any, mapping: Any) -> None:
    content = as_csv([[str(n), f"N{n}", "X", f"n{n}@e.example", "", ""] for n in range(40)])
    path = importer.file(content)
    gate = threading.Barrier(2)
    outcomes: list[Counts | Exception] = []

    def work() -> None:
        try:
            with open_source(path, mapping()) as file:
                run = prepare(mapping(), file, source=None, obtained_on=date(2026, 11, 2), region="FR")
                gate.wait(10)
                for counts in load_file(
                    importer.factory.begin, importer.keyring, run, file, lambda: importer.now, size=8
                ):
                    last = counts
            outcomes.append(last)
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Counts)] == []
    assert sum(outcome.created for outcome in outcomes if isinstance(outcome, Counts)) == 40
    assert sum(outcome.duplicates for outcome in outcomes if isinstance(outcome, Counts)) == 40
    with importer.factory() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == 40
        assert session.scalar(select(func.count()).select_from(ExternalId)) == 40


def test_a_batch_that_another_import_wins_is_undone_whole_and_says_so(
    importer: Any, as_csv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.load(as_csv(PEOPLE[:1]))
    monkeypatch.setattr(plan, "known_rows", lambda *_: {})  # as if the other import had committed just now
    with pytest.raises(ImportedMeanwhile, match="import again"):
        importer.load(as_csv(PEOPLE))
    assert len(importer.contacts()) == 1


def test_a_lost_race_is_tried_once_more(importer: Any, as_csv: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    importer.load(as_csv(PEOPLE[:1]))
    answers: Iterator[Any] = iter([lambda *_: {}])
    monkeypatch.setattr(plan, "known_rows", lambda *given: next(answers, known_rows)(*given))
    assert importer.load(as_csv(PEOPLE)) == Counts(rows=3, created=2, duplicates=1, matches=1)


def test_a_person_who_was_erased_does_not_come_back_by_import(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv(PEOPLE))
    with importer.factory() as session:
        subject = session.scalars(select(Provenance.subject_ref).order_by(Provenance.row_number)).first()
    importer.keyring.destroy_key(subject, KeyClass.PROFILE, importer.now)
    changed = [[*row[:1], "Other", *row[2:]] for row in PEOPLE]
    assert importer.load(as_csv(changed)) == Counts(rows=3, updated=2, quarantined=1)
    assert [row["id"] for row in importer.quarantine()] == ["1"]
    assert "erased" in importer.quarantine()[0]["consentcore_cause"]


def test_the_source_that_a_row_names_is_kept_sealed(importer: Any, mapping: Any) -> None:
    fields = {"email": "mail", "source": "heard"}
    importer.load("id,mail,heard\n1,a@e.example,told by Jean\n", mapping(fields=fields))
    with importer.factory() as session:
        row = session.scalars(select(Provenance)).one()
        assert b"Jean" not in bytes(row.source_text)
        assert reveal(importer.keyring, [row], Provenance.source_text) == [("told by Jean",)]


def test_the_59_customers_of_the_real_crm(importer: Any, data_dir: Path, database: Database) -> None:
    chinook = data_dir / "chinook"
    content = (chinook / "customer.csv").read_bytes()
    its_mapping = read_mapping(chinook / "contacts.mapping.yaml")
    dry = importer.examine(content, its_mapping)
    counts = importer.load(content, its_mapping)
    assert counts == dry
    assert (counts.rows, counts.created, counts.quarantined) == (59, 59, 0)
    assert importer.load(content, its_mapping) == Counts(rows=59, duplicates=59)
    with importer.factory() as session:
        found = find_subjects(session, importer.keyring, EMAIL_INDEX, "stanisław.wójcik@wp.pl")
        assert len(found) == 1
    luis = importer.contacts()[0]
    assert luis.texts["account_name"] == "Embraer - Empresa Brasileira de Aeronáutica S.A."
    assert luis.texts["street"] == "Av. Brigadeiro Faria Lima, 2170"
    with database.keyring_engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(KEYS)).scalar_one() == 59 * 3
