from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consentcore.crm.contacts import PointKind
from consentcore.importing.faults import FaultKind
from consentcore.importing.header import Header
from consentcore.importing.mapping import MappingRefused
from consentcore.importing.reader import SourceRow, open_source
from consentcore.importing.rows import ReadRow, RowReader
from consentcore.importing.seen import SeenInFile
from consentcore.importing.steps import batches

Read = Callable[..., ReadRow]
ALL = {
    "first_name": "first",
    "email": "mail",
    "email2": "mail2",
    "phone": "tel",
    "mobile": "gsm",
    "fax": "fax",
    "birth_date": "born",
    "language": "lang",
    "gender": "gender",
    "timezone": "zone",
    "capacity": "capacity",
    "kind": "kind",
    "source": "source",
    "created_at": "made",
    "last_contact_at": "last",
    "notes": "notes",
    "address.country": "country",
    "address.postal_code": "zip",
    "account.name": "company",
}


@pytest.fixture
def read(mapping: Any) -> Iterator[Read]:
    """Read one row given by its columns; the id is 1 unless the test says otherwise."""
    with SeenInFile() as seen:
        header = Header(("id", *ALL.values(), "unmapped"))
        number = 1

        def one(its_mapping: Any = None, region: str = "FR", **cells: str) -> ReadRow:
            nonlocal number
            number += 1
            values = {"id": str(number)} | cells
            reader = RowReader(its_mapping or mapping(fields=ALL), header, region, seen)
            return reader.read(SourceRow(number, [values.get(name, "") for name in header.columns]))

        yield one


def test_a_row_becomes_a_contact(read: Read) -> None:
    row = read(
        first=" Zoé ", mail="Zoe@Exemple.example", mail2="z@e.example", tel="01 23 45 67 89", gsm="+33612345678",
        fax="0123456790", born="1985-03-04", lang="pt-BR", gender="f", zone="Europe/Paris", capacity="Professional",
        kind="prospect", source="salon 2026", made="2020-01-02T03:04:05+02:00", last="2026-11-09", notes="=1+1",
        country="France", zip="01000", company="@ACME",
    )  # fmt: skip
    assert row.fault is None
    assert row.draft is not None
    assert row.source == "salon 2026"
    assert row.draft.texts == {
        "first_name": "Zoé",
        "birth_date": "1985-03-04",
        "gender": "f",
        "notes": "=1+1",
        "country": "France",
        "postal_code": "01000",
        "account_name": "@ACME",
    }
    assert [(point.kind, point.value, point.normalised) for point in row.draft.points] == [
        (PointKind.EMAIL, "Zoe@Exemple.example", "zoe@exemple.example"),
        (PointKind.EMAIL, "z@e.example", "z@e.example"),
        (PointKind.PHONE, "01 23 45 67 89", "+33123456789"),
        (PointKind.MOBILE, "+33612345678", "+33612345678"),
        (PointKind.FAX, "0123456790", "+33123456790"),
    ]
    assert (row.draft.language, row.draft.timezone) == ("pt-BR", "Europe/Paris")
    assert (row.draft.kind, row.draft.capacity) == ("prospect", "professional")
    assert row.draft.created_at == datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert row.draft.last_contact_at == datetime(2026, 11, 9, tzinfo=UTC)


def test_an_empty_row_with_an_id_is_a_consumer_without_anything(read: Read) -> None:
    row = read()
    assert row.draft is not None
    assert (dict(row.draft.texts), row.draft.points, row.draft.capacity) == ({}, (), "consumer")


FAULTS = [
    ({"id": ""}, FaultKind.MISSING_ID, "id"),
    ({"id": "  "}, FaultKind.MISSING_ID, "id"),
    ({"id": "x" * 256}, FaultKind.TOO_LONG, "id"),
    ({"mail": "SECRET"}, FaultKind.CONTACT_POINT, "mail"),
    ({"mail": "SECRET@@e.example"}, FaultKind.CONTACT_POINT, "mail"),
    ({"mail": "SECRET" * 65 + "@e.example"}, FaultKind.CONTACT_POINT, "mail"),
    ({"mail2": "SECRET"}, FaultKind.CONTACT_POINT, "mail2"),
    ({"tel": "SECRET" * 50}, FaultKind.CONTACT_POINT, "tel"),
    ({"first": "SECRET" * 5_000}, FaultKind.TOO_LONG, "first"),
    ({"zip": "SECRET" * 6}, FaultKind.TOO_LONG, "zip"),
    ({"gender": "SECRET" * 6}, FaultKind.TOO_LONG, "gender"),
    ({"kind": "SECRET" * 6}, FaultKind.TOO_LONG, "kind"),
    ({"source": "SECRET" * 100}, FaultKind.TOO_LONG, "source"),
    ({"born": "SECRET"}, FaultKind.DATE, "born"),
    ({"born": "04/03/1985"}, FaultKind.DATE, "born"),
    ({"born": "1985-02-30"}, FaultKind.DATE, "born"),
    ({"born": "0001-01-01"}, FaultKind.DATE, "born"),
    ({"made": "9999-12-31T23:59:59-12:00"}, FaultKind.DATE, "made"),
    ({"last": "SECRET" * 1_000}, FaultKind.DATE, "last"),
    ({"capacity": "SECRET"}, FaultKind.WORD, "capacity"),
    ({"lang": "SECRET SECRET"}, FaultKind.WORD, "lang"),
    ({"zone": "SECRET"}, FaultKind.WORD, "zone"),
]


@pytest.mark.parametrize(("cells", "kind", "column"), FAULTS)
def test_a_faulty_row_is_set_aside_by_column_and_cause_without_its_value(
    read: Read, cells: dict[str, str], kind: FaultKind, column: str
) -> None:
    row = read(**cells)
    assert row.draft is None
    assert row.fault is not None
    assert (row.fault.kind, row.fault.column) == (kind, column)
    assert repr(column) in row.fault.cause
    assert "SECRET" not in row.fault.cause
    assert len(row.fault.cause) < 300
    assert set(cells.values()) <= set(row.values)


def test_an_id_that_came_before_is_a_fault_however_its_accents_are_stored(read: Read) -> None:
    assert read(id="\u00e91").fault is None
    again = read(id="e\u03011")
    assert again.fault is not None
    assert (again.fault.kind, again.fault.column) == (FaultKind.REPEATED_ID, "id")
    assert read(id="\u00c91").fault is None, "ids are exact in everything else"


def test_an_id_of_a_faulty_row_counts_as_met(read: Read) -> None:
    assert read(id="7", mail="no").fault is not None
    again = read(id="7")
    assert again.fault is not None
    assert again.fault.kind is FaultKind.REPEATED_ID


def test_an_invalid_phone_never_costs_the_row(read: Read) -> None:
    row = read(tel="ask Bob", country="France")
    assert row.draft is not None
    assert [(point.value, point.normalised) for point in row.draft.points] == [("ask Bob", None)]


@pytest.mark.parametrize(
    ("country", "tel", "expected"),
    [
        ("Belgique", "02 219 03 03", "+3222190303"),
        ("BE", "02 219 03 03", "+3222190303"),
        ("royaume-uni", "020 7707 0707", "+442077070707"),
        ("Czech Republic", "2 4172 5555", "+420241725555"),
        ("Atlantis", "01 23 45 67 89", "+33123456789"),
        ("", "01 23 45 67 89", "+33123456789"),
        ("Atlantis", "+49 30 26550280", "+493026550280"),
    ],
)
def test_a_number_is_read_in_the_region_of_its_country(read: Read, country: str, tel: str, expected: str) -> None:
    row = read(country=country, tel=tel)
    assert row.draft is not None
    assert row.draft.points[0].normalised == expected


def test_the_region_of_the_caller_and_the_constant_country_count_too(read: Read, mapping: Any) -> None:
    row = read(region="DE", tel="030 26550280")
    assert row.draft is not None
    assert row.draft.points[0].normalised == "+493026550280"
    fields = {name: column for name, column in ALL.items() if name != "address.country"}
    row = read(mapping(fields=fields, constants={"address.country": "Allemagne"}), tel="030 26550280")
    assert row.draft is not None
    assert row.draft.points[0].normalised == "+493026550280"
    assert row.draft.texts["country"] == "Allemagne"


def test_dates_and_zone_of_the_mapping(read: Read, mapping: Any) -> None:
    stated = mapping(fields=ALL, dates="%d/%m/%Y %H:%M", timezone="Europe/Paris")
    row = read(stated, born="04/03/1985 00:00", made="01/07/2026 09:30")
    assert row.draft is not None
    assert row.draft.texts["birth_date"] == "1985-03-04"
    assert row.draft.created_at == datetime(2026, 7, 1, 7, 30, tzinfo=UTC)
    iso = read(stated, born="1985-03-04")
    assert iso.fault is not None
    assert iso.fault.kind is FaultKind.DATE


def test_constants_fill_every_row_and_a_bad_one_is_refused_before_any(read: Read, mapping: Any) -> None:
    fields = {"email": "mail"}
    row = read(mapping(fields=fields, constants={"capacity": "PROFESSIONAL", "source": "salon", "tags": "a;b"}))
    assert row.draft is not None
    assert (row.draft.capacity, row.source, dict(row.draft.texts)) == ("professional", "salon", {"tags": "a;b"})
    with pytest.raises(MappingRefused, match=r"constants\.capacity"):
        read(mapping(fields=fields, constants={"capacity": "robot"}))


@pytest.mark.parametrize("cells", [["1", "a"], ["1"] + ["a"] * 30])
def test_a_row_of_another_length_is_ragged(mapping: Any, cells: list[str]) -> None:
    with SeenInFile() as seen:
        reader = RowReader(mapping(), Header(("id", "first", "last", "mail", "tel", "country")), "FR", seen)
        row = reader.read(SourceRow(9, cells))
    assert row.fault is not None
    assert (row.fault.kind, row.fault.column) == (FaultKind.RAGGED, None)
    assert row.fault.cause == f"the row has {len(cells)} cells and the header 6"
    assert row.values == tuple(cells)


def test_reading_takes_no_more_memory_for_more_rows(mapping: Any, tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as stream:
            stream.write("id,first,last,mail,tel,country\n")
            stream.writelines(f"{number},A,B,a{number}@e.example,0123456789,France\n" for number in range(rows))
        tracemalloc.start()
        try:
            with open_source(path, mapping()) as file, SeenInFile() as seen:
                reader = RowReader(mapping(), file.header, "FR", seen)
                assert sum(len(batch) for batch in batches(reader.read_all(file.read()))) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(600)  # caches of the libraries
    # 6,000 rows kept would be 6 MB; what lists and tuples the interpreter keeps for reuse varies by 0.3
    assert peak(8_000) < peak(2_000) + 500_000


def test_a_batch_ends_early_where_rows_are_long() -> None:
    row = ReadRow(2, ("x" * 500_000,), "1", None, None)
    assert [len(batch) for batch in batches([row] * 20, size=500)] == [8, 8, 4]
