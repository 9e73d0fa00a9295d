"""Rows of the keyring's own database; in the main one the blind index, pending shreddings, rotations under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, SmallInteger, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    BigCounter,
    Blob,
    Category,
    Digest,
    Erasure,
    Hex64,
    Provenance,
    Ref,
    UTCDateTime,
    code,
    impersonal,
    personal,
)
from consentcore.db import Base, KeyringBase, table_args


def _subject(retention: str, erasure: Erasure) -> dict[str, Any]:
    return personal(Category.PSEUDONYM, retention=retention, provenance=Provenance.DERIVED, erasure=erasure)


class KeyRow(KeyringBase):
    """One generation of one key of a subject, wrapped under an epoch of the KEK."""

    __tablename__ = "cc_keyring"
    __table_args__ = table_args(PrimaryKeyConstraint("subject_ref", "key_class", "gen"))

    subject_ref: Mapped[UUID] = mapped_column(Ref, info=_subject("keys", Erasure.DELETE_ROW))
    key_class: Mapped[str] = mapped_column(code(16), info=impersonal("names one of three key classes"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of a key"))
    kek_epoch: Mapped[int] = mapped_column(Integer, info=impersonal("names the epoch that wraps the key"))
    wrapped: Mapped[bytes] = mapped_column(Blob, info=impersonal("a random key, wrapped; it says nothing of anyone"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the key was made"))
    carried: Mapped[bytes | None] = mapped_column(
        Blob, info=impersonal("commitment keys of the generations before, sealed under this one")
    )


class KeyTombstone(KeyringBase):
    """What is left of a destroyed key: that it was, and the hash of its wrapped form."""

    __tablename__ = "cc_key_tombstone"
    __table_args__ = table_args(PrimaryKeyConstraint("subject_ref", "key_class", "gen"))

    subject_ref: Mapped[UUID] = mapped_column(Ref, info=_subject("key_tombstones", Erasure.OWN_TERM))
    key_class: Mapped[str] = mapped_column(code(16), info=impersonal("names one of three key classes"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of a key"))
    kek_epoch: Mapped[int] = mapped_column(Integer, info=impersonal("names the epoch that wrapped the key"))
    key_check_value: Mapped[str] = mapped_column(Hex64, info=impersonal("SHA-256 of a wrapped random key"))
    destroyed_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the key was destroyed"))


class KeySuperseded(KeyringBase):
    """What is left of an older generation that a rotation did away with; the key itself lives on in a newer one.

    It becomes a tombstone with the others when the subject's key is destroyed, so that the certificate tells of it.
    """

    __tablename__ = "cc_key_superseded"
    __table_args__ = table_args(PrimaryKeyConstraint("subject_ref", "key_class", "gen"))

    subject_ref: Mapped[UUID] = mapped_column(Ref, info=_subject("keys", Erasure.DELETE_ROW))
    key_class: Mapped[str] = mapped_column(code(16), info=impersonal("names one of three key classes"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of a key"))
    kek_epoch: Mapped[int] = mapped_column(Integer, info=impersonal("names the epoch that wrapped the key"))
    key_check_value: Mapped[str] = mapped_column(Hex64, info=impersonal("SHA-256 of a wrapped random key"))
    destroyed_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the generation was destroyed"))


class RootKey(KeyringBase):
    """One generation of a key that belongs to the installation: index, shared data, log.

    The first is in use from the start, a later one from `in_use_at` on. A retired one makes nothing new. Of a destroyed
    one `wrapped` is empty; its hash stays, and of the log's the public key, by which old checkpoints are verified.
    """

    __tablename__ = "cc_root_key"
    __table_args__ = table_args(PrimaryKeyConstraint("name", "gen"))

    name: Mapped[str] = mapped_column(code(16), info=impersonal("names a key of the installation"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of a key"))
    kek_epoch: Mapped[int] = mapped_column(Integer, info=impersonal("names the epoch that wraps the key"))
    wrapped: Mapped[bytes] = mapped_column(Blob, info=impersonal("a random key of the installation, wrapped"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the key was made"))
    in_use_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when a later one came into use"))
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it made its last"))
    destroyed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it was destroyed"))
    check_value: Mapped[str | None] = mapped_column(Hex64, info=impersonal("SHA-256 of a wrapped key, once destroyed"))
    public_key: Mapped[bytes | None] = mapped_column(Digest(32), info=impersonal("public key of the log, in clear"))


class KekEpoch(KeyringBase):
    """One epoch of the KEK: in use until retired by the next one, then destroyed when no key hangs on it."""

    __tablename__ = "cc_kek_epoch"

    epoch: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, info=impersonal("counts epochs of the KEK")
    )
    provider: Mapped[str] = mapped_column(code(200), info=impersonal("names the provider that holds the KEK"))
    check_value: Mapped[bytes] = mapped_column(Blob, info=impersonal("a constant wrapped under the epoch"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the epoch began"))
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the next epoch began"))
    destroyed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the KEK was destroyed"))
    evidence: Mapped[str | None] = mapped_column(String(500), info=impersonal("how the KEK was destroyed"))


class KeyringState(KeyringBase):
    """The one row that names the installation and counts destructions, so that every process drops its cache."""

    __tablename__ = "cc_keyring_state"

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("always 1: the table has one row")
    )
    installation_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("names the installation"))
    version: Mapped[int] = mapped_column(BigCounter, info=impersonal("counts destructions of keys"))
    initialised_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the keyring was made"))


class BlindIndexRow(Base):
    """A keyed hash by which an equal value is found; it outlives the key of its subject, so erasure deletes it."""

    __tablename__ = "cc_blind_index"
    __table_args__ = table_args(
        PrimaryKeyConstraint("field_number", "gen", "bidx", "row_id"),
        Index("ix_cc_blind_index_subject_ref_bidx", "subject_ref", "bidx"),
    )

    field_number: Mapped[int] = mapped_column(Integer, info=impersonal("names the indexed field"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of the index key"))
    bidx: Mapped[bytes] = mapped_column(Digest(16), info=_subject("blind_index", Erasure.DELETE_ROW))
    row_id: Mapped[UUID] = mapped_column(Ref, info=_subject("blind_index", Erasure.DELETE_ROW))
    subject_ref: Mapped[UUID] = mapped_column(Ref, info=_subject("blind_index", Erasure.DELETE_ROW))


class ShredPending(Base):
    """A key that the main database has let go and the keyring has still to destroy."""

    __tablename__ = "cc_shred_pending"
    __table_args__ = table_args(PrimaryKeyConstraint("subject_ref", "key_class"))

    subject_ref: Mapped[UUID] = mapped_column(Ref, info=_subject("shredding", Erasure.DELETE_ROW))
    key_class: Mapped[str] = mapped_column(code(16), info=impersonal("names one of three key classes"))
    reason: Mapped[str] = mapped_column(code(64), info=impersonal("a code from a closed list"))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was decided"))


class Rotation(Base):
    """One rotation of data, index or log keys, from its first step to its last: where the next run goes on.

    `generation` is the one it leads to; for data keys, of which each person has generations of their own, a number of
    the rotation itself. `place` is where the phase stands, as the phase writes it.
    """

    __tablename__ = "cc_rotation"
    __table_args__ = table_args(PrimaryKeyConstraint("what", "generation"))

    what: Mapped[str] = mapped_column(code(8), info=impersonal("names a kind of key"))
    generation: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of a key"))
    phase: Mapped[str] = mapped_column(code(16), info=impersonal("a code from a closed list"))
    place: Mapped[str | None] = mapped_column(code(160), info=impersonal("a table and a random row id"))
    done: Mapped[int] = mapped_column(BigCounter, info=impersonal("count of rows"))
    unopened: Mapped[int] = mapped_column(BigCounter, info=impersonal("count of rows that could not be opened"))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when a rotation began"))
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the next phase may begin"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when a rotation ended"))


KEYS = cast(Table, KeyRow.__table__)
SUPERSEDED = cast(Table, KeySuperseded.__table__)
TOMBSTONES = cast(Table, KeyTombstone.__table__)
ROOTS = cast(Table, RootKey.__table__)
EPOCHS = cast(Table, KekEpoch.__table__)
STATE = cast(Table, KeyringState.__table__)
INDEX = cast(Table, BlindIndexRow.__table__)
SHREDDING = cast(Table, ShredPending.__table__)
