"""Rows of imports: the runs, where each contact came from, and the rows that were set aside."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    FOUND_BY,
    BigCounter,
    Blob,
    Category,
    Digest,
    Erasure,
    Hex64,
    Ref,
    UTCDateTime,
    code,
    impersonal,
    personal,
)
from consentcore.crypto.fields import register_document, sealed, sealed_check
from consentcore.db import TABLE_OPTIONS, Base, table_args
from consentcore.identifiers import random_ref, row_id

QUARANTINE_FIELD = 10
"""Number of the sealed row in the quarantine, and of the table among those sealed under the shared key."""
PROVENANCE_SOURCE_FIELD = 21
MAX_CAUSE = 500

register_document(QUARANTINE_FIELD, "cc_quarantine.sealed_row", shared=QUARANTINE_FIELD)


class ImportRun(Base):
    """One import of one file: what it was, how it was read, what became of its rows so far."""

    __tablename__ = "cc_import"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("names an import"))
    source: Mapped[str] = mapped_column(code(64), info=impersonal("name of the source"))
    system: Mapped[str] = mapped_column(code(64), info=impersonal("name of the system whose ids the file uses"))
    entity: Mapped[str] = mapped_column(code(32), info=impersonal("kind of row"))
    mapping_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of the mapping file"))
    file_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of a whole file, nobody's by itself"))
    obtained_on: Mapped[date] = mapped_column(Date, info=impersonal("when the file was obtained"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the import began"))
    finished_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime, info=impersonal("when it came to its end; empty when it was cut off")
    )
    row_count: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    created: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    updated: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    duplicates: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    suppressed: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    quarantined: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))
    matches: Mapped[int] = mapped_column(BigCounter, default=0, info=impersonal("count of rows"))


class Provenance(Base):
    """Where a row about a person came from and when (Art. 14(2)(f), 15(1)(g)): one for each time an import wrote it."""

    __tablename__ = "cc_provenance"
    __table_args__ = table_args(
        Index("ix_cc_provenance_subject_ref", "subject_ref"),
        Index("ix_cc_provenance_import_id", "import_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref,
        ForeignKey("cc_subject.subject_ref"),
        info=personal(Category.PSEUDONYM, retention="contact", erasure=Erasure.DELETE_ROW),
    )
    row_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("the row that was written"))
    import_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_import.id"), info=impersonal("names an import"))
    row_number: Mapped[int] = mapped_column(BigCounter, info=impersonal("place in a file"))
    source: Mapped[str] = mapped_column(code(64), info=impersonal("name of the source"))
    source_text: Mapped[str | None] = sealed(
        PROVENANCE_SOURCE_FIELD, info=personal(Category.CONTENT, retention="contact"), max_chars=500
    )
    """What the row itself says of where it came from."""
    obtained_on: Mapped[date] = mapped_column(Date, info=impersonal("when the file was obtained"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was written"))


class QuarantinedRow(Base):
    """A row that could not be taken, whole and sealed under the shared key, until somebody mends or drops it.

    Its content goes when it is resolved: from then on the contact holds it.
    """

    __tablename__ = "cc_quarantine"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("ix_cc_quarantine_import_id", "import_id"),
        sealed_check("sealed_row"),
        TABLE_OPTIONS
        | {
            "info": {
                FOUND_BY: "rows that could not be read as a person's have no subject: every unresolved row is opened "
                "under the shared key and searched for the person's identifiers (importing.quarantine.entries)"
            }
        },
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("row id"))
    import_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_import.id"), info=impersonal("names an import"))
    row_number: Mapped[int] = mapped_column(BigCounter, info=impersonal("place in a file"))
    kind: Mapped[str] = mapped_column(code(32), info=impersonal("kind of fault"))
    column_name: Mapped[str | None] = mapped_column(String(255), info=impersonal("name of a column of the file"))
    cause: Mapped[str] = mapped_column(String(MAX_CAUSE), info=impersonal("sentence that never repeats a value"))
    digest: Mapped[bytes] = mapped_column(
        Digest(16), info=personal(Category.IDENTIFIER, retention="quarantine", erasure=Erasure.DELETE_ROW)
    )
    """Keyed hash of system, entity, row number and cells: the same file again adds no second row."""
    sealed_row: Mapped[bytes | None] = mapped_column(
        Blob, info=personal(Category.CONTENT, retention="quarantine", erasure=Erasure.DELETE_ROW)
    )
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was set aside"))
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it was taken after all"))
