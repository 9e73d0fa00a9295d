"""The parties of a consent record: who they are, in which role, and where they are reached (TS 27560, party fields)."""

from __future__ import annotations

from consentcore.consent.fields import Party, RegulatoryFields
from registry.documents.authorities import authority_of
from registry.documents.dpv import PARTIES
from registry.documents.jsonld_values import Node, texts

AUTHORITY = "supervisory-authority"
_THROUGH = "through the controller"


def entities(fields: RegulatoryFields, root: str) -> list[Node]:
    """Return the controller, everyone who receives the data, and the supervisory authority.

    Of a recipient the policies name the country alone: its address is that, and where they give no e-mail address it
    is reached through the controller's data protection officer.
    """
    everyone = (fields.controller, *fields.recipients)
    return [*(_entity(one, fields, root) for one in everyone), _authority(fields, root)]


def _entity(party: Party, fields: RegulatoryFields, root: str) -> Node:
    address: Node = {"@type": "schema:PostalAddress", "schema:addressCountry": party.country}
    if party.address:
        address["schema:streetAddress"] = party.address
    contacts = [_contact(party.email, None) if party.email else _contact(fields.data_protection_officer, _THROUGH)]
    if party.phone:
        contacts[0]["schema:telephone"] = party.phone
    if party is fields.controller:
        contacts.append(_contact(fields.data_protection_officer, "data protection officer"))
    return {
        "@id": f"{root}#{party.id}",
        "@type": PARTIES[party.role],
        "dpv:hasIdentifier": party.id,
        "dpv:hasName": texts(party.names),
        "schema:address": address,
        "schema:contactPoint": contacts,
    }


def _contact(email: str, kind: str | None) -> Node:
    point: Node = {"@type": "schema:ContactPoint", "schema:email": email}
    return point | ({"schema:contactType": kind} if kind else {})


def _authority(fields: RegulatoryFields, root: str) -> Node:
    country = fields.controller.country
    known = authority_of(country)
    address: Node = {"@type": "schema:PostalAddress", "schema:addressCountry": country}
    if known is None:  # the name in that country's own language is not kept here
        name, point = f"Data protection authority ({country})", _contact(fields.data_protection_officer, _THROUGH)
    else:
        name, point = known.name, {"@type": "schema:ContactPoint", "schema:url": f"https://{known.site}"}
        address["schema:streetAddress"] = known.address
    return {
        "@id": f"{root}#{AUTHORITY}",
        "@type": "dpv:DataProtectionAuthority",
        "dpv:hasIdentifier": AUTHORITY,
        "dpv:hasName": [name],
        "schema:address": address,
        "schema:contactPoint": [point],
    }
