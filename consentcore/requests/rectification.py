"""Rectification: new values in the place of wrong ones, the old and new kept only as evidence (Art. 16, 19, R-16-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.accounts import accounts_named
from consentcore.crm.contact_writing import drop_empty_accounts
from consentcore.crm.contacts import Contact
from consentcore.crm.drafts import SEALED_TEXTS
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.policyset import PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.closing import note_done
from consentcore.requests.content import read_content, write_content
from consentcore.requests.items import Item
from consentcore.requests.rectified_points import POINTS, replace_point
from consentcore.requests.tables import ItemOutcome, Right, SubjectRequest
from consentcore.subjects.recipients import NoticeKind, tell

CHANGED = "rectified"
"""Key of the request's content: what stood and what stands now, as evidence under the person's evidence key."""
_STORE = Contact.__tablename__
_ACCOUNT = "account_name"
_CLEAR = frozenset({"language", "timezone"})
_ADDRESS = frozenset({"street", "city", "region", "postal_code", "country"})
_COLUMNS = {
    **{name: name for name in (*SEALED_TEXTS, *_CLEAR) if name not in _ADDRESS and name != _ACCOUNT},
    **{f"address.{name}": name for name in _ADDRESS},
    "account.name": _ACCOUNT,
}
"""Field, as mapping files name it -> the column of a contact that keeps it."""
_ARTICLE = "16"
_TO_RECIPIENTS = {
    "fr": "Nous vous avons communiqué des données de la personne suivante, que nous avons rectifiées à sa demande "
    "(RGPD, art. 16). Veuillez rectifier celles que vous tenez de nous et nous le confirmer (art. 19) :",
    "en": "We disclosed to you data of the following person, which we have rectified at that person's request (GDPR, "
    "Art. 16). Please rectify those that you have from us and confirm it to us (Art. 19):",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was put in the place of another; None where there was or is nothing."""

    ref: UUID
    field: str
    old: str | None
    new: str | None

    def as_data(self) -> dict[str, str | None]:
        """Return the change as it stands in the request's sealed content."""
        return {"ref": str(self.ref), "field": self.field, "old": self.old, "new": self.new}


def execute(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    """Carry out the rectification of a request on every contact of the person, in the caller's unit.

    Fields are named as in mapping files (`last_name`, `address.city`, `email`); an empty value empties the field. What
    this cannot change (an issued invoice wants a corrective one) is left to people: outcome `manual`.
    Effects: values, index rows and oppositions follow; old and new in the request's content; recipients told; items;
    the step `right.rectification`. Raises: InvalidTransition; BadInput for a value that its field does not take.
    """
    dsr = lifecycle.start(session, dsr_id, now)
    content = read_content(keyring, dsr)
    wanted: Mapping[str, str] = content.get("changes", {})
    contacts = _contacts(session, dsr)
    texts = {_COLUMNS[name]: text.strip() or None for name, text in wanted.items() if name in _COLUMNS}
    done: list[Change] = []
    for contact in contacts:
        before = _identity(keyring, contact)
        changes = list(_change(session, keyring, contact, texts))
        for name, kind in POINTS.items():
            if name in wanted:
                old, new = replace_point(
                    session, keyring, contact, kind, wanted[name], policy.controller.country, now, dsr.id
                )
                changes.append(Change(contact.id, name, old, new))
        done += changes
        _tell(session, keyring, policy, dsr, before, changes, now)
    if done:
        write_content(keyring, dsr, {**content, CHANGED: [change.as_data() for change in done]})
    session.flush()
    verdicts = [Item(_STORE, one.ref, one.field, ItemOutcome.RECTIFIED, article=_ARTICLE) for one in done]
    if contacts:
        by_hand = [name for name in wanted if name not in _COLUMNS and name not in POINTS]
        verdicts += [
            Item(_STORE, None, name, ItemOutcome.MANUAL, "not a field that a machine changes", _ARTICLE)
            for name in by_hand
        ]
    note_done(session, dsr, Right.RECTIFICATION, verdicts, now)


def _contacts(session: Session, dsr: SubjectRequest) -> list[Contact]:
    if dsr.subject_ref is None:
        return []
    query = select(Contact).where(Contact.subject_ref == dsr.subject_ref).order_by(Contact.id)
    return list(session.scalars(query.with_for_update()))


def _change(session: Session, keyring: Keyring, contact: Contact, texts: Mapping[str, str | None]) -> Iterator[Change]:
    for column, new in texts.items():
        if column == "birth_date" and new is not None:
            _check_date(new)
        old = getattr(contact, column)
        if column not in _CLEAR:
            ((old,),) = reveal(keyring, [contact], getattr(Contact, column))
        setattr(contact, column, new)
        if column == _ACCOUNT:
            _move_account(session, keyring, contact, new)
        yield Change(contact.id, column, old, new)


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise BadInput("a date of birth is written as an ISO date, such as 1990-05-17") from None


def _move_account(session: Session, keyring: Keyring, contact: Contact, name: str | None) -> None:
    left = contact.account_id
    contact.account_id = accounts_named(session, keyring, [name]).get(name) if name else None
    session.flush()
    if left is not None and left != contact.account_id:
        drop_empty_accounts(session, [left])


def _identity(keyring: Keyring, contact: Contact) -> str:
    ((first, last),) = reveal(keyring, [contact], Contact.first_name, Contact.last_name)
    return " ".join(name for name in (first, last) if name)


def _tell(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    dsr: SubjectRequest,
    before: str,
    changes: list[Change],
    now: datetime,
) -> None:
    if dsr.subject_ref is None or not changes:
        return
    lines = "\n".join([before, *(f"{one.field}: {one.old or '-'} -> {one.new or '-'}" for one in changes)])
    bodies = {language: f"{sentence}\n\n{lines}\n" for language, sentence in _TO_RECIPIENTS.items()}
    tell(session, keyring, policy, dsr.subject_ref, dsr.id, NoticeKind.RECTIFIED, bodies, now)
