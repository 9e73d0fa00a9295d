"""The archive: readable when the profile is gone, found again by contact point, gone with its term."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed
from consentcore.errors import BadInput
from consentcore.retention.archive import archive_rows, delete_archived, read_archive
from consentcore.retention.archive_index import ArchivedPoint, find_archived, index_points, points_of
from consentcore.retention.tables import ARCHIVED_EMAIL_INDEX, ARCHIVED_PHONE_INDEX, ArchivedRow

UNTIL = date(2031, 12, 31)


def test_what_is_archived_outlives_the_profile_key(crm: Any, make_life: Any, make_item: Any, now: datetime) -> None:
    (person,) = crm.live(make_life())
    source = uuid4()
    fields = {"name": "Zoé", "issued_on": date(2021, 3, 5), "at": now, "ref": source, "count": 3, "none": None}
    with crm.factory.begin() as session:
        archive_rows(session, crm.keyring, person, [make_item(UNTIL, fields=fields, source_id=source)], now)
    crm.keyring.destroy_key(person, KeyClass.PROFILE, now)
    with crm.factory() as session:
        (found,) = read_archive(session, crm.keyring, person)
        raw = session.scalars(select(ArchivedRow.content)).one()
    assert found.fields == {
        "name": "Zoé",
        "issued_on": "2021-03-05",
        "at": "2026-11-09T09:00:00Z",
        "ref": str(source),
        "count": 3,
        "none": None,
    }
    assert (found.store, found.source_id, found.kept_until, found.article) == (
        "cc_transaction",
        source,
        UNTIL,
        "17(3)(b)",
    )
    assert b"Zo" not in raw
    crm.keyring.destroy_key(person, KeyClass.ARCHIVE, now)
    with crm.factory() as session, pytest.raises(KeyDestroyed):
        read_archive(session, crm.keyring, person)


def test_a_row_is_archived_once(crm: Any, make_life: Any, make_item: Any, now: datetime) -> None:
    (person,) = crm.live(make_life())
    item = make_item(UNTIL)
    with crm.factory.begin() as session:
        archive_rows(session, crm.keyring, person, [item], now)
    with crm.factory() as session, pytest.raises(IntegrityError):
        archive_rows(session, crm.keyring, person, [item], now)


@pytest.mark.parametrize(
    "changes",
    [
        {"kept_until": None},
        {"until_event": "contract_end"},
        {"fields": {"amount": 1.5}},
        {"fields": {"text": "x" * 100_001}},
    ],
    ids=["no_end", "two_ends", "float", "long"],
)
def test_what_cannot_be_kept_is_refused(
    crm: Any, make_life: Any, make_item: Any, now: datetime, changes: dict[str, Any]
) -> None:
    (person,) = crm.live(make_life())
    with crm.factory() as session, pytest.raises(BadInput):
        archive_rows(session, crm.keyring, person, [make_item(UNTIL, **changes)], now)


def _indexed(crm: Any, person: UUID, make_item: Any, now: datetime, points: list[ArchivedPoint]) -> list[UUID]:
    with crm.factory.begin() as session:
        rows: list[UUID] = archive_rows(session, crm.keyring, person, [make_item(UNTIL), make_item(UNTIL)], now)
        assert index_points(session, crm.keyring, person, rows, points) == len(rows) * len(points)
    return rows


def test_a_person_is_found_among_what_is_archived_until_the_last_row_goes(
    crm: Any, make_life: Any, make_item: Any, now: datetime
) -> None:
    person, other = crm.live(make_life(email="Une@Courriel.example"), make_life())
    with crm.factory() as session:
        points = points_of(session, crm.keyring, person, ["FR"])
    assert points == [ArchivedPoint(ARCHIVED_EMAIL_INDEX, "une@courriel.example")]
    first, last = _indexed(crm, person, make_item, now, points)
    for gone, expected in ((None, {person}), (first, {person}), (last, set())):
        with crm.factory.begin() as session:
            if gone is not None:
                assert delete_archived(session, [gone]) == {"cc_archive_index": 1, "cc_archived_row": 1}
                assert delete_archived(session, [gone]) == {}
            assert find_archived(session, crm.keyring, ARCHIVED_EMAIL_INDEX, "une@courriel.example") == expected
            assert find_archived(session, crm.keyring, ARCHIVED_PHONE_INDEX, "une@courriel.example") == set()
    assert crm.count("cc_contact", person, other) == 2


def test_a_national_number_is_indexed_as_it_was_read_at_import(crm: Any, make_item: Any, now: datetime) -> None:
    points = (
        email_point("a@courriel.example"),
        phone_point(PointKind.PHONE, "01 99 00 12 34", "FR"),
        phone_point(PointKind.MOBILE, "020 7946 0018", "GB"),
        phone_point(PointKind.FAX, "no number", "FR"),
    )
    with crm.factory.begin() as session:
        person = open_contacts(session, crm.keyring, [ContactDraft(points=points)], now)[0].subject_ref
        found = points_of(session, crm.keyring, person, ["FR"])
    assert {point.normalised for point in found} == {"a@courriel.example", "+33199001234", "+442079460018"}
