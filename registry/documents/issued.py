"""The entry in the log that a document was issued: which kind, in which form, its hash, by whom (Art. 5(2))."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue

ISSUED = register("document.issued", "a document was drawn and handed to a member of staff; the leaf holds its hash")


def issue(session: Session, now: datetime, *, document: str, form: str, language: str, content: bytes, by: UUID) -> str:
    """Queue the entry of a document in the caller's unit; returns the SHA-256 of its bytes.

    `document` is a code such as `register`; `by` is the reference of an account of staff. Nothing in the entry names
    the person whom a document may be about.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    data = {"document": document, "format": form, "language": language, "sha256": sha256, "by": str(by)}
    queue(session, Event(type=ISSUED, at=now, data=data))
    return sha256
