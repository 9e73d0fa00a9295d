"""What proves one declaration: its receipt, composed and verified, told in the words of a page and of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from consentcore.consent.receipt import receipt as compose_receipt
from consentcore.consent.tables import ConsentRecord
from consentcore.errors import Conflict, LedgerTampered, NotFound
from registry.documents.proof import ConsentProofData, ShownText
from web.console.decision_words import basis_in_words
from web.console.masked_persons import masked_persons
from web.console.notice_text import blocks
from web.console.person_history import declared, notice_of
from web.console.typography import language_name, set_in
from web.shell.language import gettext as _
from web.shell.language import local, long_day, long_moment
from web.wiring import Service


@dataclass(frozen=True, slots=True)
class Proof:
    """The receipt of a record, or why there is none; `erased` where the content went with an erasure."""

    receipt: dict[str, Any] | None
    problem: str = ""

    @property
    def erased(self) -> bool:
        """Whether a certificate stands where the content stood."""
        return self.receipt is not None and "erased" in self.receipt


def proof_of(session: Session, wired: Service, record: ConsentRecord) -> Proof:
    """Compose and verify the receipt of a record; what does not prove itself is told, never hidden."""
    try:
        return Proof(compose_receipt(session, wired.keyring, wired.policy, record.id))
    except LedgerTampered:
        return Proof(None, _("The log does not prove this record: what is stored has been changed. Verify the log."))
    except (Conflict, NotFound):
        return Proof(None, _("The key to this declaration is being destroyed; its certificate is not issued yet."))


def proof_data(session: Session, wired: Service, record: ConsentRecord, receipt: dict[str, Any]) -> ConsentProofData:
    """Return what the document says of a proven record, in the page's language."""
    shown = declared(record, wired.policy, receipt["proof"]["leaf_index"])
    persons = masked_persons(session, wired.keyring, [record.subject_ref])
    purpose = wired.policy.purposes.get(record.purpose)
    return ConsentProofData(
        record=str(record.id),
        subject=str(record.subject_ref),
        person=persons[0].name if persons else "—",
        purpose=shown.purpose,
        basis=basis_in_words(purpose) if purpose else "",
        channel=shown.channel,
        state=shown.state,
        method=shown.method,
        declared=long_moment(record.at),
        recorded=long_moment(record.recorded_at),
        valid_until=long_day(local(record.expires_at).date()) if record.expires_at else "",
        text=_shown_text(record, wired),
        policy_sha256=record.policy_sha256,
        leaf_index=receipt["proof"]["leaf_index"],
        tree_size=receipt["proof"]["tree_size"],
        hashes=len(receipt["proof"]["hashes"]),
        checkpoint=receipt["proof"]["checkpoint"],
        vkey=wired.keyring.log_signer().vkey,
    )


def _shown_text(record: ConsentRecord, wired: Service) -> ShownText:
    notice = notice_of(record, wired.policy)
    paragraphs = [
        ("item" if block.kind == "list" else block.kind, line)
        for block in (blocks(set_in(notice.text, notice.language)) if notice else ())
        for line in block.lines
    ]
    return ShownText(
        title=set_in(notice.title, notice.language) if notice else record.notice_id,
        version=record.notice_version,
        language=record.notice_language,
        language_name=language_name(record.notice_language),
        sha256=record.notice_sha256,
        paragraphs=tuple(paragraphs),
    )
