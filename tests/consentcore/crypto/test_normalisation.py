from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.crypto.normalisation import normalise_email, normalise_phone


@pytest.mark.parametrize(
    ("given_text", "normalised"),
    [
        (" Stanisław.WÓJCIK@WP.pl\t", "stanisław.wójcik@wp.pl"),
        ("STANISŁAW.WO\u0301JCIK@wp.pl", "stanisław.wójcik@wp.pl"),
        ("ａ@example.org", "a@example.org"),
        ("Straße@example.org", "strasse@example.org"),
        ("\u00a0a@example.org\u3000", "a@example.org"),
        ("a@b@c", "a@b@c"),
    ],
)
def test_equal_addresses_are_written_alike(given_text: str, normalised: str) -> None:
    assert normalise_email(given_text) == normalised


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "nobody", "a b@c.d", "a@b\nc", "a" * 400 + "@b.c", "x@" * 10**6])
def test_what_is_no_address_has_no_form(text: str) -> None:
    assert normalise_email(text) is None


@given(st.text(max_size=60) | st.emails() | st.text(alphabet="aÀß\u0130\u0345\u1fb3ﬁ@ .\u00a0", max_size=12))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise_email(text)
    assert once is None or normalise_email(once) == once


@pytest.mark.parametrize(
    ("text", "region", "normalised"),
    [
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("+33 (0)1 23 45 67 89", "DE", "+33123456789"),
        ("(030) 901820", "DE", "+4930901820"),
        ("+420 2 4172 5555", "FR", "+420241725555"),
    ],
)
def test_phones_are_written_in_e164(text: str, region: str, normalised: str) -> None:
    assert normalise_phone(text, region) == normalised


@pytest.mark.parametrize("text", ["", "12", "call me", "0" * 10**6, "+999 1234567", "٠" * 70])
def test_what_is_no_phone_has_no_form(text: str) -> None:
    assert normalise_phone(text, "FR") is None


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    found = normalise_phone(text, "FR")
    assert found is None or found.startswith("+")
