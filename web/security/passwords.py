"""Passwords of staff: argon2id, one rule for what is acceptable, the same work for known and unknown accounts."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from consentcore.errors import BadInput

LEAST = 12
MOST = 128
_MADE_CHARS = 20
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory: 64 MiB, three passes


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))


def make() -> str:
    """Return a new random password of 100 bits, in groups that can be read aloud."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_MADE_CHARS)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, _MADE_CHARS, 5))


def hashed(password: str, address: str) -> str:
    """Return the argon2id hash of an acceptable password; `address` may not be a part of it (ASVS 6.2).

    Raises: BadInput naming the rule that it breaks.
    """
    if not LEAST <= len(password) <= MOST:
        raise BadInput(f"a password has {LEAST} to {MOST} characters", code="password_length")
    if len(set(password)) < 5:
        raise BadInput("a password has at least five different characters", code="password_simple")
    if address.partition("@")[0].casefold() in password.casefold():
        raise BadInput("a password does not hold the address it is for", code="password_address")
    return _hasher().hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Tell whether a password is the stored one; None stands for an unknown account and takes as long."""
    if len(password) > MOST:
        password = ""
    try:
        return _hasher().verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
