"""What witnesses answered, as it is kept: time-stamp tokens, cosignatures, and when each witness is asked again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from consentcore.errors import LedgerTampered
from consentcore.ledger.checkpoint import parse_body
from consentcore.ledger.cosigning import Cosignature
from consentcore.ledger.note import take_apart
from consentcore.ledger.proofs import SignedCheckpoint
from consentcore.ledger.tables import (
    MAIN,
    CertificateRow,
    LogContent,
    LogCosignature,
    LogLeaf,
    LogTimestamp,
    LogWitness,
)

LONGEST_PAUSE = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=1)
_MAX_PROBLEM = 200


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A token (RFC 3161, DER of the whole response) over the checkpoint of `size` leaves."""

    size: int
    root: bytes
    tsa: str
    token: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature with the state of the log that it is about."""

    size: int
    root: bytes
    by: Cosignature


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with one witness: the size it last confirmed, when it is asked again, failures since."""

    name: str
    size: int
    due_at: datetime
    done_at: datetime | None
    failures: int
    problem: str | None


def add_timestamp(session: Session, stamp: Timestamp, log: int = MAIN) -> None:
    """Keep a verified token in the caller's unit; one is enough for each authority and size."""
    if session.get(LogTimestamp, (log, stamp.size, stamp.tsa)) is None:
        values = {"size": stamp.size, "root": stamp.root, "tsa": stamp.tsa, "token": stamp.token, "at": stamp.at}
        session.execute(insert(LogTimestamp).values(log=log, **values))


def timestamps(session: Session, log: int = MAIN) -> tuple[Timestamp, ...]:
    """Return every token that is kept, the smallest log first."""
    rows = session.scalars(select(LogTimestamp).where(LogTimestamp.log == log).order_by(LogTimestamp.size))
    return tuple(Timestamp(row.size, row.root, row.tsa, row.token, row.at) for row in rows)


def add_cosignature(session: Session, size: int, root: bytes, given: Cosignature, log: int = MAIN) -> None:
    """Keep a verified cosignature in the caller's unit; one is enough for each key and size."""
    if session.get(LogCosignature, (log, size, given.name, given.key_id)) is None:
        session.execute(
            insert(LogCosignature).values(
                log=log,
                size=size,
                witness=given.name,
                key_id=given.key_id,
                root=root,
                signature=given.signature,
                at=given.at,
            )
        )


def cosignatures(session: Session, size: int | None = None, log: int = MAIN) -> tuple[Cosigned, ...]:
    """Return the cosignatures that are kept, of one size or of all, the smallest log first."""
    chosen = select(LogCosignature).where(LogCosignature.log == log)
    if size is not None:
        chosen = chosen.where(LogCosignature.size == size)
    rows = session.scalars(chosen.order_by(LogCosignature.size, LogCosignature.witness, LogCosignature.key_id))
    return tuple(
        Cosigned(row.size, row.root, Cosignature(row.witness, row.key_id, row.at, row.signature)) for row in rows
    )


def with_cosignatures(session: Session, checkpoint: SignedCheckpoint, log: int = MAIN) -> SignedCheckpoint:
    """Return a checkpoint whose note carries the cosignatures that are kept for it."""
    kept = [one for one in cosignatures(session, checkpoint.size, log) if one.root == checkpoint.root]
    return replace(checkpoint, note=checkpoint.note + "".join(one.by.line() for one in kept))


def newest_cosigned(session: Session, event_id: uuid.UUID, log: int = MAIN) -> SignedCheckpoint | None:
    """Return the newest cosigned checkpoint that an event, and the certificate of its erasure, lie under; else None.

    A busy log is cosigned once a minute, so its very newest checkpoint rarely is. The log's signature is not checked.
    """
    row = session.execute(
        select(LogCosignature.size, LogCosignature.root)
        .where(LogCosignature.log == log)
        .order_by(LogCosignature.size.desc())
        .limit(1)
    ).one_or_none()
    if row is None or not _covers(session, row.size, event_id, log):
        return None
    note = session.scalar(select(LogLeaf.checkpoint).where(LogLeaf.log == log, LogLeaf.idx == row.size - 1))
    found = SignedCheckpoint(row.size, row.root, (note or b"").decode(errors="replace"))
    said = parse_body(take_apart(found.note)[0])
    if (said.size, said.root) != (found.size, found.root):
        raise LedgerTampered(f"the checkpoint of {row.size} leaves is not the one that was cosigned")
    return with_cosignatures(session, found, log)


def _covers(session: Session, size: int, event_id: uuid.UUID, log: int) -> bool:
    # By keys alone, one after the other: joined in one statement, some planners read the whole log.
    certified = session.scalar(
        select(CertificateRow.event_id)
        .join(LogContent, LogContent.certificate == CertificateRow.number)
        .where(LogContent.event_id == event_id)
    )
    wanted = [event_id] if certified is None else [event_id, certified]
    places = [session.scalar(select(LogLeaf.idx).where(LogLeaf.event_id == one, LogLeaf.log == log)) for one in wanted]
    return all(place is not None and place < size for place in places)


def standing(session: Session, name: str, log: int = MAIN) -> Standing | None:
    """Return how it goes with a witness, None where it was never asked."""
    row = session.get(LogWitness, (log, name))
    return None if row is None else _standing(row)


def standings(session: Session, log: int = MAIN) -> Sequence[Standing]:
    """Return how it goes with every witness that was ever asked, by name."""
    return [_standing(row) for row in session.scalars(select(LogWitness).where(LogWitness.log == log)).all()]


def answered(session: Session, name: str, size: int, now: datetime, again: timedelta, log: int = MAIN) -> None:
    """Note in the caller's unit that a witness confirmed a size, and that it is asked again after a while."""
    row = _row(session, name, now, log)
    row.size, row.done_at, row.due_at, row.failures, row.problem = size, now, now + again, 0, None


def failed(session: Session, name: str, problem: str, now: datetime, log: int = MAIN) -> None:
    """Note in the caller's unit that a witness could not be asked; each time in a row it waits twice as long."""
    row = _row(session, name, now, log)
    row.failures = min(row.failures + 1, 1_000)
    row.problem = problem[:_MAX_PROBLEM]
    row.due_at = now + min(FIRST_PAUSE * 2 ** min(row.failures - 1, 10), LONGEST_PAUSE)


def _row(session: Session, name: str, now: datetime, log: int) -> LogWitness:
    row = session.get(LogWitness, (log, name))
    if row is None:
        row = LogWitness(log=log, name=name, size=0, due_at=now, failures=0)
        session.add(row)
    return row


def _standing(row: LogWitness) -> Standing:
    return Standing(row.name, row.size, row.due_at, row.done_at, row.failures, row.problem)
