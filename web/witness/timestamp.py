"""Time-stamp tokens (RFC 3161) over checkpoints: asking for one, and checking one against known certificates.

The only file that names `rfc3161_client` (docs/decisions/0014). A token says: an authority saw these very bytes no
later than this instant. It is kept as the whole response, DER, so that `openssl ts -verify` reads it too.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from consentcore.errors import ConfigurationError, LedgerTampered
from web.witness.post import NoAnswer, post

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
MAX_TOKEN = 32 * 1024
MOST_SKEW = timedelta(minutes=10)
"""How far the clock of an authority may be from ours when a token is taken."""
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was checked, with the instant that it vouches for."""

    response: bytes
    at: datetime


def read_authorities(path: Path) -> tuple[x509.Certificate, ...]:
    """Read the certificates that tokens must lead to, from a PEM file.

    Raises: ConfigurationError when there are none, or the file cannot be read.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        raise ConfigurationError(
            "CONSENTCORE_TSA_CA cannot be read as PEM certificates; name a file with those of the authority"
        ) from None


def take(url: str, body: bytes, authorities: Sequence[x509.Certificate], now: datetime) -> Token:
    """Ask an authority for a token over a checkpoint's text, and check it.

    Raises: NoAnswer when it gives none; LedgerTampered when what it gives does not hold.
    """
    asked = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = post(url, asked.as_bytes(), QUERY, most=MAX_TOKEN)
    if answer.status != 200:
        raise NoAnswer(f"answered with status {answer.status}")
    if answer.kind != REPLY:
        raise NoAnswer("answered with something else than a time stamp")
    token = check(answer.body, body, authorities, nonce=asked.nonce)
    if abs(token.at - now) > MOST_SKEW:
        raise NoAnswer("its clock and ours are more than ten minutes apart")
    return token


def check(response: bytes, body: bytes, authorities: Sequence[x509.Certificate], *, nonce: int | None = None) -> Token:
    """Check that a token is over these very bytes and leads to one of these certificates.

    The certificates need to have been valid when the token was made, not now.
    Raises: LedgerTampered.
    """
    read = _decode(response)
    _check_imprint(read, body)
    if nonce is not None and read.tst_info.nonce != nonce:
        raise LedgerTampered("the time stamp answers another question: its nonce differs")
    builder = VerifierBuilder(roots=list(authorities))
    try:
        builder.build().verify(read, sha256(body).digest())
    except (VerificationError, ValueError) as found:
        raise LedgerTampered(f"the time stamp does not hold: {found}") from None
    return Token(response, _instant(read))


def check_unsigned(response: bytes, body: bytes) -> Token:
    """Check only that a token is over these very bytes; whose word it is stays open.

    Raises: LedgerTampered.
    """
    read = _decode(response)
    _check_imprint(read, body)
    return Token(response, _instant(read))


def _decode(response: bytes) -> TimeStampResponse:
    if len(response) > MAX_TOKEN:
        raise LedgerTampered(f"a time stamp may have {MAX_TOKEN} bytes, this has {len(response)}")
    try:
        read = decode_timestamp_response(response)
        _ = read.tst_info.gen_time
    except ValueError:
        raise LedgerTampered("this is no granted time stamp (RFC 3161)") from None
    return read


def _check_imprint(read: TimeStampResponse, body: bytes) -> None:
    imprint = read.tst_info.message_imprint
    if imprint.hash_algorithm != _SHA256 or not hmac.compare_digest(imprint.message, sha256(body).digest()):
        raise LedgerTampered("the time stamp is of another text than this checkpoint")


def _instant(read: TimeStampResponse) -> datetime:
    at = read.tst_info.gen_time
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
