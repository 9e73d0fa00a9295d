"""Finding a person among archived rows, by an index of its own: the person's other traces may all be gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, insert, or_, select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import PHONE_INDEX, ContactPoint, PointKind
from consentcore.crm.known_reading import known_reading
from consentcore.crypto.blindindex import digest, index_rows, normalise_email
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import INDEX
from consentcore.retention.tables import ARCHIVE_INDEX, ARCHIVED_EMAIL_INDEX, ARCHIVED_PHONE_INDEX


@dataclass(frozen=True, slots=True)
class ArchivedPoint:
    """A contact point in the form under which the archive's index knows it."""

    field_number: int
    """ARCHIVED_EMAIL_INDEX or ARCHIVED_PHONE_INDEX."""
    normalised: str


def points_of(session: Session, keyring: Keyring, subject_ref: UUID, regions: Sequence[str]) -> list[ArchivedPoint]:
    """Read a person's e-mail addresses and telephone numbers, normalised, while the contact still stands.

    A number without its country's prefix is read in the region of which the blind index knows the outcome:
    `regions` (such as the controller's country) and then every other. What the blind index does not know is left out.
    Raises: KeyDestroyed, DecryptionFailed.
    """
    rows = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.subject_ref == subject_ref, ContactPoint.valid.is_(True))
        .order_by(ContactPoint.id)
    ).all()
    found: dict[ArchivedPoint, None] = {}
    for row, (value,) in zip(rows, reveal(keyring, rows, ContactPoint.value), strict=True):
        if row.kind == PointKind.EMAIL.value:
            normalised, number = normalise_email(value or ""), ARCHIVED_EMAIL_INDEX
        else:
            normalised = _known_reading(session, keyring, row.id, value or "", regions)
            number = ARCHIVED_PHONE_INDEX
        if normalised is not None:
            found[ArchivedPoint(number, normalised)] = None
    return list(found)


def _known_reading(session: Session, keyring: Keyring, point_id: UUID, text: str, regions: Sequence[str]) -> str | None:
    held = {
        (row.gen, row.bidx)
        for row in session.execute(
            select(INDEX.c.gen, INDEX.c.bidx).where(INDEX.c.row_id == point_id, INDEX.c.field_number == PHONE_INDEX)
        )
    }
    return known_reading(keyring, PointKind.PHONE.value, text, held, regions)


def index_points(
    session: Session, keyring: Keyring, subject_ref: UUID, row_ids: Sequence[UUID], points: Sequence[ArchivedPoint]
) -> int:
    """Let archived rows of a person be found by contact points; returns the number of index rows.

    Each archived row has index rows of its own, which go with it. Effects: rows of cc_archive_index.
    """
    entries = [(point.field_number, point.normalised, row, subject_ref) for row in row_ids for point in points]
    rows = index_rows(keyring, entries)
    if rows:
        session.connection().execute(insert(ARCHIVE_INDEX), rows)
    return len(rows)


def find_archived(session: Session, keyring: Keyring, field_number: int, normalised: str) -> set[UUID]:
    """Return the persons of whom something is archived under one contact point; for `locate` alone.

    Units: `field_number` is ARCHIVED_EMAIL_INDEX or ARCHIVED_PHONE_INDEX; `normalised` as for the blind index.
    """
    wanted = [digest(keyring, field_number, normalised, gen) for gen in keyring.index_generations()]
    either = or_(*[and_(ARCHIVE_INDEX.c.gen == gen, ARCHIVE_INDEX.c.bidx == value) for gen, value in wanted])
    query = select(ARCHIVE_INDEX.c.subject_ref).where(ARCHIVE_INDEX.c.field_number == field_number, either).distinct()
    return set(session.scalars(query))
