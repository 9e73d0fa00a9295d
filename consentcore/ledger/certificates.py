"""Certificates: signed statements (that a key was destroyed, a person erased) whose hash stands in a leaf."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso, to_second
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import ConfigurationError, NotFound
from consentcore.identifiers import reference
from consentcore.ledger import canonical
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.ledger.note import sign_note
from consentcore.ledger.tables import CertificateRow, LogContent

ISSUED = register("certificate.issued", "a signed statement was issued; the leaf holds its hash")
TITLE = "consentcore certificate v1"
ERASED_TITLE = "consentcore erased content v1"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as issued: `body` is the canonical JSON that is signed and hashed, `note` the signed note."""

    number: str
    kind: str
    body: bytes
    note: str
    event_id: uuid.UUID
    issued_at: datetime

    @property
    def sha256(self) -> str:
        """The hash of the body, which stands in the leaf."""
        return sha256(self.body).hexdigest()


def issue(session: Session, kind: str, body: Mapping[str, Any], now: datetime) -> Certificate:
    """Sign a statement and queue its leaf `certificate.issued`.

    The signed JSON is `{body, issued_at, kind, number}`; it must hold nothing personal beyond references.
    Effects: one row in cc_certificate, one event. Raises: BadInput when the body is outside the canonical profile.
    """
    keyring: Keyring | None = session.info.get(KEYRING_KEY)
    if keyring is None:
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    number, instant = reference(), to_second(ensure_utc(now))
    signed = canonical.encode({"body": dict(body), "issued_at": iso(instant), "kind": kind, "number": number})
    note = sign_note(f"{TITLE}\n{signed.decode()}\n", [keyring.log_signer()])
    data = {"certificate_sha256": sha256(signed).hexdigest(), "kind": kind}
    event_id = queue(session, Event(type=ISSUED, at=instant, data=data))
    made = Certificate(number, kind, signed, note, event_id, instant)
    session.execute(
        insert(CertificateRow).values(
            number=number, kind=kind, body=signed, note=note.encode(), event_id=event_id, issued_at=instant
        )
    )
    return made


def certificate(session: Session, number: str) -> Certificate:
    """Return a certificate by its number.

    Raises: NotFound.
    """
    row = session.execute(select(CertificateRow).where(CertificateRow.number == number)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no certificate {number}")
    return Certificate(row.number, row.kind, row.body, row.note.decode(), row.event_id, row.issued_at)


def erase_contents(session: Session, subject: uuid.UUID, number: str) -> int:
    """Erase the payloads of a subject's events, and their link to the subject, under a certificate; returns how many.

    The leaves stay as they are (Art. 17(3)(e) no longer carries the content, the log's integrity needs the hash).
    Raises: NotFound when there is no such certificate.
    """
    certificate(session, number)
    result = session.execute(
        update(LogContent)
        .where(LogContent.subject_ref == subject)
        .values(payload=None, subject_ref=None, certificate=number)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def erased_statement(event_id: uuid.UUID, certificate: Certificate) -> str:
    """Return the text that the log signs when a receipt is composed after the erasure."""
    return f"{ERASED_TITLE}\n{event_id}\n{certificate.number}\n{certificate.sha256}\n"
