"""Certificates: signed statements (that a key was destroyed, a person erased) whose hash stands in a leaf."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso, to_second
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import ConfigurationError, LedgerTampered, NotFound
from consentcore.identifiers import random_ref, reference
from consentcore.ledger import canonical
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.ledger.note import open_note, sign_note
from consentcore.ledger.tables import ERASED_FIELD, SHARED_TABLE, CertificateRow, LogContent

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


def issue(
    session: Session, kind: str, body: Mapping[str, Any], now: datetime, *, erases: uuid.UUID | None = None
) -> Certificate:
    """Sign a statement and queue its leaf `certificate.issued`.

    The signed JSON is `{body, issued_at, kind, number}`; it must hold nothing personal beyond references. `erases`
    names a subject whose events lose their content, and their link to the subject, under this certificate; the body
    then also holds how many (`erased_contents`) and the hash of the sealed list of them (`erased_sha256`), by which an
    audit tells an ordered erasure from content that somebody emptied. The leaves stay as they are.
    Effects: one row in cc_certificate, one event, emptied contents. Raises: BadInput outside the canonical profile.
    """
    keyring: Keyring | None = session.info.get(KEYRING_KEY)
    if keyring is None:
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    number, event_id, instant = reference(), random_ref(), to_second(ensure_utc(now))
    stated, erased = dict(body), None
    if erases is not None:
        covered = _contents_of(session, erases)
        erased = _sealed_list(keyring, event_id, covered)
        stated |= {"erased_contents": len(covered), "erased_sha256": sha256(erased).hexdigest()}
    signed = canonical.encode({"body": stated, "issued_at": iso(instant), "kind": kind, "number": number})
    note = sign_note(f"{TITLE}\n{signed.decode()}\n", [keyring.log_signer()])
    data = {"certificate_sha256": sha256(signed).hexdigest(), "kind": kind}
    queue(session, Event(type=ISSUED, at=instant, data=data, id=event_id))
    session.execute(
        insert(CertificateRow).values(
            number=number,
            kind=kind,
            body=signed,
            note=note.encode(),
            erased=erased,
            event_id=event_id,
            issued_at=instant,
        )
    )
    if erases is not None:
        _empty_contents(session, erases, number)
    return Certificate(number, kind, signed, note, event_id, instant)


def certificate(session: Session, number: str) -> Certificate:
    """Return a certificate by its number.

    Raises: NotFound.
    """
    row = session.execute(select(CertificateRow).where(CertificateRow.number == number)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no certificate {number}")
    return Certificate(row.number, row.kind, row.body, row.note.decode(), row.event_id, row.issued_at)


def covered_by(session: Session, keyring: Keyring, number: str) -> frozenset[bytes]:
    """Return the event ids (16 bytes each) whose content was erased under a certificate that this log signed.

    Raises: LedgerTampered when row, signature and sealed list do not belong together; NotFound.
    """
    row = session.execute(select(CertificateRow).where(CertificateRow.number == number)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no certificate {number}")
    note = open_note(row.note.decode(errors="replace"), keyring.log_vkeys())
    if note.body != f"{TITLE}\n{row.body.decode(errors='replace')}\n":
        raise LedgerTampered(f"certificate {number} is not the one that was signed")
    signed = canonical.decode(row.body)
    if signed["number"] != number or row.erased is None:
        raise LedgerTampered(f"certificate {number} erases nothing, or is another one's")
    if signed["body"].get("erased_sha256") != sha256(row.erased).hexdigest():
        raise LedgerTampered(f"the list of certificate {number} is not the one that was signed")
    cipher = keyring.shared_cipher(SHARED_TABLE, read_gen(row.erased))
    packed = open_sealed(cipher, ERASED_FIELD, row.event_id.bytes, bytes(16), row.erased)
    return frozenset(packed[at : at + 16] for at in range(0, len(packed), 16))


def _contents_of(session: Session, subject: uuid.UUID) -> list[uuid.UUID]:
    held = select(LogContent.event_id).where(LogContent.subject_ref == subject).with_for_update()
    return list(session.scalars(held))


def _sealed_list(keyring: Keyring, event_id: uuid.UUID, covered: Sequence[uuid.UUID]) -> bytes:
    packed = b"".join(sorted(one.bytes for one in covered))
    return seal(keyring.shared_cipher(SHARED_TABLE), ERASED_FIELD, event_id.bytes, bytes(16), packed)


def _empty_contents(session: Session, subject: uuid.UUID, number: str) -> None:
    session.execute(
        update(LogContent)
        .where(LogContent.subject_ref == subject)
        .values(payload=None, subject_ref=None, certificate=number)
        .execution_options(synchronize_session=False)
    )


def erased_statement(event_id: uuid.UUID, certificate: Certificate) -> str:
    """Return the text that the log signs when a receipt is composed after the erasure."""
    return f"{ERASED_TITLE}\n{event_id}\n{certificate.number}\n{certificate.sha256}\n"
