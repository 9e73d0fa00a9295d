"""What the events of the log are called on pages; what they say of anybody is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.shell.language import gettext as _
from web.shell.language import later

EVENT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "access.recorded": later("Staff looked at a person’s data in full"),
        "apikey.created": later("API key created"),
        "apikey.revoked": later("API key revoked"),
        "breach.opened": later("Data breach entered"),
        "certificate.issued": later("Certificate issued"),
        "consent.ended_by_erasure": later("Consent ended by an erasure"),
        "consent.expired": later("Consent expired"),
        "consent.given": later("Consent given"),
        "consent.invalidated": later("Consent found invalid"),
        "consent.rebound": later("Consents follow a changed address or number"),
        "consent.refused": later("Consent refused"),
        "consent.reminded": later("Person asked whether a consent still stands"),
        "consent.renewed": later("Consent renewed"),
        "consent.requested": later("Confirmation of a consent asked for"),
        "consent.unknown": later("Consent taken over without proof"),
        "consent.withdrawn": later("Consent withdrawn"),
        "disclosure.recorded": later("Data handed to a recipient"),
        "document.issued": later("Document issued"),
        "gate.left": later("Gate of a purpose left, with a reason"),
        "import.batch": later("Rows imported"),
        "key.destruction_requested": later("Destruction of a key ordered"),
        "keys.epoch_destroyed": later("Old epoch of the master key destroyed"),
        "keys.kek_rotated": later("Master key rotated"),
        "keys.rotation_batch": later("Rows brought under newer keys"),
        "keys.rotation_ended": later("Rotation of keys ended"),
        "keys.rotation_started": later("Rotation of keys begun"),
        "log.key_added": later("New key of the log in force"),
        "log.key_retired": later("Old key of the log retired"),
        "notice.shown": later("Notice shown to a person"),
        "objection.lifted": later("Objection ended"),
        "objection.recorded": later("Objection recorded"),
        "objection.signalled": later("Signal of a browser (GPC) received"),
        "package.handed_over": later("Package handed to the person"),
        "policies.applied": later("Policies put in force"),
        "recipient.told": later("Recipient told of a change"),
        "request.approved": later("Plan approved by a second person"),
        "request.assessed": later("Plan made"),
        "request.closed": later("Request closed"),
        "request.failed": later("Execution of a request failed"),
        "request.received": later("Request received"),
        "request.refused": later("Request refused"),
        "request.started": later("Execution of a request started"),
        "request.verified": later("Identity verified"),
        "restriction.lifted": later("Restriction lifted"),
        "restriction.placed": later("Restriction placed"),
        "retention.started": later("Retention run started by staff"),
        "retention.swept": later("Data deleted at the end of their term"),
        "staff.added": later("Staff account created"),
        "staff.disabled": later("Staff account closed"),
        "staff.password_changed": later("Password of staff changed"),
        "staff.sign_in_failed": later("Sign-in of staff failed"),
        "staff.signed_in": later("Staff signed in"),
        "subject.deceased": later("Person recorded as deceased"),
        "subject.deceased_mistaken": later("Record of a death taken back"),
        "subject.erased": later("Key of a person destroyed"),
        "subject.linked": later("References found to be one person"),
        "subject.unlinked": later("References found not to be one person"),
        "suppression.lifted": later("Entry of the opposition list lifted"),
        "suppression.opened": later("Entry of the opposition list made"),
    }
)


def event_in_words(kind: str) -> str:
    """Return what an event is called; one of a later version by its type."""
    words = EVENT_WORDS.get(kind)
    return kind if words is None else _(words)
