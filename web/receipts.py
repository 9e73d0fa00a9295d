"""A consent record in each form in which it is handed out: one place for the command line, the API and the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.fields import RegulatoryFields, fields_of
from consentcore.consent.receipt import receipt, tlog_proof
from consentcore.consent.tables import ConsentRecord
from consentcore.db import Base, KeyringBase
from consentcore.errors import NotFound
from consentcore.personal_data.datamap import compose as compose_map
from registry.documents.bundle import json_bytes
from registry.documents.jsonld import Links, LogPlace, receipt_27560
from registry.documents.kantara import kantara_receipt
from registry.documents.proof import consent_proof_pdf
from registry.documents.proof_data import proof_data
from web.wiring import Service


class ReceiptForm(StrEnum):
    """The forms; the first is the one that `verify_receipt.py` verifies."""

    RECEIPT = "receipt"
    TS_27560 = "27560"
    KANTARA = "kantara"
    TLOG_PROOF = "tlog-proof"
    PDF = "pdf"


MEDIA_TYPES: Mapping[ReceiptForm, str] = MappingProxyType(
    {
        ReceiptForm.RECEIPT: "application/json",
        ReceiptForm.TS_27560: "application/ld+json",
        ReceiptForm.KANTARA: "application/vnd.kantara.consent-receipt+json",
        ReceiptForm.TLOG_PROOF: "text/plain",
        ReceiptForm.PDF: "application/pdf",
    }
)
_ENDINGS = {
    ReceiptForm.RECEIPT: "json",
    ReceiptForm.TS_27560: "jsonld",
    ReceiptForm.KANTARA: "kantara.json",
    ReceiptForm.TLOG_PROOF: "tlog-proof",
    ReceiptForm.PDF: "pdf",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A record in one form, and where the log holds it."""

    content: bytes
    media_type: str
    file_name: str
    """Plain letters; it names the entry of the log and nobody."""
    leaf_index: int
    tree_size: int
    erased: bool
    """Whether a certificate stands where the content stood."""


def export(session: Session, wired: Service, record_id: UUID, form: ReceiptForm, lang: str) -> Exported:
    """Compose the receipt of a record, verify it, and write it in a form; `lang` counts for the PDF alone.

    Writes nothing: whoever hands it to staff records the access. Raises: NotFound; LedgerTampered when the log does
    not prove the record; Conflict, where a form cannot say what the record is; ConfigurationError where PDF cannot be
    drawn.
    """
    composed = receipt(session, wired.keyring, wired.policy, record_id)
    return Exported(
        content=_WRITERS[form](session, wired, record_id, composed, lang),
        media_type=MEDIA_TYPES[form],
        file_name=f"consent-{'proof' if form is ReceiptForm.PDF else 'receipt'}-"
        f"{composed['proof']['leaf_index']}.{_ENDINGS[form]}",
        leaf_index=composed["proof"]["leaf_index"],
        tree_size=composed["proof"]["tree_size"],
        erased="erased" in composed,
    )


def links(wired: Service) -> Links:
    """Return where the person reads the notices and acts, in the first language of the controller where one is asked.

    The portal answers in the language that its address names.
    """
    portal = f"{wired.settings.base_url.rstrip('/')}/portal"
    first = wired.policy.controller.languages[0]
    return Links(
        notice=f"{portal}/{{language}}/notices/{{id}}/{{version}}",
        withdraw=f"{portal}/{first}/preferences/",
        rights=f"{portal}/{first}/",
    )


def _as_receipt(session: Session, wired: Service, record_id: UUID, composed: dict[str, Any], lang: str) -> bytes:
    return json_bytes(composed)


def _as_27560(session: Session, wired: Service, record_id: UUID, composed: dict[str, Any], lang: str) -> bytes:
    place = LogPlace(wired.keyring.log_signer().name, composed["proof"]["leaf_index"], composed["proof"]["checkpoint"])
    return json_bytes(receipt_27560(_fields(session, wired, record_id), place, links(wired), wired.now()))


def _as_kantara(session: Session, wired: Service, record_id: UUID, composed: dict[str, Any], lang: str) -> bytes:
    vkey = wired.keyring.log_signer().vkey
    return json_bytes(kantara_receipt(_fields(session, wired, record_id), links(wired), vkey))


def _as_tlog_proof(session: Session, wired: Service, record_id: UUID, composed: dict[str, Any], lang: str) -> bytes:
    return tlog_proof(composed).encode()


def _as_pdf(session: Session, wired: Service, record_id: UUID, composed: dict[str, Any], lang: str) -> bytes:
    record = session.get(ConsentRecord, record_id)
    if record is None:
        raise NotFound(f"no consent record {record_id} is known here")
    data = proof_data(session, wired.policy, record, composed, wired.keyring.log_signer().vkey, lang)
    return consent_proof_pdf(data, wired.policy.controller, lang, wired.now(), json_bytes(composed))


def _fields(session: Session, wired: Service, record_id: UUID) -> RegulatoryFields:
    return fields_of(session, wired.policy, compose_map([Base.metadata, KeyringBase.metadata]), record_id)


_WRITERS: Mapping[ReceiptForm, Callable[[Session, Service, UUID, dict[str, Any], str], bytes]] = {
    ReceiptForm.RECEIPT: _as_receipt,
    ReceiptForm.TS_27560: _as_27560,
    ReceiptForm.KANTARA: _as_kantara,
    ReceiptForm.TLOG_PROOF: _as_tlog_proof,
    ReceiptForm.PDF: _as_pdf,
}
