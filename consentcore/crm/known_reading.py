"""How a contact point was read when it was indexed: found again by trying, since its region is stored nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from phonenumbers import SUPPORTED_REGIONS

from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, PointKind
from consentcore.crypto.blindindex import digest, normalise_email, normalise_phone
from consentcore.crypto.keyring import Keyring

Held = Collection[tuple[int, bytes]]
"""Under which generations and values of the blind index a point is known."""


def index_of(kind: str) -> int:
    """Return the field number under which points of a kind are indexed."""
    return EMAIL_INDEX if kind == PointKind.EMAIL.value else PHONE_INDEX


def known_reading(keyring: Keyring, kind: str, text: str, held: Held, regions: Sequence[str]) -> str | None:
    """Return the normalised form of a point that the index knows it by, or None where it knows no such reading.

    A number without its country's prefix is read in `regions` (such as the controller's country), then in every other.
    """
    number = index_of(kind)
    live = [one for one in held if one[0] in keyring.index_generations()]
    if not live:
        return None
    if number == EMAIL_INDEX:
        readings = iter([normalise_email(text)])
    else:
        readings = (normalise_phone(text, region) for region in (*regions, *sorted(SUPPORTED_REGIONS)))
    tried: set[str] = set()
    for normalised in readings:
        if normalised is not None and normalised not in tried:
            tried.add(normalised)
            if any(digest(keyring, number, normalised, gen) == (gen, bidx) for gen, bidx in live):
                return normalised
    return None
