"""Putting a message into the outbox, and opening it again for whoever sends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import random_ref
from consentcore.outbox.tables import CONTENT_FIELD, SHARED_TABLE, OutboxMessage

MAX_BODY = 64 * 1024
MAX_LINE = 254
_NOBODY = bytes(16)


@dataclass(frozen=True, slots=True)
class Message:
    """A plain text message to one address; `subject_ref` says whom it tells of, where that person is known here."""

    kind: str
    to: str
    subject: str
    body: str
    subject_ref: UUID | None = None
    due_at: datetime | None = None


def put(session: Session, keyring: Keyring, message: Message, now: datetime) -> UUID:
    """Write a message in the caller's unit, sealed under the shared key; it is sent after the unit is committed.

    Returns: its random id. Raises: BadInput for an oversized text, or a line break in address or subject (header
    injection).
    """
    for line in (message.to, message.subject):
        if not 0 < len(line) <= MAX_LINE or any(ord(sign) < 32 or ord(sign) == 127 for sign in line):
            raise BadInput(f"address and subject of a message are one line of at most {MAX_LINE} characters each")
    if len(message.body) > MAX_BODY:
        raise BadInput(f"a message has {len(message.body)} characters; at most {MAX_BODY} are sent")
    message_id = random_ref()
    document = {"to": message.to, "subject": message.subject, "body": message.body}
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    session.execute(
        insert(OutboxMessage).values(
            id=message_id,
            kind=message.kind,
            subject_ref=message.subject_ref,
            content=seal(keyring.shared_cipher(SHARED_TABLE), CONTENT_FIELD, message_id.bytes, _NOBODY, data),
            created_at=ensure_utc(now),
            due_at=ensure_utc(message.due_at or now),
            attempts=0,
        )
    )
    return message_id


def opened(keyring: Keyring, row: OutboxMessage) -> Message | None:
    """Open a message; None when it was sent and emptied.

    Raises: DecryptionFailed.
    """
    if row.content is None:
        return None
    cipher = keyring.shared_cipher(SHARED_TABLE, read_gen(row.content))
    document = json.loads(open_sealed(cipher, CONTENT_FIELD, row.id.bytes, _NOBODY, row.content))
    return Message(row.kind, document["to"], document["subject"], document["body"], row.subject_ref, row.due_at)
