"""Opening the sealed contents of many events at once, each held against the commitment in its leaf."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.opening import opened_or_none
from consentcore.crypto.tables import ShredPending
from consentcore.errors import BadInput, IntegrityFailure, NotFound
from consentcore.ledger import commitment
from consentcore.ledger.certificates import covered_by
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import CONTENT_FIELD, LogContent

_CHUNK = 500


def open_contents(
    session: Session, keyring: Keyring, claims: Sequence[tuple[bytes, bytes, bytes]]
) -> dict[bytes, bytes | str | None]:
    """Open contents by event id: canonical bytes, None where erased by order, or a sentence saying what does not fit.

    `claims` are (event id, subject, header) as some record claims them: a content that is another person's, that does
    not open, that the leaf does not commit to, or that was emptied without a certificate naming it is a misfit, never
    an exception: an audit names all of them. Contents of a person whose key is being destroyed at this moment are
    None too; `consentcore keys status` counts those persons.
    """
    audit = _Contents(session, keyring, claims)
    return {event_id: audit.content(event_id, subject, header) for event_id, subject, header in claims}


class _Contents:
    """What one audit of contents has read: stored rows, keys, and the certificates they name."""

    def __init__(self, session: Session, keyring: Keyring, claims: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        self._session = session
        self._keyring = keyring
        self._keys = keyring.ciphers({subject for _, subject, _ in claims}, KeyClass.EVIDENCE)
        self._certificates: dict[str, frozenset[bytes] | None] = {}
        self._stored: dict[bytes, Any] = {}
        for start in range(0, len(claims), _CHUNK):
            ids = [event_id for event_id, _, _ in claims[start : start + _CHUNK]]
            rows = session.execute(
                select(LogContent.event_id, LogContent.subject_ref, LogContent.payload, LogContent.certificate).where(
                    LogContent.event_id.in_(ids)
                )
            )
            self._stored |= {row.event_id.bytes: row for row in rows}

    def content(self, event_id: bytes, subject: bytes, header: bytes) -> bytes | str | None:
        """Return one content, None, or the sentence."""
        row = self._stored.get(event_id)
        if row is None:
            return "its content is gone without a certificate"
        if row.payload is None:
            return self._emptied(event_id, row.certificate)
        if row.subject_ref is None or row.subject_ref.bytes != subject:
            return "its content is another person's"
        if subject in self._keys:
            return _opened(self._keys[subject], event_id, subject, header, row.payload)
        return None if self._is_going(row.subject_ref) else "its content is left without a key that would open it"

    def _emptied(self, event_id: bytes, number: str | None) -> str | None:
        if number is None:
            return "its content was emptied by nobody's order"
        if number not in self._certificates:
            try:
                self._certificates[number] = covered_by(self._session, self._keyring, number)
            except (NotFound, IntegrityFailure, BadInput):
                self._certificates[number] = None
        covered = self._certificates[number]
        if covered is None:
            return f"its content was emptied under certificate {number}, which this log did not sign"
        return None if event_id in covered else f"its content was emptied under certificate {number}, of other events"

    def _is_going(self, subject: UUID) -> bool:
        marked = self._session.get(ShredPending, (subject, KeyClass.EVIDENCE.value)) is not None
        return marked and any(stone.key_class is KeyClass.EVIDENCE for stone in self._keyring.tombstones(subject))


def _opened(cipher: FieldCipher, event_id: bytes, subject: bytes, header: bytes, payload: bytes) -> bytes | str:
    content = opened_or_none(cipher, CONTENT_FIELD, event_id, subject, payload)
    if content is None:
        return "its content does not open"
    if not cipher.commit_roots:
        return "its evidence key carries no commitment key"
    said = read_header(header)
    root = commitment.root_of(cipher.commit_roots, event_id, str(said.get("subj")))
    made = commitment.commit(commitment.opening(root or cipher.commit_roots[0], event_id), content)
    if not hmac.compare_digest(str(said.get("commit")), made):
        return "its content is not the one that its leaf commits to"
    return content if root is not None else "its leaf was made for another person"
