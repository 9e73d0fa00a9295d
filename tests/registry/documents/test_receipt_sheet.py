"""The receipt of a request: reference, what was asked, the due date and why it is that day, remedies (R-12-8)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime

import pikepdf
import pytest

from consentcore.policyset import Controller
from registry.documents.receipt_sheet import ReceiptData, Reckoning, due_sentence, receipt_html, receipt_pdf

PLAIN = Reckoning(date(2026, 11, 9), date(2026, 12, 9), date(2026, 12, 9), date(2027, 2, 9), "P1M", "P2M")
MOVED = replace(PLAIN, received_on=date(2026, 10, 11), due_on=date(2026, 11, 12), due_on_unrolled=date(2026, 11, 11))


@pytest.fixture
def receipt() -> ReceiptData:
    """A rectification with a hostile value in it."""
    return ReceiptData(
        reference="B4GT-W7C3",
        right="Corriger une erreur",
        asked=(("Nom", "<script>alert(1)</script> Şahin"),),
        received="9 novembre 2026 à 10 h 00",
        steps=("Votre adresse est confirmée.", "Vous recevez notre réponse."),
        reckoning=PLAIN,
    )


def test_it_says_what_was_asked_and_by_when_it_is_answered(
    receipt: ReceiptData, controller: Controller, now: datetime
) -> None:
    html = receipt_html(receipt, controller, "fr", now)
    for words in ("B4GT-W7C3", "9 décembre 2026", "9 février 2027", "&lt;script&gt;", "Şahin", "CNIL", "C’est gratuit"):
        assert words in html, words
    assert "<script>" not in html
    assert "By 9 December 2026 at the latest" in receipt_html(receipt, controller, "en", now)


@pytest.mark.parametrize(
    ("reckoning", "lang", "words"),
    [
        (PLAIN, "fr", "est de 1 mois\u202f; il part du lendemain de la réception et finit le 9 décembre 2026."),
        (MOVED, "fr", "le 11 novembre 2026, qui n’est pas un jour ouvrable\u202f: il court donc jusqu’au 12 novembre"),
        (
            MOVED,
            "en",
            "ends on 11 November 2026, which is not a working day: it therefore runs until 12 November 2026.",
        ),
        (replace(PLAIN, reply=None), "en", "The time to answer starts the day after receipt and ends on 9 December"),
    ],
)
def test_the_due_date_is_explained_in_one_sentence(reckoning: Reckoning, lang: str, words: str) -> None:
    assert words in due_sentence(reckoning, lang)


def test_what_took_effect_at_once_promises_no_answer(
    receipt: ReceiptData, controller: Controller, now: datetime
) -> None:
    html = receipt_html(replace(receipt, settled=True), controller, "fr", now)
    assert "pris effet aussitôt" in html and "9 décembre" not in html


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_pdf_is_tagged_and_the_same_each_time(
    receipt: ReceiptData, controller: Controller, now: datetime, lang: str
) -> None:
    drawn = receipt_pdf(receipt, controller, lang, now)
    assert drawn == receipt_pdf(receipt, controller, lang, now)
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        assert pdf.Root.Lang == lang and pdf.Root.MarkInfo.Marked and len(pdf.pages) == 1
