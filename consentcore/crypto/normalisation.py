"""How a value is written before it is hashed for the blind index; a change here is a new version."""

from __future__ import annotations

import unicodedata

import phonenumbers

NORMALISATION = 1
"""Version of these rules; rows hashed under other rules are not found, so a change needs a new index generation."""
_MOST_EMAIL = 320
_MOST_PHONE = 64


def normalise_email(text: str) -> str | None:
    """Return an e-mail address as the index knows it (NFKC, stripped, case-folded), or None where it is none."""
    if len(text) > 2 * _MOST_EMAIL:
        return None
    if text.isascii():  # NFKC changes nothing there
        folded = text.strip().lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())
    local, _, domain = folded.rpartition("@")
    if not local or not domain or len(folded) > _MOST_EMAIL or len(folded.split()) != 1:
        return None
    return folded


def normalise_phone(text: str, region: str) -> str | None:
    """Return a phone number in E.164, read with a default region such as `FR`, or None where it is not a valid one."""
    if len(text) > _MOST_PHONE:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
