"""What a person can say yes or no to here: purposes and channels, what stands for each, and since when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.decide import Reason, decide
from consentcore.consent.gathering import gather
from consentcore.consent.judging import Matter
from consentcore.crm.contacts import Capacity
from consentcore.policyset import Channel, LegalBasis, Notice, PolicySet, Purpose, Rule
from registry.wording import LANGUAGES, Words, said, text_in
from web.portal.stored_address import phone_points
from web.shell.catalogue import typeset

YES, NO = "yes", "no"
CHANNELS: Words = MappingProxyType(
    {
        Channel.EMAIL: ("Courriel", "E-mail"),
        Channel.SMS: ("SMS", "Text message"),
        Channel.PHONE: ("Téléphone", "Telephone"),
        Channel.POST: ("Courrier postal", "Post"),
        Channel.APP: ("Application", "App"),
    }
)
_NEEDS_NUMBER = frozenset({Channel.SMS, Channel.PHONE})


@dataclass(frozen=True, slots=True)
class Row:
    """One question: a purpose over a channel; without a channel it is an objection to the purpose as a whole."""

    purpose: Purpose
    channel: Channel | None
    answer: str | None = None
    """`yes`, `no`, or None where nothing was said that counts today."""
    since: datetime | None = None
    ended_at: datetime | None = None
    """When an earlier yes ran out."""

    @property
    def key(self) -> str:
        """The name of its field in a form."""
        return f"{self.purpose.id}-{self.channel.value if self.channel else 'all'}"

    def channel_words(self, lang: str) -> str:
        """Name its channels."""
        channels = [self.channel] if self.channel else sorted(self.purpose.channels)
        return ", ".join(said(CHANNELS, one, lang) for one in channels)


@dataclass(frozen=True, slots=True)
class Section:
    """One purpose with its rows, in a language."""

    purpose: Purpose
    title: str
    text: str
    notice: Notice | None
    rows: tuple[Row, ...]


def objectable(purpose: Purpose) -> bool:
    """Tell whether a purpose is marketing without consent, which a person can object to without any reason."""
    return purpose.is_marketing and purpose.basis in (LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK)


def rows_of(session: Session, persons: Sequence[UUID], policy: PolicySet, now: datetime) -> list[Row]:
    """Return every question for the persons reached at an address; what stands is told of one person alone."""
    numbers = any(phone_points(session, person) for person in persons)
    chosen = sorted(policy.purposes.values(), key=lambda purpose: (purpose.basis is not LegalBasis.CONSENT, purpose.id))
    rows: list[Row] = []
    for purpose in chosen:
        if purpose.basis is LegalBasis.CONSENT:
            channels = [one for one in Channel if one in purpose.channels and (numbers or one not in _NEEDS_NUMBER)]
            rows += [Row(purpose, channel) for channel in channels]
        elif objectable(purpose):
            if purpose.rule is Rule.B2B and not _is_professional(session, persons, purpose, policy, now):
                continue
            rows.append(Row(purpose, None))
    return [standing(session, persons[0], row, policy, now) for row in rows] if len(persons) == 1 else rows


def _is_professional(
    session: Session, persons: Sequence[UUID], purpose: Purpose, policy: PolicySet, now: datetime
) -> bool:
    """Tell whether any of the persons is known here in a professional capacity: such a purpose is for them alone."""
    facts = gather(session, persons, Matter(purpose, min(purpose.channels), policy, now))
    return any(one.capacity is Capacity.PROFESSIONAL for one in facts.values())


def standing(session: Session, person: UUID, row: Row, policy: PolicySet, now: datetime) -> Row:
    """Return a question with what a person's declarations answer to it today."""
    purpose = row.purpose
    channel = row.channel or min(purpose.channels)
    held = gather(session, [person], Matter(purpose, channel, policy, now)).get(person)
    if held is None:
        return row
    if row.channel is None:
        against = [one for one in (held.objected_at, held.suppressed_at) if one is not None]
        return Row(purpose, None, NO, max(against)) if against else row
    reason = decide(session, person, purpose.id, channel, policy, now).reason
    since = {
        Reason.CONSENT_GIVEN: (YES, held.at),
        Reason.CONSENT_REFUSED: (NO, held.at),
        Reason.CONSENT_WITHDRAWN: (NO, held.at),
        Reason.SUPPRESSED: (NO, held.suppressed_at),
        Reason.OBJECTION: (NO, held.objected_at),
        Reason.RESTRICTED: (NO, held.restricted_at),
    }.get(reason)
    if since is None:
        return Row(purpose, channel, ended_at=held.expires_at if reason is Reason.EXPIRED else None)
    return Row(purpose, channel, *since)


def sections(rows: Sequence[Row], policy: PolicySet, lang: str) -> list[Section]:
    """Put questions in order of their purposes, with the words of a language."""
    return [
        Section(
            purpose,
            words(purpose.title, lang),
            words(purpose.description, lang),
            notice_of(purpose, policy, lang),
            tuple(some),
        )
        for purpose, some in groupby(rows, key=lambda row: row.purpose)
    ]


def words(texts: Mapping[str, str], lang: str) -> str:
    """Return a text of the policies in a language, set as that language is."""
    return typeset(text_in(texts, lang)) if lang == "fr" else text_in(texts, lang)


def notice_of(purpose: Purpose, policy: PolicySet, lang: str) -> Notice | None:
    """Return the notice of a purpose in a language, else in one that it has."""
    if purpose.notice is None:
        return None
    notice_id, _, version = purpose.notice.partition("@")
    return any_language(policy, notice_id, int(version), lang)


def any_language(policy: PolicySet, notice_id: str, version: int, lang: str) -> Notice | None:
    """Return one version of a notice, in a language if it has it."""
    found = [policy.notices.get((notice_id, version, one)) for one in (lang, *LANGUAGES)]
    return next((one for one in found if one is not None), None)


def form_sha256(shown: Sequence[Section], lang: str, buttons: Sequence[str]) -> str:
    """Return the hash of what a form asked, word for word: language, titles, texts, notices, channels, buttons."""
    document = {
        "language": lang,
        "buttons": list(buttons),
        "purposes": [
            {
                "title": one.title,
                "text": one.text,
                "notice": one.notice.label if one.notice else None,
                "notice_sha256": one.notice.sha256 if one.notice else None,
                "channels": [row.channel_words(lang) for row in one.rows],
            }
            for one in shown
        ],
    }
    return sha256(json.dumps(document, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
