"""Links that confirm or renew a consent: sealed, for one answer to one question, until an instant (R-7-8).

A link names a record, and so can be used once: its answer makes another record. Opened by a mail scanner it does
nothing, for a page asks first. Nothing of it can be read or made without the installation's shared key; opening it is
authenticated decryption, which tells a forger nothing by its time, and no table grows with the mails that are sent.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from consentcore.clock import ensure_utc
from consentcore.consent.doubleoptin import Pending
from consentcore.consent.tables import ConsentState
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.fields import register_document
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, DecryptionFailed, NotFound
from consentcore.identifiers import random_ref
from consentcore.policyset import Channel
from web.security.unsubscribe_links import MAX_CHARS, SHARED_TABLE, BrokenLink

FIELD = 644
CONFIRMED_WITHIN = timedelta(days=7)
"""How long a confirmation is awaited; a link that is found in an old mail box later does nothing."""
RENEWED_WITHIN = timedelta(days=30)
"""How long a reminder's link renews, and never beyond the end of the consent that it is about."""
ANSWERS = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
PATH = "portal/{lang}/c/{token}"
_NOBODY = bytes(16)
_REF = 16
_INSTANT = 8
_HEAD = 2 * _REF + _INSTANT

register_document(
    FIELD, "consent_link.token", shared=SHARED_TABLE, stays="it stands in mails that were sent, until it expires"
)


@dataclass(frozen=True, slots=True)
class ConsentLink:
    """What a link stands for: the record that it answers, the one answer that it can give, and until when."""

    pending: Pending
    answer: ConsentState
    expires_at: datetime


def issue(keyring: Keyring, wanted: ConsentLink) -> str:
    """Return the token of a link, in characters that stand in a URL as they are; the expiry is kept to the second."""
    row, about = random_ref(), wanted.pending
    instant = int(ensure_utc(wanted.expires_at).timestamp()).to_bytes(_INSTANT)
    words = f"{wanted.answer.value}\0{about.purpose}\0{about.channel.value}".encode()
    data = about.subject_ref.bytes + about.record_id.bytes + instant + words
    sealed = seal(keyring.shared_cipher(SHARED_TABLE), FIELD, row.bytes, _NOBODY, data)
    return base64.urlsafe_b64encode(row.bytes + sealed).rstrip(b"=").decode()


def read(keyring: Keyring, token: str, now: datetime) -> ConsentLink:
    """Open a token.

    Raises: BrokenLink, whatever is wrong with it, its age included.
    """
    try:
        if len(token) > MAX_CHARS:
            raise ValueError(token[:0])
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        row, sealed = raw[:_REF], raw[_REF:]
        data = open_sealed(keyring.shared_cipher(SHARED_TABLE, read_gen(sealed)), FIELD, row, _NOBODY, sealed)
        answer, purpose, channel = data[_HEAD:].decode().split("\0")
        expires_at = datetime.fromtimestamp(int.from_bytes(data[2 * _REF : _HEAD]), tz=UTC)
        about = Pending(UUID(bytes=data[_REF : 2 * _REF]), UUID(bytes=data[:_REF]), purpose, Channel(channel))
        link = ConsentLink(about, ConsentState(answer), expires_at)
    except (binascii.Error, ValueError, BadInput, DecryptionFailed, NotFound):
        raise _broken() from None
    if link.expires_at <= now or link.answer not in ANSWERS:
        raise _broken()
    return link


def token_sha256(token: str) -> str:
    """Return what the evidence keeps of a token: nobody can use it again, and the mail proves that it was the one."""
    return sha256(token.encode()).hexdigest()


def address_of(base_url: str, lang: str, token: str) -> str:
    """Return the whole address of a link."""
    return f"{base_url.rstrip('/')}/{PATH.format(lang=lang, token=token)}"


def _broken() -> BrokenLink:
    return BrokenLink("this link can no longer be used: it was used, it expired, or it was not made here")
