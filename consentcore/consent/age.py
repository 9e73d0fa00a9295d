"""Whether a consent is a child's that wants a parent: the age of consent of the country, at the time of consent."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.contactrules import AgeRule
from consentcore.crm.contacts import Contact
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import KEYRING_KEY
from consentcore.policyset import PolicySet


def rule_for_child(session: Session, subject_ref: UUID, policy: PolicySet, at: datetime) -> AgeRule | None:
    """Return the age rule under which a person could not consent alone at an instant; None where the person could.

    Dates of birth are opened with the session's keyring; of several contacts the youngest counts, and of several
    countries the one that asks for the highest age. Somebody whose date of birth nobody recorded is taken to be old
    enough: the law asks for a reasonable effort where a child may be concerned (Art. 8(2)), not for everybody's age.
    """
    contacts = session.scalars(select(Contact).where(Contact.subject_ref == subject_ref)).all()
    births = [text for (text,) in reveal(session.info[KEYRING_KEY], contacts, Contact.birth_date) if text]
    if not births:
        return None
    born = max(map(date.fromisoformat, births))
    today = at.astimezone(ZoneInfo(policy.controller.timezone)).date()
    rules = [policy.age_rule_for(contact.country_code) for contact in contacts]
    asking = [rule for rule in rules if rule is not None and _years(born, today) < rule.age]
    return max(asking, key=lambda rule: (rule.age, rule.joint), default=None)


def _years(born: date, today: date) -> int:
    """Count birthdays; somebody born on 29 February has it on 1 March of common years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
