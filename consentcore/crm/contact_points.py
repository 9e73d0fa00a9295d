"""Reading what people write as e-mail addresses and telephone numbers, and telling why one cannot be used."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import PointDraft
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.errors import BadInput

MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3: what fits in a path
MAX_PHONE = 254


class InvalidContactPoint(BadInput):
    """The text is no e-mail address, or too long to be a contact point."""

    default_code = "invalid_contact_point"


def email_point(text: str) -> PointDraft:
    """Check an e-mail address (RFC 5321, internationalised ones by RFC 6531) and keep it as the person wrote it.

    Raises: InvalidContactPoint, without the address in the message.
    """
    value = text.strip()
    if len(value) > MAX_EMAIL:
        raise InvalidContactPoint(f"an e-mail address has {len(value)} characters; at most {MAX_EMAIL} can be used")
    try:
        validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise InvalidContactPoint("this is not an e-mail address (RFC 5321)") from None
    return PointDraft(PointKind.EMAIL, value, normalise_email(value))


def phone_point(kind: PointKind, text: str, region: str) -> PointDraft:
    """Keep a telephone number as written; one that cannot be read as a number in `region` stays unindexed.

    Raises: InvalidContactPoint only where it is far too long to be one.
    """
    value = text.strip()
    if len(value) > MAX_PHONE:
        raise InvalidContactPoint(f"a telephone number has {len(value)} characters; at most {MAX_PHONE} are kept")
    return PointDraft(kind, value, normalise_phone(value, region))
