"""Receipts: everything a person needs to prove an entry of the log without us (and `.tlog-proof`, C2SP's form)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.envelope import open_sealed, read_gen
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, LedgerTampered, NotFound
from consentcore.ledger import canonical, commitment, merkle, verify_receipt
from consentcore.ledger.certificates import Certificate, certificate, erased_statement
from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.events import read_header
from consentcore.ledger.note import open_note, parse_vkey, sign_note
from consentcore.ledger.proofs import SignedCheckpoint, inclusion_proof, latest_checkpoint
from consentcore.ledger.signingkeys import key_ids
from consentcore.ledger.tables import CONTENT_FIELD, LogContent, LogEvent, LogLeaf
from consentcore.ledger.witnessed import newest_cosigned

FORMAT = "consentcore.receipt/1"


def compose(session: Session, keyring: Keyring, event_id: uuid.UUID, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt of one event, ready for JSON, as `verify_receipt.py` reads it; it was verified once here.

    `extra` may hold `notice`, the text whose SHA-256 the event names; nothing else, because a text that the
    verifier cannot check would mislead beside the word "proved".
    Raises: NotFound; KeyDestroyed or Conflict when the content's key is gone and no certificate says so yet;
    BadInput; LedgerTampered when what is stored does not prove itself.
    """
    checkpoint = _checkpoint(session, keyring, event_id)
    header, proof = _entry(session, event_id, checkpoint)
    receipt: dict[str, Any] = {"format": FORMAT, "event": read_header(header)}
    receipt["proof"] = {**proof, "checkpoint": checkpoint.note}
    receipt |= _content(session, keyring, event_id, receipt["event"], checkpoint)
    if extra:
        receipt["about"] = _about(extra, receipt["event"])
    try:
        verify_receipt.verify(receipt, keyring.log_signer().vkey)
    except verify_receipt.Refused as found:
        raise LedgerTampered(f"the stored entry of event {event_id} does not prove itself: {found}") from None
    return receipt


def tlog_proof(session: Session, keyring: Keyring, event_id: uuid.UUID) -> str:
    """Return the proof of one event as C2SP `.tlog-proof` text; the leaf's bytes are its canonical header.

    Raises: NotFound, LedgerTampered.
    """
    checkpoint = _checkpoint(session, keyring, event_id)
    _, proof = _entry(session, event_id, checkpoint)
    lines = ["c2sp.org/tlog-proof@v1", f"index {proof['leaf_index']}", *proof["hashes"], "", ""]
    return "\n".join(lines) + checkpoint.note


def _checkpoint(session: Session, keyring: Keyring, event_id: uuid.UUID) -> SignedCheckpoint:
    vkey = keyring.log_signer().vkey
    cosigned = newest_cosigned(session, event_id)
    if cosigned is not None and parse_vkey(vkey).key_id in key_ids(cosigned.note.encode()):
        newest: SignedCheckpoint | None = cosigned
    else:  # witnesses saw no checkpoint by the key that receipts are verified with today
        newest = latest_checkpoint(session)
    if newest is None:
        raise NotFound("the log is empty; commit the event first, then ask for its receipt")
    open_checkpoint(newest.note, [vkey])
    return newest


def _entry(session: Session, event_id: uuid.UUID, checkpoint: SignedCheckpoint) -> tuple[bytes, dict[str, Any]]:
    row = session.execute(
        select(LogLeaf.idx, LogEvent.header)
        .join(LogEvent, LogEvent.id == LogLeaf.event_id)
        .where(LogLeaf.event_id == event_id)
    ).one_or_none()
    if row is None or row.idx >= checkpoint.size:
        raise NotFound(f"event {event_id} has no leaf; a receipt can be made once its transaction is committed")
    hashes = inclusion_proof(session, row.idx, checkpoint.size)
    merkle.verify_inclusion(merkle.leaf_hash(row.header), row.idx, checkpoint.size, hashes, checkpoint.root)
    encoded = [base64.b64encode(node).decode() for node in hashes]
    return row.header, {"leaf_index": row.idx, "tree_size": checkpoint.size, "hashes": encoded}


def _content(
    session: Session, keyring: Keyring, event_id: uuid.UUID, header: Mapping[str, Any], checkpoint: SignedCheckpoint
) -> dict[str, Any]:
    if "commit" not in header:
        return {}
    row = session.execute(
        select(LogContent.subject_ref, LogContent.payload, LogContent.certificate).where(
            LogContent.event_id == event_id
        )
    ).one_or_none()
    if row is not None and row.payload is not None and row.subject_ref is not None:
        cipher = keyring.field_cipher(row.subject_ref, KeyClass.EVIDENCE, read_gen(row.payload))
        payload = open_sealed(cipher, CONTENT_FIELD, event_id.bytes, row.subject_ref.bytes, row.payload)
        root = commitment.root_of(keyring.commitment_roots(row.subject_ref), event_id.bytes, str(header.get("subj")))
        if root is None:
            raise LedgerTampered(f"the leaf of event {event_id} was made for another person")
        r = commitment.opening(root, event_id.bytes)
        return {"content": {"payload": canonical.decode(payload), "opening": base64.b64encode(r).decode()}}
    if row is None or row.certificate is None:
        raise Conflict(f"the content of event {event_id} is gone and no certificate says under which erasure")
    return {"erased": _erased(session, keyring, event_id, certificate(session, row.certificate), checkpoint)}


def _erased(
    session: Session, keyring: Keyring, event_id: uuid.UUID, under: Certificate, checkpoint: SignedCheckpoint
) -> dict[str, Any]:
    header, proof = _entry(session, under.event_id, checkpoint)
    return {
        "certificate": _signed_today(keyring, under.note),
        "certificate_event": read_header(header),
        "certificate_proof": {"leaf_index": proof["leaf_index"], "hashes": proof["hashes"]},
        "statement": sign_note(erased_statement(event_id, under), [keyring.log_signer()]),
    }


def _signed_today(keyring: Keyring, note: str) -> str:
    """Return a certificate with the signature of the key in use beside that of an older one it was issued under."""
    signer = keyring.log_signer()
    if signer.key_id in key_ids(note.encode()):
        return note
    body = open_note(note, keyring.log_vkeys()).body
    return note + sign_note(body, [signer]).removeprefix(f"{body}\n")


def _about(extra: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    notice = extra.get("notice")
    if set(extra) != {"notice"} or not isinstance(notice, str):
        raise BadInput("a receipt takes nothing beside its entry but `notice`, the text of the notice shown")
    if sha256(notice.encode()).hexdigest() != header.get("notice_sha256"):
        raise BadInput("this is not the text of the notice whose hash the event holds")
    return {"notice": notice}
