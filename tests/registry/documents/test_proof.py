"""The proof of a consent says what was declared, where it stands in the log, and how anyone verifies it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from registry.documents.proof import ConsentProofData, ShownText, consent_proof_html
from tests.builders.policies import shipped

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
TEXT = ShownText("Lettre", 1, "fr", "français", "ab" * 32, (("heading", "Qui"), ("text", "Nous <script>")))
DATA = ConsentProofData(
    record="r-1",
    subject="s-1",
    person="C… D…",
    purpose="Lettre d’information",
    basis="Consentement",
    channel="par e-mail",
    state="consentement donné",
    method="formulaire",
    declared="9 novembre 2026 à 8 h 31",
    recorded="9 novembre 2026 à 8 h 32",
    valid_until="",
    text=TEXT,
    policy_sha256="cd" * 32,
    leaf_index=42,
    tree_size=77,
    hashes=7,
    checkpoint="consentcore/x\n77\nroot\n",
    vkey="consentcore/x+00+key",
)


@pytest.mark.parametrize(("lang", "no_end"), [("fr", "sans terme fixé"), ("en", "no end is set")])
def test_it_names_place_size_checkpoint_and_key(lang: str, no_end: str) -> None:
    html = consent_proof_html(DATA, shipped().controller, lang, NOW)
    for said in ("42", "77", "7 ", DATA.checkpoint, DATA.vkey, "verify_receipt.py", TEXT.sha256, no_end, "C… D…"):
        assert said in html
    assert "<script>" not in html and "Nous &lt;script&gt;" in html


def test_a_wording_that_is_held_no_longer_is_told_by_its_hash() -> None:
    html = consent_proof_html(replace(DATA, text=replace(TEXT, paragraphs=())), shipped().controller, "en", NOW)
    assert "hold this text no longer" in html and TEXT.sha256 in html
