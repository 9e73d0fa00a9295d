from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import DecryptionFailed
from consentcore.importing.counts import Counts
from consentcore.importing.quarantine import entries
from consentcore.importing.tables import QuarantinedRow

GOOD = ["1", "Zoé", "Lefèvre", "zoe@exemple.example", "", "France"]
BAD = ["2", "=1+1", "@Novák", "not-an-address", "", "-4"]


def mended(exported: str, **changes: str) -> str:
    """Change cells of every row of an export."""
    rows = list(csv.DictReader(io.StringIO(exported, newline="")))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0])
    writer.writeheader()
    writer.writerows(row | changes for row in rows)
    return stream.getvalue()


def test_a_bad_row_is_kept_whole_with_its_cause_and_sealed(importer: Any, as_csv: Any) -> None:
    assert importer.load(as_csv([GOOD, BAD])) == Counts(rows=2, created=1, quarantined=1)
    (row,) = importer.quarantine()
    assert [row[name] for name in ("id", "first", "last", "mail", "tel", "country")] == BAD
    assert row["consentcore_cause"] == "column 'mail': this is not an e-mail address (RFC 5321)"
    with importer.factory() as session:
        stored = session.scalars(select(QuarantinedRow)).one()
        assert (stored.row_number, stored.kind, stored.column_name) == (3, "contact_point", "mail")
        assert b"address" not in bytes(stored.sealed_row or b"")


def test_a_mended_row_is_taken_and_its_copy_goes(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv([GOOD, BAD]))
    exported = importer.quarantine_csv()
    assert importer.load(mended(exported, mail="jan@priklad.example")) == Counts(rows=1, created=1)
    assert importer.quarantine() == []
    assert [draft.texts["first_name"] for draft in importer.contacts()] == ["Zoé", "=1+1"]
    with importer.factory() as session:
        stored = session.scalars(select(QuarantinedRow)).one()
        assert stored.resolved_at == importer.now
        assert stored.sealed_row is None
    (left,) = importer.quarantine(unresolved_only=False)
    assert set(left) == {"consentcore_quarantine_id", "consentcore_cause"}
    assert importer.load(as_csv([GOOD, BAD])) == Counts(rows=2, duplicates=1, quarantined=1)
    assert importer.quarantine() == [], "the file it came from does not set it aside once more"


def test_a_row_that_fails_again_takes_its_new_cells_and_cause(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv([GOOD, BAD]))
    exported = importer.quarantine_csv()
    for _ in range(2):
        assert importer.load(mended(exported, id=" ")) == Counts(rows=1, quarantined=1)
        (row,) = importer.quarantine()
        assert row["id"] == " "
        assert row["consentcore_cause"] == "column 'id': the external id is missing"
        assert row["consentcore_quarantine_id"] in exported


@pytest.mark.parametrize("cells", [["2", "Jan"], ["2", "Jan", "", "", "", "", "more", "and more"]])
def test_a_ragged_row_is_not_mended_by_being_handed_back(importer: Any, as_csv: Any, cells: list[str]) -> None:
    importer.load(as_csv([GOOD, cells]))
    exported = importer.quarantine_csv()
    before = importer.quarantine()
    assert importer.load(exported) == Counts(rows=1, quarantined=1)
    assert importer.load(importer.quarantine_csv()) == Counts(rows=1, quarantined=1)
    after = importer.quarantine()
    assert [row["consentcore_quarantine_id"] for row in after] == [row["consentcore_quarantine_id"] for row in before]
    assert len(importer.contacts()) == 1


def test_a_ragged_row_is_taken_once_it_was_changed_or_its_cause_emptied(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv([GOOD, ["2", "Jan"], ["3", "Eva", "", "", "", "", "more"]]))
    rows = list(csv.DictReader(io.StringIO(importer.quarantine_csv(), newline="")))
    rows[0]["consentcore_cause"] = ""
    rows[1]["consentcore_extra_1"] = ""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    assert importer.load(stream.getvalue()) == Counts(rows=2, created=2)
    assert importer.quarantine() == []


def test_a_repeated_id_does_not_overwrite_the_first_when_it_is_handed_back(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv([GOOD, ["1", "Impostor", "", "", "", ""]]))
    exported = importer.quarantine_csv()
    assert importer.load(exported) == Counts(rows=1, quarantined=1)
    assert importer.contacts()[0].texts["first_name"] == "Zoé"
    assert importer.load(mended(exported, id="9")) == Counts(rows=1, created=1)


def test_an_id_that_names_no_row_of_the_quarantine_sets_the_row_aside_anew(
    importer: Any, as_csv: Any, mapping: Any
) -> None:
    header = ("id", "first", "last", "mail", "tel", "country", "consentcore_quarantine_id")
    strange = "6f1f5b6e-0000-4000-8000-000000000000"
    back = (strange, "nonsense", "", strange)
    content = as_csv([[str(number), *GOOD[1:], its_id] for number, its_id in enumerate(back)], header)
    counts = importer.load(content)
    assert (counts.rows, counts.quarantined, counts.created) == (4, 3, 1)
    assert len(importer.quarantine()) == 3
    importer.load(as_csv([BAD]), mapping(system="till"))
    other = next(row for row in importer.quarantine() if row["first"] == "=1+1")
    stolen = as_csv([["5", "A", "B", "", "", "", other["consentcore_quarantine_id"]]], header)
    assert importer.load(stolen).quarantined == 1, "a row of another system is not resolved"


def test_a_quarantine_id_that_stands_twice_in_a_file_loses_neither_row(importer: Any, as_csv: Any) -> None:
    importer.load(as_csv([BAD]))
    exported = importer.quarantine_csv()
    twice = exported + exported.splitlines(keepends=True)[-1].replace("=1+1", "other")
    assert importer.load(twice).quarantined == 2
    assert sorted(row["first"] for row in importer.quarantine()) == ["=1+1", "other"]


def test_files_with_other_columns_stand_side_by_side(importer: Any, as_csv: Any, mapping: Any) -> None:
    importer.load(as_csv([BAD]))
    importer.load("id,mail,,extra,extra\n,x@e.example,u,v,w\n", mapping(fields={"email": "mail"}))
    first, second = sorted(importer.quarantine(), key=lambda row: row["id"], reverse=True)
    assert (first["first"], first["extra"]) == ("=1+1", "")
    assert [second[name] for name in ("mail", "column (3)", "extra", "extra (5)")] == ["x@e.example", "u", "v", "w"]
    assert (second["first"], second["id"]) == ("", "")


def test_a_sealed_row_opens_nowhere_else(importer: Any, as_csv: Any, keyring: Keyring) -> None:
    importer.load(as_csv([BAD, ["3", "", "", "no", "", ""]]))
    with importer.factory.begin() as session:
        first, second = session.scalars(select(QuarantinedRow)).all()
        swap = update(QuarantinedRow).where(QuarantinedRow.id == first.id).values(sealed_row=second.sealed_row)
        session.execute(swap)
    with importer.factory() as session, pytest.raises(DecryptionFailed):
        _all(session, keyring)


def _all(session: Session, keyring: Keyring) -> list[Any]:
    return list(entries(session, keyring))
