"""Whether a receipt that somebody brought proves what it says: worked out again from the file, and from our log today.

The file is read in memory, once, and kept nowhere; what it says of the person is not shown.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import parse_instant
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import canonical
from consentcore.ledger.proofs import inclusion_proof
from consentcore.ledger.tables import MAIN, LogEvent, LogLeaf
from consentcore.ledger.verify_receipt import Refused, verify
from web.console.decision_words import purpose_title
from web.console.receipt_words import reason_in_words
from web.shell.forms import EMPTY, Filled
from web.shell.language import gettext as _
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("receipt_check", __name__, url_prefix="/log/receipt")
FIELD = "receipt"
MAX_RECEIPT_BYTES = 200 * 1024
"""Most that is read of a file; a receipt with a long notice has a tenth of it."""
_CERTIFICATE = re.compile(r"proved, content erased under certificate (\S+)")


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out: proved or not, and what the entry says of itself; nothing in it names the person."""

    proved: bool
    reason: str = ""
    """Why not, in words of the page."""
    detail: str = ""
    """The verifier's own sentence, in English."""
    kind: str = ""
    purpose: str = ""
    at: datetime | None = None
    leaf_index: int = 0
    tree_size: int = 0
    has_content: bool = False
    has_wording: bool = False
    certificate: str = ""
    held: bool = True
    """Whether our log of today holds the very same entry at the very same place."""


@PAGES.get("/")
def page() -> str:
    """Ask for a receipt."""
    return _shown(EMPTY)


@PAGES.post("/")
def check() -> str | tuple[str, int]:
    """Verify a receipt that was sent; nothing is written."""
    sent = request.files.get(FIELD)
    raw = sent.stream.read(MAX_RECEIPT_BYTES + 1) if sent is not None else b""
    if not raw:
        return _shown(EMPTY.failed(FIELD, _("Choose the file of a receipt"))), 422
    if len(raw) > MAX_RECEIPT_BYTES:
        return _shown(EMPTY.failed(FIELD, _("This file is too large to be a receipt"))), 422
    if raw.startswith(b"%PDF-"):
        return _shown(EMPTY.failed(FIELD, _("This is a PDF: take the attached file receipt.json out of it first"))), 422
    try:
        read = json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return _shown(EMPTY.failed(FIELD, _("This file is no receipt: it cannot be read as JSON"))), 422
    wired = service()
    with reading(wired.sessions) as session:
        checked = _checked(session, wired.keyring, read)
    return _shown(EMPTY, checked)


def _checked(session: Session, keyring: Keyring, read: Any) -> Checked:
    if not isinstance(read, dict):
        return _refused(Refused("this is no receipt of a known format"))
    answer, refused = "", Refused("a note is not signed by the log's key, or more than once")
    for vkey in keyring.log_vkeys():  # a receipt of before a change of keys is signed by an earlier one
        try:
            answer = verify(read, vkey)
            break
        except Refused as reason:
            # what another key says tells more than that this one did not sign
            refused = reason if "not signed" not in str(reason) else refused
    if not answer:
        return _refused(refused)
    return _proved(session, read, answer)


def _refused(reason: Refused) -> Checked:
    return Checked(False, reason_in_words(str(reason)), str(reason))


def _proved(session: Session, receipt: Mapping[str, Any], answer: str) -> Checked:
    event, proof = receipt["event"], receipt["proof"]
    purpose = service().policy.purposes.get(event.get("purpose", ""))
    under = _CERTIFICATE.fullmatch(answer)
    return Checked(
        proved=True,
        kind=event["type"],
        purpose=purpose_title(purpose) if purpose else event.get("purpose", ""),
        at=_instant(event["ts"]),
        leaf_index=proof["leaf_index"],
        tree_size=proof["tree_size"],
        has_content="content" in receipt,
        has_wording="about" in receipt,
        certificate=under[1] if under else "",
        held=_held(session, event, proof),
    )


def _instant(written: str) -> datetime | None:
    try:
        return parse_instant(written)
    except BadInput:  # the verifier knows its form alone: 30 February has it
        return None


def _held(session: Session, event: Mapping[str, Any], proof: Mapping[str, Any]) -> bool:
    """Tell whether our log has that entry at that place, under the same root at that size."""
    index, size = proof["leaf_index"], proof["tree_size"]
    header = session.scalar(
        select(LogEvent.header)
        .join(LogLeaf, LogLeaf.event_id == LogEvent.id)
        .where(LogLeaf.log == MAIN, LogLeaf.idx == index)
    )
    if header is None or bytes(header) != canonical.encode(dict(event)):
        return False
    try:
        path = inclusion_proof(session, index, size)
    except (BadInput, LedgerTampered):
        return False
    return bool([b64encode(node).decode() for node in path] == proof["hashes"])


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _shown(form: Filled, checked: Checked | None = None) -> str:
    return render_template(
        "receipt_check.html", form=form, errors=form.errors, checked=checked, most=MAX_RECEIPT_BYTES // 1024
    )
