"""From wrapped keys to ciphers: the binding of a wrapping, and what is derived from the key inside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.derivation import expand
from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keyclasses import NUMBERS, KeyClass
from consentcore.crypto.keystore import WrappedKey
from consentcore.crypto.local_kek import UnwrapFailed
from consentcore.crypto.nonces import nonce
from consentcore.crypto.providers import KekProvider
from consentcore.errors import DecryptionFailed

_FIELD_INFO = b"consentcore field 1"
_COMMIT_INFO = b"consentcore commit 1"
_CARRY_INFO = b"consentcore carry 1"
_ROOT = 32
_NONCE = 12
_TAILS = {key_class: bytes((number,)) for key_class, number in NUMBERS.items()}
_ROOT_TAIL = b"\xf0"


def cache_key(subject: bytes, key_class: KeyClass) -> bytes:
    """Return what the cache knows one key by: subject and class, 17 bytes."""
    return subject + _TAILS[key_class]


def subject_aad(subject: bytes, key_class: KeyClass, gen: int) -> bytes:
    """Return what the wrapping of a subject's key is bound to: subject | class | u16 generation (epoch follows)."""
    return subject + _TAILS[key_class] + gen.to_bytes(2, "big")


def root_aad(name: str, gen: int) -> bytes:
    """Return what the wrapping of an installation's key is bound to; no subject's class has its number."""
    return name.encode().ljust(16, b"\0") + _ROOT_TAIL + gen.to_bytes(2, "big")


def new_keys(provider: KekProvider, epoch: int, wanted: Sequence[tuple[bytes, KeyClass]]) -> list[WrappedKey]:
    """Draw a first-generation key for each (subject, class) and wrap it under an epoch."""
    return next_keys(provider, epoch, [(subject, key_class, 1, ()) for subject, key_class in wanted])


def next_keys(
    provider: KekProvider, epoch: int, wanted: Sequence[tuple[bytes, KeyClass, int, tuple[bytes, ...]]]
) -> list[WrappedKey]:
    """Draw a key for each (subject, class, generation, commitment keys to carry) and wrap it under an epoch.

    What is carried is sealed under the new key: it opens as long as that one, and goes with it.
    """
    drawn = os.urandom(32 * len(wanted))
    deks = [drawn[at : at + 32] for at in range(0, len(drawn), 32)]
    aads = [subject_aad(subject, key_class, gen) for subject, key_class, gen, _ in wanted]
    blobs = provider.wrap_many(list(zip(deks, aads, strict=True)), epoch)
    return [
        WrappedKey(subject, key_class.value, gen, epoch, blob, _carry(dek, aad, roots) if roots else None)
        for (subject, key_class, gen, roots), dek, aad, blob in zip(wanted, deks, aads, blobs, strict=True)
    ]


def _carry(dek: bytes, aad: bytes, roots: tuple[bytes, ...]) -> bytes:
    fresh = nonce()
    return fresh + AESGCM(expand(dek, _CARRY_INFO)).encrypt(fresh, b"".join(roots), aad)


def _carried(dek: bytes, key: WrappedKey, key_class: KeyClass) -> tuple[bytes, ...]:
    if key.carried is None:
        return ()
    aad = subject_aad(key.subject_ref, key_class, key.gen)
    try:
        packed = AESGCM(expand(dek, _CARRY_INFO)).decrypt(key.carried[:_NONCE], key.carried[_NONCE:], aad)
    except (InvalidTag, ValueError):
        raise DecryptionFailed(
            f"the commitment keys that generation {key.gen} of the {key.key_class} key of subject "
            f"{UUID(bytes=key.subject_ref)} carries do not open: they were changed, or are another key's"
        ) from None
    return tuple(packed[at : at + _ROOT] for at in range(0, len(packed), _ROOT))


def unwrap_ciphers(provider: KekProvider, keys: Sequence[WrappedKey], key_class: KeyClass) -> dict[bytes, FieldCipher]:
    """Unwrap keys of one class and derive their ciphers; the newest generation of each leads.

    Returns: cipher by cache key. Raises: DecryptionFailed naming subject and class of a key that does not open.
    """
    tail = _TAILS[key_class]
    items = [(key.kek_epoch, key.wrapped, key.subject_ref + tail + key.gen.to_bytes(2, "big")) for key in keys]
    try:
        deks = provider.unwrap_many(items)
    except UnwrapFailed as error:
        raise unopenable(keys[error.position], error) from None
    committing = key_class is KeyClass.EVIDENCE
    found: dict[bytes, FieldCipher] = {}
    for key, dek in zip(keys, deks, strict=True):
        roots = (expand(dek, _COMMIT_INFO), *_carried(dek, key, key_class)) if committing else ()
        cipher = FieldCipher(key.gen, AESGCM(expand(dek, _FIELD_INFO)), roots)
        name = key.subject_ref + tail
        if name in found:
            cipher = _stack(found[name], cipher)
        found[name] = cipher
    return found


def _stack(one: FieldCipher, other: FieldCipher) -> FieldCipher:
    newest, older = (one, other) if one.gen > other.gen else (other, one)
    newest.older = {**(newest.older or {}), **(older.older or {}), older.gen: older}
    older.older = None
    return newest


def unopenable(key: WrappedKey, error: UnwrapFailed) -> DecryptionFailed:
    """Build the error for a key that does not open; it names subject and class."""
    return DecryptionFailed(f"the {key.key_class} key of subject {UUID(bytes=key.subject_ref)} does not open: {error}")
