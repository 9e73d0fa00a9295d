"""The sealed document of a request, and the sealed notes of its steps: opened and written in one way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.requests.tables import (
    CONTENT_FIELD,
    SHARED_TABLE,
    TRANSITION_FIELD,
    RequestTransition,
    SubjectRequest,
)

MAX_CONTENT = 256 * 1024
_NOBODY = bytes(16)


def read_content(keyring: Keyring, dsr: SubjectRequest) -> dict[str, Any]:
    """Open the document of a request: `email requester role changes evidence method notes`, absent ones left out.

    Raises: KeyDestroyed when the person's evidence key is gone; DecryptionFailed.
    """
    return _open(keyring, CONTENT_FIELD, dsr.id, dsr.subject_ref, dsr.content)


def write_content(keyring: Keyring, dsr: SubjectRequest, content: Mapping[str, Any]) -> None:
    """Seal a document into a request, under the key of whoever the request now names; in the caller's unit.

    Raises: BadInput when it is too large.
    """
    dsr.content = sealed_content(keyring, dsr.id, dsr.subject_ref, content)


def adopt(
    session: Session, keyring: Keyring, dsr: SubjectRequest, person: UUID | None, content: Mapping[str, Any]
) -> None:
    """Let a request be about `person` from now on: its document and its steps are re-sealed under that person's key."""
    steps = session.scalars(select(RequestTransition).where(RequestTransition.request_id == dsr.id)).all()
    for step in steps:
        if step.subject_ref != person:
            notes = read_step(keyring, step)
            step.subject_ref, step.content = person, sealed_step(keyring, step.id, person, notes)
    dsr.subject_ref = person
    write_content(keyring, dsr, content)
    session.flush()


def sealed_content(keyring: Keyring, request_id: UUID, subject_ref: UUID | None, content: Mapping[str, Any]) -> bytes:
    """Return the sealed document of a request that has no row yet."""
    return _seal(keyring, CONTENT_FIELD, request_id, subject_ref, content)


def read_step(keyring: Keyring, step: RequestTransition) -> dict[str, Any]:
    """Open what stands sealed in a step: `by reason plan_sha256`, absent ones left out."""
    return _open(keyring, TRANSITION_FIELD, step.id, step.subject_ref, step.content)


def sealed_step(keyring: Keyring, row_id: UUID, subject_ref: UUID | None, content: Mapping[str, Any]) -> bytes:
    """Return the sealed notes of a step."""
    return _seal(keyring, TRANSITION_FIELD, row_id, subject_ref, content)


def _seal(
    keyring: Keyring, field_number: int, row_id: UUID, subject_ref: UUID | None, content: Mapping[str, Any]
) -> bytes:
    kept = {key: value for key, value in content.items() if value is not None}
    data = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    if len(data) > MAX_CONTENT:
        raise BadInput(f"a request holds {len(data)} bytes; at most {MAX_CONTENT} are kept")
    if subject_ref is None:
        return seal(keyring.shared_cipher(SHARED_TABLE), field_number, row_id.bytes, _NOBODY, data)
    cipher = keyring.field_cipher(subject_ref, KeyClass.EVIDENCE)
    return seal(cipher, field_number, row_id.bytes, subject_ref.bytes, data)


def _open(keyring: Keyring, field_number: int, row_id: UUID, subject_ref: UUID | None, blob: bytes) -> dict[str, Any]:
    gen = read_gen(blob)
    if subject_ref is None:
        cipher, owner = keyring.shared_cipher(SHARED_TABLE, gen), _NOBODY
    else:
        cipher, owner = keyring.field_cipher(subject_ref, KeyClass.EVIDENCE, gen), subject_ref.bytes
    found: dict[str, Any] = json.loads(open_sealed(cipher, field_number, row_id.bytes, owner, blob))
    return found
