"""Opening the sealed contents of many events at once, each held against the commitment in its leaf."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.envelope import FieldCipher, open_sealed
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import DecryptionFailed
from consentcore.ledger import commitment
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import CONTENT_FIELD, LogContent

_CHUNK = 500


def open_contents(
    session: Session, keyring: Keyring, claims: Sequence[tuple[bytes, bytes, bytes]]
) -> dict[bytes, bytes | str | None]:
    """Open contents by event id: canonical bytes, None where erased, or a sentence saying what does not fit.

    `claims` are (event id, subject, header) as some record claims them: a content that is another person's, that does
    not open, or that the leaf does not commit to is a misfit, never an exception: an audit names all of them.
    """
    keys = keyring.ciphers({subject for _, subject, _ in claims}, KeyClass.EVIDENCE)
    found: dict[bytes, bytes | str | None] = {}
    for start in range(0, len(claims), _CHUNK):
        chunk = claims[start : start + _CHUNK]
        rows = session.execute(
            select(LogContent.event_id, LogContent.subject_ref, LogContent.payload, LogContent.certificate).where(
                LogContent.event_id.in_([event_id for event_id, _, _ in chunk])
            )
        )
        stored = {row.event_id.bytes: row for row in rows}
        for event_id, subject, header in chunk:
            row = stored.get(event_id)
            if row is None:
                found[event_id] = "its content is gone without a certificate"
            elif row.payload is None:
                found[event_id] = None if row.certificate is not None else "its content was emptied by nobody's order"
            elif row.subject_ref is None or row.subject_ref.bytes != subject:
                found[event_id] = "its content is another person's"
            elif subject not in keys:
                found[event_id] = None
            else:
                found[event_id] = _opened(keys[subject], event_id, subject, header, row.payload)
    return found


def _opened(cipher: FieldCipher, event_id: bytes, subject: bytes, header: bytes, payload: bytes) -> bytes | str:
    try:
        content = open_sealed(cipher, CONTENT_FIELD, event_id, subject, payload)
    except DecryptionFailed:
        return "its content does not open"
    if cipher.commit is None:
        return "its evidence key carries no commitment key"
    said = read_header(header)
    made = commitment.commit(commitment.opening(cipher.commit, event_id), content)
    if not hmac.compare_digest(str(said.get("commit")), made):
        return "its content is not the one that its leaf commits to"
    if not hmac.compare_digest(str(said.get("subj")), commitment.subject_tag(cipher.commit, event_id)):
        return "its leaf was made for another person"
    return content
