"""Whom a purpose reaches: the persons for whom it has a live ground, as one set-based statement (Art. 6(1), R-18-1).

The channel belongs to `decide`: here a ground on any declared channel is enough, since the question is whether the
purpose may use the person's data at all. Restriction hides a person even where a newer consent would let `decide`
answer yes: such a use is allowed, but each one is to be logged with its ground, so it takes place outside the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Exists,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    true,
)

from consentcore.clock import ensure_utc
from consentcore.columns import UTCDateTime, code
from consentcore.consent.tables import ERASED, PERMITTING, ConsentStateRow
from consentcore.crypto.tables import INDEX
from consentcore.policyset import LegalBasis, PolicySet, Purpose
from consentcore.subjects.tables import DataSubject, Objection, Restriction
from consentcore.suppression.tables import MARKETING, SuppressionEntry

REACH = "cc_reach"
"""Alias of the persons in the statement: what reads SQL knows the guard of the gate by it."""

# Core tables, not classes: a gate that filtered its own statement would never end.
_SUBJECT, _STATE, _RESTRICTION, _OBJECTION, _SUPPRESSION = (
    cast(Table, model.__table__) for model in (DataSubject, ConsentStateRow, Restriction, Objection, SuppressionEntry)
)


class GroundKind(StrEnum):
    """What a purpose's ground lives by: a consent, nobody's opposition, or the relation alone."""

    CONSENT = "consent"
    INTEREST = "interest"
    RELATION = "relation"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the statement asks with: the purpose, the wider scope of oppositions that count, and the instant.

    `channels` are those on which a consent counts; None: on any.
    """

    purpose: ColumnElement[str]
    wider: ColumnElement[str]
    now: ColumnElement[datetime]
    channels: Sequence[str] | None


def kind_of(purpose: Purpose) -> GroundKind:
    """Return what keeps the ground of a purpose alive."""
    if purpose.basis is LegalBasis.CONSENT:
        return GroundKind.CONSENT
    if purpose.basis in (LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK):
        return GroundKind.INTEREST
    return GroundKind.RELATION


def wider_scope(purpose: Purpose) -> str:
    """Return the scope of oppositions that counts besides the purpose's own: marketing as a whole, or none."""
    return MARKETING if purpose.is_marketing else purpose.id


def terms_of(purpose: Purpose, now: datetime) -> Terms:
    """Return the terms of a purpose at an instant, as bound values.

    Raises: BadInput (a naive instant).
    """
    return Terms(
        purpose=bindparam("cc_purpose", purpose.id, type_=code(64), unique=True),
        wider=bindparam("cc_wider", wider_scope(purpose), type_=code(64), unique=True),
        now=bindparam("cc_now", ensure_utc(now), type_=UTCDateTime(), unique=True),
        channels=sorted(purpose.channels),
    )


def reach(purpose_id: str, policy: PolicySet, now: datetime) -> Select[tuple[UUID]]:
    """Select the `subject_ref` of everyone for whom a purpose has a live ground on any of its channels.

    Consent: given or renewed, not run out, nothing opposed since. Legitimate interest and public task: no open
    objection, no entry on the opposition list. Every basis: neither erased nor restricted.
    Raises: NotFound (purpose), BadInput (a naive instant).
    """
    purpose = policy.purpose(purpose_id)
    return reached(kind_of(purpose), terms_of(purpose, now))


def reached(kind: GroundKind, terms: Terms) -> Select[tuple[UUID]]:
    """Select the persons whom a kind of ground reaches on given terms; both walls, of ORM and database, ask this."""
    person = _SUBJECT.alias(REACH)
    return select(person.c.subject_ref).where(~_restricted(person), live(kind, person, terms))


def is_reached(
    kind: GroundKind, terms: Terms, own: ColumnElement[Any], link: tuple[FromClause, ColumnElement[Any]] | None = None
) -> Exists:
    """Return the condition that the person whom `own` names is reached.

    With a link, `own` is a row's key and the persons are those whose rows of the link table name it, in that column.
    Asked for each row: as an IN, SQLite would list everybody who is reached before it looks at one row.
    """
    person = _SUBJECT.alias(REACH)
    mine = [person.c.subject_ref == own]
    if link is not None:
        rows, column = link
        mine = [column == own, person.c.subject_ref == rows.c.subject_ref]
    return select(literal_column("1")).where(*mine, ~_restricted(person), live(kind, person, terms)).exists()


def live(kind: GroundKind, person: FromClause, terms: Terms) -> ColumnElement[bool]:
    """Return the condition under which a ground lives for a person, restriction apart."""
    if kind is GroundKind.CONSENT:
        return _consents(person, terms)
    if kind is GroundKind.INTEREST:
        return and_(~_erased(person, terms), ~_objects(person, terms), ~_suppressed(person, terms))
    return and_(~_erased(person, terms), _relation_stands(person, terms))


def _relation_stands(_person: FromClause, _terms: Terms) -> ColumnElement[bool]:
    """Whether contract, law, vital interest or the like still wants the data.

    Every person whose rows are here: retention and erasure take them away when the relation is over. A look at running
    contracts goes in here.
    """
    return true()


def _restricted(person: FromClause) -> ColumnElement[bool]:
    # An erasure restricts before it removes anything, for ever where everything went (R-17, R-18-1).
    row = _RESTRICTION.alias("cc_reach_restriction")
    return exists().where(row.c.subject_ref == person.c.subject_ref, row.c.lifted_at.is_(None))


def _erased(person: FromClause, terms: Terms) -> ColumnElement[bool]:
    row = _STATE.alias("cc_reach_erased")
    return exists().where(
        row.c.subject_ref == person.c.subject_ref, row.c.purpose == terms.purpose, row.c.state == _constant(ERASED)
    )


def _consents(person: FromClause, terms: Terms) -> ColumnElement[bool]:
    row = _STATE.alias("cc_reach_state")  # what is nested in it asks for its person: SQLAlchemy correlates one step
    conditions: list[ColumnElement[bool]] = [
        row.c.subject_ref == person.c.subject_ref,
        row.c.purpose == terms.purpose,
        _one_of(row.c.state, sorted(PERMITTING)),
        or_(row.c.expires_at.is_(None), row.c.expires_at > terms.now),
        ~_objects(row, terms, row.c.at),
        ~_suppressed(row, terms, row.c.at),
    ]
    if terms.channels is not None:
        conditions.append(_one_of(row.c.channel, terms.channels))
    return exists().where(*conditions)


def _objects(person: FromClause, terms: Terms, since: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    row = _OBJECTION.alias("cc_reach_objection")
    newer = true() if since is None else row.c.objected_at >= since
    return exists().where(
        row.c.subject_ref == person.c.subject_ref, row.c.purpose == terms.purpose, row.c.lifted_at.is_(None), newer
    )


def _suppressed(person: FromClause, terms: Terms, since: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    point, entry = INDEX.alias("cc_reach_point"), _SUPPRESSION.alias("cc_reach_entry")
    newer = true() if since is None else entry.c.created_at >= since
    return exists().where(
        point.c.subject_ref == person.c.subject_ref,
        entry.c.bidx == point.c.bidx,
        entry.c.gen == point.c.gen,
        entry.c.field_number == point.c.field_number,
        or_(entry.c.scope == terms.purpose, entry.c.scope == terms.wider),
        entry.c.lifted_at.is_(None),
        newer,
    )


def _one_of(column: ColumnElement[Any], codes: Sequence[str]) -> ColumnElement[bool]:
    # Equalities of constants: an IN of bound values is written out only when the statement runs.
    return or_(*[column == _constant(one) for one in codes])


def _constant(word: str) -> ColumnElement[str]:
    if not word.replace("_", "").isalnum():
        raise ValueError("a constant of this statement is one word of a closed list")
    return literal_column(f"'{word}'")
