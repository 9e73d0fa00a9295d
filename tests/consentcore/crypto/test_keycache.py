from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keycache import KeyCache

CIPHER = FieldCipher(1, AESGCM(bytes(32)))


def names(count: int) -> list[bytes]:
    return [number.to_bytes(17, "big") for number in range(count)]


def test_it_is_bounded_and_keeps_what_was_used_last() -> None:
    cache = KeyCache(100)
    cache.see(0)
    for name in names(1_000):
        cache.put(0, {name: CIPHER})
        cache.get(names(1)[0])
    assert len(cache) <= 100
    assert cache.get(names(1)[0]) is CIPHER
    assert cache.get(names(500)[-1]) is None
    assert cache.get(names(1_000)[-1]) is CIPHER


def test_a_big_batch_does_not_break_the_bound() -> None:
    cache = KeyCache(100)
    cache.see(0)
    cache.put(0, dict.fromkeys(names(5_000), CIPHER))
    assert len(cache) <= 100


def test_a_new_version_drops_everything() -> None:
    cache = KeyCache(100)
    cache.see(0)
    cache.put(0, {b"a": CIPHER})
    cache.see(1)
    assert cache.get(b"a") is None


def test_keys_read_before_a_destruction_are_not_kept_after_it() -> None:
    cache = KeyCache(100)
    cache.see(0)  # a reader begins
    cache.see(1)  # meanwhile a key is destroyed
    cache.see(0)
    cache.put(0, {b"a": CIPHER})
    assert cache.get(b"a") is None
