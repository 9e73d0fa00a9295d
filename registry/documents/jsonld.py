"""A consent record and its receipt as JSON-LD with terms of DPV, shaped by ISO/IEC TS 27560 (profiles of the DPVCG).

Neither holds a name or an address of the person: the pseudonym stands for her, as the guide recommends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consentcore.clock import to_second
from consentcore.consent.fields import ConsentEvent, PartyRole, RegulatoryFields
from consentcore.consent.tables import PERMITTING
from registry.documents.dpv import CONTEXT, RECEIPT_PROFILE, RECORD_PROFILE, STATES
from registry.documents.jsonld_parties import entities
from registry.documents.jsonld_process import process
from registry.documents.jsonld_values import Node, instant


@dataclass(frozen=True, slots=True)
class Links:
    """Where a person finds the notices and acts: addresses of the portal."""

    notice: str
    """With `{id}`, `{version}` and `{language}` to be put in."""
    withdraw: str
    rights: str

    def of_notice(self, event: ConsentEvent) -> str:
        """Return where the notice of a declaration can be read."""
        return self.notice.format(id=event.notice_id, version=event.notice_version, language=event.notice_language)


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the log proves the declaration."""

    origin: str
    leaf_index: int
    checkpoint: str


def receipt_27560(fields: RegulatoryFields, place: LogPlace, links: Links, now: datetime) -> Node:
    """Compose the receipt: identifier, time of making, and the record whole (profile `receipt-eu-gdpr`)."""
    receipt_id = str(fields.proven.event_id)
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:uuid:{receipt_id}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": {"@id": RECEIPT_PROFILE},
        "dct:identifier": receipt_id,
        "dpv:hasIdentifier": receipt_id,
        "dct:created": instant(to_second(now)),
        "dpv:hasRecordOfActivity": [_record(fields, place, links)],
    }


def record_27560(fields: RegulatoryFields, place: LogPlace, links: Links) -> Node:
    """Compose the record alone (profile `record-eu-gdpr`)."""
    return {"@context": dict(CONTEXT), **_record(fields, place, links)}


def _record(fields: RegulatoryFields, place: LogPlace, links: Links) -> Node:
    record_id = str(fields.proven.record_id)
    root = f"urn:uuid:{record_id}"
    wordings = {links.of_notice(event): event for event in fields.events}
    return {
        "@id": root,
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": RECORD_PROFILE},
        "dct:identifier": record_id,
        "dpv:hasIdentifier": record_id,
        "dct:created": instant(fields.proven.recorded_at),
        "dpv:hasDataSubject": {
            "@id": f"urn:uuid:{fields.subject_ref}",
            "@type": "dpv:DataSubject",
            "dct:identifier": str(fields.subject_ref),
        },
        "dpv:hasNotice": [_notice(url, event) for url, event in wordings.items()],
        "dct:language": sorted({event.notice_language for event in fields.events}),
        "dpv:hasProcess": process(fields, root, links.withdraw, links.rights),
        "dpv:hasEntity": entities(fields, root),
        "dpv:hasConsentStatus": [_event(event, fields, root, links) for event in fields.events],
        "dct:source": {
            "@id": f"urn:uuid:{fields.proven.event_id}",
            "dct:identifier": str(place.leaf_index),
            "dct:isPartOf": place.origin,
            "dct:description": place.checkpoint,
        },
    }


def _notice(url: str, event: ConsentEvent) -> Node:
    return {
        "@id": url,
        "@type": "dpv:ConsentNotice",
        "dct:identifier": f"{event.notice_id}@{event.notice_version}/{event.notice_language}",
        "dct:language": event.notice_language,
        "schema:sha256": event.notice_sha256,
    }


def _event(event: ConsentEvent, fields: RegulatoryFields, root: str, links: Links) -> Node:
    by = f"urn:uuid:{fields.subject_ref}" if event.by_person else f"{root}#{PartyRole.CONTROLLER}"
    return {
        "@id": f"urn:uuid:{event.event_id}",
        "@type": STATES[event.state],
        "dct:identifier": str(event.record_id),
        "dpv:isIndicatedAtTime": instant(event.at),
        "dpv:isIndicatedBy": {"@id": by},
        "dpv:hasIndicationMethod": event.method,
        "dpv:hasLegalBasis": {"@id": "eu-gdpr:A9-2-a" if event.explicit else "eu-gdpr:A6-1-a"},
        "dpv:hasDuration": _duration(event),
        "dpv:hasNotice": {"@id": links.of_notice(event)},
    }


def _duration(event: ConsentEvent) -> Node:
    if event.expires_at is not None:
        return {"@type": "dpv:UntilTimeDuration", "rdf:value": instant(event.expires_at)}
    ends = "withdrawal of the consent" if event.state in PERMITTING else "a new declaration of the person"
    return {"@type": "dpv:UntilEventDuration", "rdf:value": ends}
