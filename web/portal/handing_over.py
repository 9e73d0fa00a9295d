"""Handing a package over: to whom, how often, until when, and the trace that it leaves.

Data go to nobody but the one person reached at a confirmed address (threats: a new or shared address never suffices).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import Conflict, NotFound
from consentcore.identifiers import random_ref
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from consentcore.requests import lifecycle
from consentcore.requests.tables import ItemOutcome, RequestItem, Right, Status, SubjectRequest
from web.jobs.packages import PACKAGED, MadePackage, make_packages
from web.portal.own import Owned, own, sole_person
from web.security.events import PACKAGE_HANDED_OVER
from web.security.tables import DownloadRow
from web.shell.language import language
from web.shell.wired import service
from web.transaction import reading, unit

MOST = 10
"""Downloads of one request."""
DAYS = 30
"""Days after the answer in which its packages can be fetched."""
FRESH = timedelta(minutes=10)
"""How long ago the address may have been confirmed."""
SETTLING_DAYS = 30
"""Days after a change of the address on record in which nothing is handed over on its strength."""


class Hindrance(StrEnum):
    """Why a package is not handed over here."""

    OVER = "over"
    USED_UP = "used_up"
    OTHER_WAY = "other_way"
    """Somebody asked for another person, or the address is shared, or no longer this person's: staff hand it over."""
    NEW_ADDRESS = "new_address"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One download that was made."""

    kind: Right
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be fetched of one request, how often still and until when; or what stands against it."""

    owned: Owned
    rights: tuple[Right, ...]
    left: int
    until: datetime
    fetched: tuple[Fetched, ...]
    hindrance: Hindrance | None


def fetched_until(dsr: SubjectRequest) -> datetime | None:
    """Return until when the packages of a request can be fetched; None while it is open."""
    return None if dsr.closed_at is None else ensure_utc(dsr.closed_at) + timedelta(days=DAYS)


def offer(session: Session, reference: str, now: datetime) -> Offer:
    """Return what can be fetched of a request of the visitor's own.

    Raises: NotFound, also where the request has no package.
    """
    owned = own(session, reference)
    done = lifecycle.done_steps(session, owned.dsr.id)
    rights = tuple(right for right in owned.rights if right in PACKAGED and lifecycle.step_of(right) in done)
    until = fetched_until(owned.dsr)
    if owned.dsr.status != Status.CLOSED or until is None or not rights or not owned.sees_outcome:
        raise NotFound("there is no package of that request here")
    rows = session.scalars(
        select(DownloadRow).where(DownloadRow.request_id == owned.dsr.id).order_by(DownloadRow.at, DownloadRow.id)
    )
    fetched = tuple(Fetched(Right(row.kind), row.at, row.package_sha256) for row in rows)
    left = max(MOST - len(fetched), 0)
    return Offer(owned, rights, left, until, fetched, _hindrance(session, owned, left, until, now))


def hand_over(reference: str, right: Right) -> MadePackage:
    """Make a package and note that it is handed over, in a unit that counts downloads one by one.

    Effects: a row of cc_download, leaf `package.handed_over`. Raises: NotFound; Conflict when something stands
    against it by now.
    """
    wired, now = service(), service().now()
    with reading(wired.sessions) as session:
        _check(offer(session, reference, now), right)
    (made,) = make_packages(wired, reference, language(), {right})
    with unit(wired.sessions) as session:
        lifecycle.locked(session, lifecycle.find(session, reference).id)
        offered = offer(session, reference, now)
        _check(offered, right)
        _note(session, offered.owned.dsr, made, now)
    return made


def _check(offered: Offer, right: Right) -> None:
    if right not in offered.rights:
        raise NotFound("there is no such package of that request here")
    if offered.hindrance is not None:
        raise Conflict(f"this package is not handed over here: {offered.hindrance.value}")


def _hindrance(session: Session, owned: Owned, left: int, until: datetime, now: datetime) -> Hindrance | None:
    subject = owned.dsr.subject_ref
    if owned.for_another or subject is None or sole_person(session) != subject:
        return Hindrance.OTHER_WAY
    if ensure_utc(now) >= until:
        return Hindrance.OVER
    if left == 0:
        return Hindrance.USED_UP
    return Hindrance.NEW_ADDRESS if _has_new_address(session, subject, now) else None


def _has_new_address(session: Session, subject: UUID, now: datetime) -> bool:
    changed = session.scalar(
        select(func.count())
        .select_from(RequestItem)
        .join(SubjectRequest, SubjectRequest.id == RequestItem.request_id)
        .where(
            SubjectRequest.subject_ref == subject,
            SubjectRequest.closed_at > ensure_utc(now) - timedelta(days=SETTLING_DAYS),
            RequestItem.field == "email",
            RequestItem.outcome == ItemOutcome.RECTIFIED.value,
        )
    )
    return bool(changed)


def _note(session: Session, dsr: SubjectRequest, made: MadePackage, now: datetime) -> None:
    session.execute(
        insert(DownloadRow).values(
            id=random_ref(), request_id=dsr.id, kind=made.right.value, package_sha256=made.sha256, at=ensure_utc(now)
        )
    )
    facts = {"kind": made.right.value, "package_sha256": made.sha256, "reference": dsr.reference}
    payload = {"request_id": str(dsr.id), **facts}
    queue(session, Event(type=PACKAGE_HANDED_OVER, at=now, subject_ref=dsr.subject_ref, payload=payload, data=facts))
