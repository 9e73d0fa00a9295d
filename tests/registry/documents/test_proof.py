"""The proof of a consent says what was declared, where it stands in the log, and how anyone verifies it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from registry.documents.proof import ConsentProofData, HistoryLine, ShownText, consent_proof_html
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
    declared_utc="2026-11-09T07:31:00Z",
    recorded="9 novembre 2026 à 8 h 32",
    valid_until="",
    text=TEXT,
    policy_sha256="cd" * 32,
    leaf_index=42,
    tree_size=77,
    hashes=7,
    root="root",
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


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_was_declared_since_is_never_left_out(lang: str) -> None:
    lines = (
        HistoryLine("le 9", "consentement donné", "formulaire", 42, is_this=True),
        HistoryLine("le 10", "consentement retiré", "portail", None, is_this=False),
    )
    told = replace(DATA, history=lines, since="consentement retiré, le 10")
    html = consent_proof_html(told, shipped().controller, lang, NOW)
    assert html.count("consentement retiré") == 2 and "None" not in html
    assert ("La dernière en date est autre" if lang == "fr" else "The latest one is another") in html
    assert "La dernière en date" not in consent_proof_html(DATA, shipped().controller, lang, NOW)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_evidence_is_printed_beside_the_receipt_alone(lang: str) -> None:
    told = replace(DATA, evidence=(("page", "/lettre <b>"),))
    without, beside = (
        consent_proof_html(told, shipped().controller, lang, NOW, with_receipt=one) for one in (False, True)
    )
    assert "/lettre" not in without and "pdfdetach" not in without
    assert "/lettre &lt;b&gt;" in beside and "pdfdetach -saveall" in beside


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_erased_content_is_told_with_its_certificate(lang: str) -> None:
    html = consent_proof_html(replace(DATA, certificate="K7QM-3RTA"), shipped().controller, lang, NOW)
    assert "K7QM-3RTA" in html
