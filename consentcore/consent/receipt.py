"""The receipt of a consent: what a person can keep and anyone can verify offline (Art. 7(1), R-7-2)."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.tables import ConsentRecord
from consentcore.crypto.keyring import Keyring
from consentcore.errors import NotFound
from consentcore.ledger import canonical
from consentcore.ledger.receipt import compose
from consentcore.policyset import PolicySet

TLOG_PROOF = "c2sp.org/tlog-proof@v1"


def receipt(session: Session, keyring: Keyring, policy: PolicySet, record_id: UUID) -> dict[str, Any]:
    """Compose the receipt of a record, ready for JSON; `consentcore/ledger/verify_receipt.py` verifies it alone.

    The text of the notice goes along where the policies still hold the very text that was shown.
    Raises: NotFound; LedgerTampered when the log does not prove what the record claims.
    """
    found = session.get(ConsentRecord, record_id)
    if found is None:
        raise NotFound(f"no consent record {record_id} is known here")
    notice = policy.notices.get((found.notice_id, found.notice_version, found.notice_language))
    shown = {"notice": notice.text} if notice is not None and notice.sha256 == found.notice_sha256 else {}
    return compose(session, keyring, found.event_id, shown)


def tlog_proof(composed: dict[str, Any]) -> str:
    """Write the proof that a receipt holds as C2SP `.tlog-proof` text; the person and what was said stay out of it.

    The `extra` line holds the leaf's bytes (the canonical header), so that a verifier can work its hash out: as the
    specification has it, nothing vouches for that line but the hash. `composed` is what `receipt` returned.
    """
    proof = composed["proof"]
    leaf = base64.b64encode(canonical.encode(composed["event"])).decode()
    lines = [TLOG_PROOF, f"extra {leaf}", f"index {proof['leaf_index']}", *proof["hashes"], "", ""]
    return "\n".join(lines) + str(proof["checkpoint"])
