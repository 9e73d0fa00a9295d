"""What proves one declaration: its receipt, composed and verified, told in the words of a page and of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from consentcore.consent.receipt import receipt as compose_receipt
from consentcore.consent.tables import ConsentRecord
from consentcore.errors import Conflict, LedgerTampered, NotFound
from registry.documents import proof_data as drawn
from registry.documents.proof import ConsentProofData
from web.console.masked_persons import masked_persons
from web.shell.language import gettext as _
from web.shell.language import language
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
    """Return what the document says of a proven record, in the page's language; the person by masked initials."""
    persons = masked_persons(session, wired.keyring, [record.subject_ref])
    return drawn.proof_data(
        session,
        wired.policy,
        record,
        receipt,
        wired.keyring.log_signer().vkey,
        language(),
        person=persons[0].name if persons else "",
    )
