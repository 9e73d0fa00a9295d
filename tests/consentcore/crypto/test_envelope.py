from __future__ import annotations

import os
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from consentcore.crypto.envelope import OVERHEAD, FieldCipher, looks_sealed, open_sealed, read_gen, seal
from consentcore.errors import BadInput, DecryptionFailed

KEY = os.urandom(32)
ROW, SUBJECT = os.urandom(16), os.urandom(16)
CIPHER = FieldCipher(1, AESGCM(KEY))
ids = st.binary(min_size=16, max_size=16)
fields = st.integers(1, 2**32 - 1)


@given(st.binary(max_size=300), fields, ids, ids, st.integers(1, 0xFFFF))
def test_what_was_sealed_opens_in_its_place(text: bytes, field: int, row: bytes, subject: bytes, gen: int) -> None:
    cipher = FieldCipher(gen, AESGCM(KEY))
    blob = seal(cipher, field, row, subject, text)
    assert len(blob) == len(text) + OVERHEAD
    assert looks_sealed(blob)
    assert read_gen(blob) == gen
    assert open_sealed(cipher, field, row, subject, blob) == text


@given(fields, fields, ids, ids, ids, ids, st.integers(1, 0xFFFF), st.integers(1, 0xFFFF))
def test_it_opens_in_no_other_place(
    field: int, field2: int, row: bytes, row2: bytes, subject: bytes, subject2: bytes, gen: int, gen2: int
) -> None:
    cipher, cipher2 = FieldCipher(gen, AESGCM(KEY)), FieldCipher(gen2, AESGCM(KEY))
    blob = seal(cipher, field, row, subject, b"text")
    moved = cipher2.header + blob[3:]
    for where in ((field2, row, subject), (field, row2, subject), (field, row, subject2), (field, subject, row)):
        if where != (field, row, subject):
            with pytest.raises(DecryptionFailed):
                open_sealed(cipher, *where, blob)
    if gen != gen2:
        for candidate in (blob, moved):
            with pytest.raises(DecryptionFailed):
                open_sealed(cipher2, field, row, subject, candidate)


def test_the_bytes_are_those_of_the_format() -> None:
    blob = seal(FieldCipher(0x0203, AESGCM(KEY)), 0x01020304, ROW, SUBJECT, b"text")
    aad = b"CRMF1" + b"\x01" + b"\x02\x03" + bytes(4) + b"\x01\x02\x03\x04" + ROW + SUBJECT
    assert blob[:3] == b"\x01\x02\x03"
    assert AESGCM(KEY).decrypt(blob[3:15], blob[15:], aad) == b"text"


def test_every_flipped_bit_is_refused() -> None:
    blob = seal(CIPHER, 7, ROW, SUBJECT, b"a short text")
    for bit in range(len(blob) * 8):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecryptionFailed):
            open_sealed(CIPHER, 7, ROW, SUBJECT, bytes(changed))


def test_every_truncation_and_any_noise_is_refused() -> None:
    blob = seal(CIPHER, 7, ROW, SUBJECT, b"a short text")
    for bad in [blob[:size] for size in range(len(blob))] + [blob + b"\0", b"", b"a short text", bytes(200)]:
        with pytest.raises(DecryptionFailed):
            open_sealed(CIPHER, 7, ROW, SUBJECT, bad)


@given(st.binary(max_size=100))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        open_sealed(CIPHER, 7, ROW, SUBJECT, b"\x01\x00\x01" + noise)
    if not looks_sealed(noise):
        with pytest.raises(DecryptionFailed):
            read_gen(noise)


def test_the_error_names_field_and_row_and_no_value() -> None:
    blob = seal(CIPHER, 7, ROW, SUBJECT, b"secret text")
    with pytest.raises(DecryptionFailed) as caught:
        open_sealed(CIPHER, 8, ROW, SUBJECT, blob)
    assert "field 8" in str(caught.value)
    assert str(UUID(bytes=ROW)) in str(caught.value)
    assert blob.hex() not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("row", "subject"), [(ROW[:15], SUBJECT + b"x"), (ROW, b""), (ROW + SUBJECT, b"")])
def test_widths_are_fixed(row: bytes, subject: bytes) -> None:
    with pytest.raises(BadInput):
        seal(CIPHER, 7, row, subject, b"")
    with pytest.raises(BadInput):
        open_sealed(CIPHER, 7, row, subject, bytes(40))


@pytest.mark.parametrize("number", [0, -1, 2**32])
def test_field_numbers_are_32_bits(number: int) -> None:
    with pytest.raises(BadInput):
        seal(CIPHER, number, ROW, SUBJECT, b"")


@pytest.mark.parametrize("gen", [0, 65_536])
def test_generations_are_16_bits(gen: int) -> None:
    with pytest.raises(BadInput):
        FieldCipher(gen, AESGCM(KEY))
