"""Whose request it is: the one place where a visitor is held against a request. What is not his is not there.

A reference alone opens nothing. An address opens the requests of the person reached there, those that were made from
it, and those made about it; an objection that needed no proof is shown to the session that sent it, and no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import KeyDestroyed
from consentcore.errors import NotFound
from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.tables import Right, SubjectRequest
from web.portal.sending import made_here
from web.portal.visitor import Visitor, persons_of, visitor
from web.shell.wired import service

MAX_LISTED = 50


class Standing(StrEnum):
    """As whom a visitor sees a request."""

    PERSON = "person"
    """The address reaches the person whom the request is about, and nobody else."""
    ADDRESS = "address"
    """The request was made from, or about, this very address."""
    AGENT = "agent"
    """The visitor asked for somebody else: how it stands is shown, nothing about that person."""
    SENDER = "sender"
    """It was sent in this session without proof of an address."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A request that is the visitor's to see, opened."""

    dsr: SubjectRequest
    standing: Standing
    rights: Mapping[Right, str | None]
    content: Mapping[str, Any] = field(repr=False)

    @property
    def sees_outcome(self) -> bool:
        """Whether what became of the data may be shown: to the person, not to an agent or an unproven sender."""
        return self.standing in (Standing.PERSON, Standing.ADDRESS)

    @property
    def for_another(self) -> bool:
        """Whether somebody asked for another person."""
        return bool(self.content.get("requester"))

    @property
    def written_to(self) -> str:
        """The address that mails about this request go to."""
        return str(self.content.get("requester") or self.content.get("written_email") or "")


def own(session: Session, reference: str) -> Owned:
    """Return a request that is the visitor's own, for showing it: the row is taken out of the session.

    Raises: NotFound, in the same words for one that is somebody else's and for one that does not exist.
    """
    try:
        dsr = lifecycle.find(session, reference)
        content = read_content(service().keyring, dsr)
    except (NotFound, KeyDestroyed):
        raise _not_there() from None
    found = visitor()
    standing = _standing(session, dsr, content, found if found is not None and found.confirmed else None)
    if standing is None:
        raise _not_there()
    rights = lifecycle.rights_of(session, dsr.id)
    session.expunge(dsr)  # nothing is changed by it, and a page is drawn of it after its session ended
    return Owned(dsr, standing, rights, content)


def listed(session: Session) -> list[Owned]:
    """Return the requests that can be found without a reference, the newest first: the person's, and those sent here.

    One that is left of an erased person is found by its reference alone: nothing else leads to it any more.
    """
    found = visitor()
    persons = persons_of(session, found) if found is not None else ()
    references = [str(one["reference"]) for one in made_here()]
    rows = session.scalars(
        select(SubjectRequest.reference)
        .where(SubjectRequest.subject_ref.in_(persons) | SubjectRequest.reference.in_(references))
        .order_by(SubjectRequest.received_at.desc(), SubjectRequest.id)
        .limit(MAX_LISTED)
    )
    mine = []
    for reference in rows.all():
        try:
            mine.append(own(session, reference))
        except NotFound:
            continue
    return mine


def sole_person(session: Session) -> UUID | None:
    """Return the one person reached at the visitor's confirmed address; None where there is none, or several."""
    found = visitor()
    persons = persons_of(session, found) if found is not None else ()
    return persons[0] if len(persons) == 1 else None


def _standing(
    session: Session, dsr: SubjectRequest, content: Mapping[str, Any], found: Visitor | None
) -> Standing | None:
    if found is not None:
        agent = _same(content.get("requester"), found)
        if dsr.subject_ref is not None and sole_person(session) == dsr.subject_ref:
            return Standing.PERSON
        if agent:
            return Standing.AGENT
        if any(_same(content.get(name), found) for name in ("email", "written_email", "answer_to")):
            return Standing.ADDRESS
    for one in made_here():
        if one["reference"] == dsr.reference and (found is None or _same(one["address"], found)):
            return Standing.SENDER
    return None


def _same(address: Any, found: Visitor) -> bool:
    return bool(address) and normalise_email(str(address)) == found.normalised


def _not_there() -> NotFound:
    return NotFound("there is no request of that reference here")
