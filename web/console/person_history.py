"""Everything a person declared, newest first, each with the wording shown and its place in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from consentcore.consent.history import leaf_indexes, records_of
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.policyset import Channel, Notice, PolicySet
from registry.store_words import value_in_words
from web.console.decision_words import by_channels, purpose_title
from web.console.person_answers import state_in_words
from web.console.typography import language_name, set_in
from web.shell.language import gettext as _
from web.shell.language import language
from web.wiring import Service

KIND_OF_STATE = {
    ConsentState.GIVEN: "ok",
    ConsentState.RENEWED: "ok",
    ConsentState.REQUESTED: "soon",
    ConsentState.UNKNOWN: "soon",
}


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration as a page shows it."""

    record_id: UUID
    at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    purpose: str
    channel: str
    kind: str
    """Of `ui.status`."""
    state: str
    method: str
    notice: str
    """Title of the wording shown, or its id where the policies hold that text no longer."""
    notice_label: str
    """`version 2, français`."""
    notice_href: str | None
    leaf: int | None


def history(session: Session, wired: Service, subject_ref: UUID) -> list[Declared]:
    """Return what a person declared, the newest first."""
    records = list(records_of(session, subject_ref))
    leaves = leaf_indexes(session, [one.event_id for one in records])
    return [declared(one, wired.policy, leaves.get(one.event_id)) for one in reversed(records)]


def declared(record: ConsentRecord, policy: PolicySet, leaf: int | None) -> Declared:
    """Return one declaration in the words of the page's language."""
    lang = language()
    purpose = policy.purposes.get(record.purpose)
    notice = notice_of(record, policy)
    href = url_for(
        "people.notice",
        notice_id=record.notice_id,
        version=record.notice_version,
        notice_language=record.notice_language,
    )
    return Declared(
        record_id=record.id,
        at=record.at,
        recorded_at=record.recorded_at,
        expires_at=record.expires_at,
        purpose=purpose_title(purpose) if purpose else record.purpose,
        channel=by_channels([Channel(record.channel)]),
        kind=KIND_OF_STATE.get(ConsentState(record.state), "todo"),
        state=state_in_words(record),
        method=value_in_words("method", record.method, lang),
        notice=set_in(notice.title, notice.language) if notice else record.notice_id,
        notice_label=_(
            "version %(version)s, %(language)s",
            version=record.notice_version,
            language=language_name(record.notice_language),
        ),
        notice_href=href if notice else None,
        leaf=leaf,
    )


def notice_of(record: ConsentRecord, policy: PolicySet) -> Notice | None:
    """Return the wording that was shown, where the policies still hold that very text."""
    notice = policy.notices.get((record.notice_id, record.notice_version, record.notice_language))
    return notice if notice is not None and notice.sha256 == record.notice_sha256 else None
