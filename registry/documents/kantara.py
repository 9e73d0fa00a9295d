"""A consent as Kantara Consent Receipt 1.1 (KI-CR-v1.1.0), unsigned: the log proves it, no signature of this file."""

from __future__ import annotations

from typing import Any

from consentcore.clock import iso, to_second
from consentcore.consent.fields import Party, PartyRole, RegulatoryFields
from consentcore.consent.tables import PERMITTING
from consentcore.errors import Conflict
from registry.documents.dpv import SPECIAL
from registry.documents.jsonld import Links
from registry.store_words import CODES
from registry.wording import CATEGORIES, said, text_in

VERSION = "KI-CR-v1.1.0"


def kantara_receipt(fields: RegulatoryFields, links: Links, vkey: str) -> dict[str, Any]:
    """Compose the receipt in the language of the notice that was read; `vkey` is the public key of the log.

    Raises: Conflict where the declaration is no yes: this format knows of nothing else, and would turn it into one.
    """
    event = fields.proven
    if event.state not in PERMITTING:
        raise Conflict(
            f"record {event.record_id} is {event.state.value}: Kantara's receipt can only say that consent was given; "
            "take the receipt, or the one shaped by TS 27560",
            article="7(1)",
        )
    lang = event.notice_language
    special = sorted(SPECIAL[one].partition(":")[2] for one in fields.purpose.special_categories)
    return {
        "version": VERSION,
        "jurisdiction": fields.controller.country,
        "consentTimestamp": int(to_second(event.at).timestamp()),
        "collectionMethod": said(CODES, event.method, lang),
        "consentReceiptID": str(event.event_id),
        "publicKey": vkey,
        "language": lang,
        "piiPrincipalId": str(fields.subject_ref),
        "piiControllers": [_controller(fields, lang)],
        "policyUrl": links.of_notice(event),
        "services": [{"service": text_in(fields.controller.names, lang), "purposes": [_purpose(fields, lang)]}],
        "sensitive": bool(special),
        "spiCat": special,
    }


def _controller(fields: RegulatoryFields, lang: str) -> dict[str, Any]:
    controller = fields.controller
    return {
        "piiController": text_in(controller.names, lang),
        "onBehalf": False,
        "contact": fields.data_protection_officer,
        "address": {"streetAddress": controller.address or "", "addressCountry": controller.country},
        "email": controller.email or fields.data_protection_officer,
        "phone": controller.phone or "",
    }


def _purpose(fields: RegulatoryFields, lang: str) -> dict[str, Any]:
    others = _third_parties(fields)
    categories = dict.fromkeys(said(CATEGORIES, one, lang) for used in fields.data for one in used.categories)
    made = {
        "purpose": text_in(fields.purpose.title, lang),
        "purposeCategory": ["Marketing" if fields.purpose.is_marketing else "Core Function"],
        "consentType": "EXPLICIT",
        "piiCategory": list(categories),
        "primaryPurpose": True,
        "termination": _termination(fields, lang),
        "thirdPartyDisclosure": bool(others),
    }
    return made | ({"thirdPartyName": ", ".join(text_in(one.names, lang) for one in others)} if others else {})


def _third_parties(fields: RegulatoryFields) -> list[Party]:
    """Return those who receive the data for themselves; a processor acts for the controller (Art. 4(8), 4(10))."""
    return [one for one in fields.recipients if one.role is not PartyRole.PROCESSOR]


def _termination(fields: RegulatoryFields, lang: str) -> str:
    ends = fields.proven.expires_at
    if lang == "fr":
        return "Retrait du consentement" + (f", ou au plus tard le {iso(ends)}" if ends else "")
    return "Withdrawal of the consent" + (f", or at the latest on {iso(ends)}" if ends else "")
