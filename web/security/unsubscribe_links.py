"""Links that unsubscribe in one click (RFC 8058): sealed, without expiry, stored nowhere.

A link says whom it is for, of which purpose and channel, and when it was made; nothing of it can be read or made
without the installation's shared key, and no table grows with the mails that are sent.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from consentcore.clock import ensure_utc
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.fields import register_document
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, DecryptionFailed, NotFound
from consentcore.identifiers import random_ref
from consentcore.policyset import Channel

FIELD = 643
SHARED_TABLE = 18
"""Number among those sealed under the shared key; there is no such table."""
MAX_CHARS = 300
PATH = "portal/{lang}/u/{token}"
POST_HEADER = "List-Unsubscribe=One-Click"
_NOBODY = bytes(16)
_REF = 16
_INSTANT = 8

register_document(
    FIELD, "unsubscribe_link.token", shared=SHARED_TABLE, stays="it stands in mails that were sent, and goes on working"
)


class BrokenLink(NotFound):
    """A link that nobody here made, or that was cut off on its way."""

    default_code = "broken_link"


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What a link stands for."""

    subject_ref: UUID
    purpose: str
    channel: Channel
    issued_at: datetime


def issue(keyring: Keyring, wanted: Unsubscription) -> str:
    """Return the token of a link, in characters that stand in a URL as they are."""
    row = random_ref()
    instant = int(ensure_utc(wanted.issued_at).timestamp()).to_bytes(_INSTANT)
    data = wanted.subject_ref.bytes + instant + f"{wanted.purpose}\0{wanted.channel.value}".encode()
    sealed = seal(keyring.shared_cipher(SHARED_TABLE), FIELD, row.bytes, _NOBODY, data)
    return base64.urlsafe_b64encode(row.bytes + sealed).rstrip(b"=").decode()


def read(keyring: Keyring, token: str) -> Unsubscription:
    """Open a token.

    Raises: BrokenLink, whatever is wrong with it.
    """
    try:
        if len(token) > MAX_CHARS:
            raise ValueError(token[:0])
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        row, sealed = raw[:_REF], raw[_REF:]
        data = open_sealed(keyring.shared_cipher(SHARED_TABLE, read_gen(sealed)), FIELD, row, _NOBODY, sealed)
        head, (purpose, channel) = data[: _REF + _INSTANT], data[_REF + _INSTANT :].decode().split("\0")
        issued_at = datetime.fromtimestamp(int.from_bytes(head[_REF:]), tz=UTC)
        return Unsubscription(UUID(bytes=head[:_REF]), purpose, Channel(channel), issued_at)
    except (binascii.Error, ValueError, BadInput, DecryptionFailed, NotFound):
        raise BrokenLink("this link leads nowhere: it was not made here, or a part of it is missing") from None


def address_of(base_url: str, lang: str, token: str) -> str:
    """Return the whole address of a link."""
    return f"{base_url.rstrip('/')}/{PATH.format(lang=lang, token=token)}"


def headers_of(address: str) -> dict[str, str]:
    """Return the two header lines that a mail with this link carries (RFC 8058, section 3.1)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": POST_HEADER}
