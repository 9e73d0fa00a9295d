"""What the proof of a consent says, in the words of its language: drawn from the record, its receipt and the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso, to_second
from consentcore.consent.history import leaf_indexes, records_of
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.ledger.note import take_apart
from consentcore.policyset import Channel, PolicySet
from registry.documents.notice_text import blocks, set_in
from registry.documents.proof import ConsentProofData, HistoryLine, ShownText
from registry.documents.rendering import article_in_words
from registry.store_words import CODES
from registry.wording import BASES, Words, check_language, date_in_words, said, text_in

CHANNELS: Words = {
    Channel.EMAIL: ("par courriel", "by e-mail"),
    Channel.SMS: ("par SMS", "by text message"),
    Channel.PHONE: ("par téléphone", "by telephone"),
    Channel.POST: ("par courrier postal", "by post"),
    Channel.APP: ("dans l’application", "in the app"),
}
_UNPROVEN: Words = {ConsentState.UNKNOWN: ("repris sans preuve", "taken over without proof")}
_EVIDENCE: Words = {
    "actor": ("Faite par", "Made by"),
    "form_sha256": ("Empreinte SHA-256 du formulaire présenté", "SHA-256 of the form shown"),
}
_DETAILS: Words = {
    "button": ("Bouton pressé", "Button pressed"),
    "locale": ("Langue de la page", "Language of the page"),
    "page": ("Page", "Page"),
    "unticked": ("Laissé non coché", "Left unticked"),
    "version": ("Version du logiciel", "Version of the software"),
}
"""Names of details that this program or its examples use; others are shown as they were sent."""
_ACTORS: Words = {"data subject": ("la personne elle-même", "the person")}


def proof_data(
    session: Session,
    policy: PolicySet,
    record: ConsentRecord,
    receipt: Mapping[str, Any],
    vkey: str,
    lang: str,
    person: str = "",
) -> ConsentProofData:
    """Return what the sheet says of a proven record; `receipt` is the composed one, which was verified.

    Reads the person's other declarations about the matter; writes nothing. Raises: BadInput for an unknown language.
    """
    check_language(lang)
    zone = ZoneInfo(policy.controller.timezone)
    purpose = policy.purposes.get(record.purpose)
    history = _history(session, record, zone, lang)
    body, _ = take_apart(receipt["proof"]["checkpoint"])
    newest = history[-1]
    return ConsentProofData(
        record=str(record.id),
        subject=str(record.subject_ref),
        person=person,
        purpose=set_in(text_in(purpose.title, lang), lang) if purpose else record.purpose,
        basis=_basis(purpose.basis, purpose.basis.article, lang) if purpose else "",
        channel=said(CHANNELS, record.channel, lang),
        state=state_in_words(record.state, lang),
        method=said(CODES, record.method, lang),
        declared=moment_in_words(record.at, zone, lang),
        declared_utc=iso(to_second(record.at)),
        recorded=moment_in_words(record.recorded_at, zone, lang),
        valid_until=date_in_words(record.expires_at.astimezone(zone).date(), lang) if record.expires_at else "",
        text=_shown_text(record, policy, lang),
        policy_sha256=record.policy_sha256,
        leaf_index=receipt["proof"]["leaf_index"],
        tree_size=receipt["proof"]["tree_size"],
        hashes=len(receipt["proof"]["hashes"]),
        root=body.split("\n")[2],
        checkpoint=receipt["proof"]["checkpoint"],
        vkey=vkey,
        history=history,
        since="" if newest.is_this else f"{newest.state}, {'le' if lang == 'fr' else 'on'} {newest.declared}",
        certificate=_certificate(receipt),
        evidence=_evidence(receipt, lang),
    )


def state_in_words(state: str, lang: str) -> str:
    """Return what a declaration was: `consent withdrawn`."""
    return said(_UNPROVEN, state, lang) if state in _UNPROVEN else said(CODES, state, lang)


def moment_in_words(instant: datetime, zone: ZoneInfo, lang: str) -> str:
    """Write an instant as the clocks of a place showed it, with their distance from UTC: no one has to guess."""
    at = ensure_utc(instant).astimezone(zone)
    clock = f"{at.hour}\u00a0h\u00a0{at.minute:02d}" if lang == "fr" else f"{at.hour:02d}:{at.minute:02d}"
    offset = at.strftime("%z")
    beside = f"UTC{offset[0].replace('-', '−')}{int(offset[1:3])}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")
    return f"{date_in_words(at.date(), lang)} {'à' if lang == 'fr' else 'at'} {clock} ({beside})"


def _history(session: Session, record: ConsentRecord, zone: ZoneInfo, lang: str) -> tuple[HistoryLine, ...]:
    same = [
        one
        for one in records_of(session, record.subject_ref)
        if (one.purpose, one.channel) == (record.purpose, record.channel)
    ]
    leaves = leaf_indexes(session, [one.event_id for one in same])
    return tuple(
        HistoryLine(
            declared=moment_in_words(one.at, zone, lang),
            state=state_in_words(one.state, lang),
            method=said(CODES, one.method, lang),
            leaf_index=leaves.get(one.event_id),
            is_this=one.id == record.id,
        )
        for one in same
    )


def _basis(basis: str, article: str, lang: str) -> str:
    return f"{said(BASES, basis, lang)}, {article_in_words(article, lang)} {'du RGPD' if lang == 'fr' else 'GDPR'}"


def _shown_text(record: ConsentRecord, policy: PolicySet, lang: str) -> ShownText:
    found = policy.notices.get((record.notice_id, record.notice_version, record.notice_language))
    notice = found if found is not None and found.sha256 == record.notice_sha256 else None
    paragraphs = [
        ("item" if block.kind == "list" else block.kind, line)
        for block in (blocks(set_in(notice.text, notice.language)) if notice else ())
        for line in block.lines
    ]
    return ShownText(
        title=set_in(notice.title, notice.language) if notice else record.notice_id,
        version=record.notice_version,
        language=record.notice_language,
        language_name=str(Locale.parse(lang).languages.get(record.notice_language, record.notice_language)),
        sha256=record.notice_sha256,
        paragraphs=tuple(paragraphs),
    )


def _certificate(receipt: Mapping[str, Any]) -> str:
    """Return the number of the certificate in a verified receipt: the statement's third line names it."""
    return str(receipt["erased"]["statement"]).split("\n")[2] if "erased" in receipt else ""


def _evidence(receipt: Mapping[str, Any], lang: str) -> tuple[tuple[str, str], ...]:
    payload = receipt.get("content", {}).get("payload", {})
    told = [
        (said(_EVIDENCE, name, lang), said(_ACTORS, str(payload[name]), lang)) for name in _EVIDENCE if name in payload
    ]
    return (*told, *((said(_DETAILS, str(one["name"]), lang), str(one["text"])) for one in payload.get("details", ())))
