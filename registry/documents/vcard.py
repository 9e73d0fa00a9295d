"""A person's own contact details as vCard 4.0 (RFC 6350), for an address book."""

from __future__ import annotations

from typing import Any

import vobject  # type: ignore[import-untyped]

from registry.documents.model import PersonCard
from registry.documents.shown import shown


def vcard_bytes(card: PersonCard) -> bytes:
    """Write the card in UTF-8 with CRLF; nothing that is empty, nothing that breaks out of its line."""
    made = vobject.vCard()
    made.add("version").value = "4.0"
    given, family = shown(card.first_name), shown(card.last_name)
    made.add("n").value = vobject.vcard.Name(family=family, given=given)
    whole = " ".join(part for part in (given, family) if part)
    made.add("fn").value = whole or next((shown(one) for one in (*card.emails, *card.phones)), "-")
    for kind, value in _lines(card):
        made.add(kind).value = value
    if any((card.street, card.city, card.region, card.postal_code, card.country)):
        made.add("adr").value = vobject.vcard.Address(
            street=shown(card.street),
            city=shown(card.city),
            region=shown(card.region),
            code=shown(card.postal_code),
            country=shown(card.country),
        )
    return bytes(made.serialize().encode())


def _lines(card: PersonCard) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = [("email", shown(one)) for one in card.emails]
    lines += [("tel", shown(one)) for one in card.phones]
    if card.employer:
        lines.append(("org", [shown(card.employer)]))
    if card.job_title:
        lines.append(("title", shown(card.job_title)))
    if card.birth_date:
        lines.append(("bday", card.birth_date.strftime("%Y%m%d")))
    return lines
