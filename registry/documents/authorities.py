"""Where a person complains: the supervisory authority of the controller's country (Art. 13(2)(d), 77)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authority:
    """A supervisory authority, with its postal address and its site."""

    name: str
    address: str
    site: str


AUTHORITIES: dict[str, Authority] = {
    "FR": Authority("CNIL", "3 place de Fontenoy, TSA 80715, 75334 Paris cedex 07", "cnil.fr"),
}


def authority_of(country: str) -> Authority | None:
    """Return the authority of a country, or None where its address is not kept here."""
    return AUTHORITIES.get(country)
