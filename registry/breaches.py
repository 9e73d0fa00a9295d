"""Personal data breaches: entered once, with the clock of the notification running (Art. 33(1), 33(5), R-33-1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import BadInput, ConfigurationError
from consentcore.identifiers import random_ref, reference
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet
from registry.tables import BREACH_SUMMARY_FIELD, BREACH_TABLE_NUMBER, BreachRow

OPENED = register("breach.opened", "a personal data breach was entered; the clock of its notification runs")
MAX_SUMMARY = 10_000
_NOBODY = bytes(16)


class Nature(StrEnum):
    """What was lost (R-33-1; Guidelines 9/2022 of the EDPB, 17)."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach as entered: `notify_by` is an instant, elapsed hours after `aware_at`, without any roll."""

    reference: str
    nature: tuple[Nature, ...]
    aware_at: datetime
    notify_by: datetime
    rule_pack: str
    summary: str


def open(  # noqa: A001 - the verb of the command
    session: Session, policy: PolicySet, aware_at: datetime, nature: str, summary: str, now: datetime
) -> Breach:
    """Enter a breach; the hours of its country's deadline pack elapse from `aware_at` (Reg. 1182/71 art. 3(2)(a)).

    Queues the leaf `breach.opened`, which holds reference, nature and times, never the summary.
    `nature` is one or more of `Nature`, with commas between them.
    Raises: BadInput for an unknown nature, an empty or too long summary, or an `aware_at` still to come; NotFound when
    the policies hold no deadlines.
    """
    natures, text = _natures(nature), _summary(summary)
    aware, entered = ensure_utc(aware_at), ensure_utc(now)
    if aware > entered:
        raise BadInput("--aware-at is still to come; the clock runs from the moment of becoming aware")
    pack = policy.deadlines_for(policy.controller.country)
    notify_by = aware + timedelta(hours=pack.breach_hours)
    row_id, name = random_ref(), reference()
    event = Event(
        type=OPENED,
        at=entered,
        data={"reference": name, "nature": ",".join(natures), "aware_at": iso(aware), "notify_by": iso(notify_by)},
    )
    cipher = _keyring(session).shared_cipher(BREACH_TABLE_NUMBER)
    session.add(
        BreachRow(
            id=row_id,
            reference=name,
            nature=",".join(natures),
            aware_at=aware,
            notify_by=notify_by,
            rule_pack=pack.id,
            summary=seal(cipher, BREACH_SUMMARY_FIELD, row_id.bytes, _NOBODY, text.encode()),
            opened_at=entered,
            event_id=queue(session, event),
        )
    )
    session.flush()
    return Breach(name, natures, aware, notify_by, pack.id, text)


def breaches(session: Session) -> Iterator[Breach]:
    """Yield every breach with its summary opened, the oldest first (Art. 33(5)).

    Raises: DecryptionFailed.
    """
    keyring = _keyring(session)
    for row in session.scalars(select(BreachRow).order_by(BreachRow.aware_at, BreachRow.reference)):
        cipher = keyring.shared_cipher(BREACH_TABLE_NUMBER, read_gen(row.summary))
        text = open_sealed(cipher, BREACH_SUMMARY_FIELD, row.id.bytes, _NOBODY, row.summary).decode()
        yield Breach(row.reference, _natures(row.nature), row.aware_at, row.notify_by, row.rule_pack, text)


def _natures(text: str) -> tuple[Nature, ...]:
    named = {part.strip() for part in text.split(",")}
    if not named <= set(Nature):
        raise BadInput(f"the nature of a breach is one or more of {', '.join(Nature)}, with commas between them")
    return tuple(nature for nature in Nature if nature in named)


def _summary(text: str) -> str:
    if not text.strip():
        raise BadInput("a breach needs a summary: what happened, to which data, as far as it is known")
    if len(text) > MAX_SUMMARY:
        raise BadInput(f"a summary has at most {MAX_SUMMARY} characters, {len(text)} were given")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadInput("the summary holds half a character (a lone surrogate)")
    return text


def _keyring(session: Session) -> Keyring:
    keyring = session.info.get(KEYRING_KEY)
    if not isinstance(keyring, Keyring):
        raise ConfigurationError("this session has no keyring; bind its factory first (consentcore.binding.bind)")
    return keyring
