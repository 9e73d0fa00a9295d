"""Which outside witnesses the settings name, read strictly; what would prove nothing is refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email

from consentcore.errors import BadInput, ConfigurationError
from consentcore.ledger.cosigning import parse_witness_key
from web.witness.client import Witness

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_WITNESSES = 15
"""A signed note may carry sixteen signatures, and one is the log's own."""


def time_stamping(url: str, ca: str) -> tuple[str | None, Path | None]:
    """Read the address of a time-stamping authority and the file of its certificates.

    Plain `http` is taken: a token is signed, and what is sent is a hash.
    Raises: ConfigurationError for an address that cannot be used, or one without certificates to check it by.
    """
    if url:
        _address("CONSENTCORE_TSA", url, "http://tsa.example/tsr")
        if not ca:
            raise ConfigurationError(
                "CONSENTCORE_TSA needs CONSENTCORE_TSA_CA, a PEM file with the authority's certificates: "
                "a token that nobody can check proves nothing"
            )
    return url or None, Path(ca) if ca else None


def witnesses(text: str) -> tuple[Witness, ...]:
    """Read the witnesses: lines of public key and address.

    Raises: ConfigurationError when a line is something else, or a key stands twice.
    """
    found = tuple(_witness(line.split()) for line in text.splitlines() if line.strip())
    if len({one.key.public for one in found}) != len(found):
        raise ConfigurationError("CONSENTCORE_WITNESSES names a key twice: it would count as two witnesses")
    if len(found) > MOST_WITNESSES:
        raise ConfigurationError(f"CONSENTCORE_WITNESSES may name {MOST_WITNESSES} witnesses")
    return found


def _witness(words: list[str]) -> Witness:
    if len(words) != 2:
        raise ConfigurationError("CONSENTCORE_WITNESSES has one witness a line: its public key, a space, its address")
    try:
        key = parse_witness_key(words[0])
    except BadInput as cause:
        raise ConfigurationError(f"CONSENTCORE_WITNESSES: {cause}; `consentcore witness vkey` prints one") from None
    parts = _address("CONSENTCORE_WITNESSES", words[1], "https://witness.example")
    if parts.query:
        raise ConfigurationError("CONSENTCORE_WITNESSES: an address of a witness has no question mark")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(
            "CONSENTCORE_WITNESSES: an address of a witness begins with https:// unless it is on this machine; "
            "how the log grows is nobody else's business"
        )
    return Witness(key, words[1])


def checkpoint_mail(text: str) -> str | None:
    """Read the address that the newest checkpoint is mailed to.

    Raises: ConfigurationError.
    """
    if not text:
        return None
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise ConfigurationError("CONSENTCORE_CHECKPOINT_MAIL is no e-mail address") from None
    return text


def _address(setting: str, url: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{setting} holds no address; write it such as {example}") from None
    printable = all("!" <= sign <= "~" for sign in url)
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment or not printable:
        raise ConfigurationError(f"{setting} holds no address that can be used; write it such as {example}")
    return parts
