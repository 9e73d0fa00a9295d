"""The receipt of a request: what was asked, when it came in, by when it is answered and why then, what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from consentcore.policyset import Controller
from registry.documents.pdf import render_pdf
from registry.documents.rendering import fill
from registry.wording import check_language, date_in_words, period_in_words


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a due date came about (Art. 12(3), Regulation 1182/71, R-TIME-1)."""

    received_on: date
    due_on: date
    due_on_unrolled: date
    """The end of the period before it was moved to a working day."""
    extended_due_on: date
    reply: str | None
    """ISO 8601 period in which to answer; None where the rules of the time are no longer kept."""
    extension: str | None


@dataclass(frozen=True, slots=True)
class ReceiptData:
    """What the receipt of one request says; texts stand in the language of the document."""

    reference: str
    right: str
    """What is asked for, as the heading of a page: `Voir mes données`."""
    asked: tuple[tuple[str, str], ...]
    """What was asked, as term and value, as the person checked it before sending."""
    received: str
    """Day and time of receipt, in words."""
    steps: tuple[str, ...]
    """What happens next, one sentence each."""
    reckoning: Reckoning
    settled: bool = False
    """Whether everything asked for took effect at receipt: then no answer is due."""

    @property
    def received_on(self) -> date:
        """The day of receipt, where the controller is."""
        return self.reckoning.received_on


def receipt_html(data: ReceiptData, controller: Controller, lang: str, now: datetime) -> str:
    """Fill the receipt as one HTML document that needs no other file.

    Raises: BadInput for an unknown language.
    """
    return fill("{lang}/receipt.html", controller, lang, now, d=data, due_sentence=due_sentence(data.reckoning, lang))


def receipt_pdf(data: ReceiptData, controller: Controller, lang: str, now: datetime) -> bytes:
    """Draw the receipt as PDF/UA; the same values give the same bytes.

    Raises: BadInput for an unknown language; ConfigurationError where PDF cannot be drawn.
    """
    return render_pdf(receipt_html(data, controller, lang, now))


def due_sentence(reckoning: Reckoning, lang: str) -> str:
    """Say in one sentence how the due date was reckoned (Art. 12(3); Regulation 1182/71, art. 3).

    Raises: BadInput for an unknown language.
    """
    check_language(lang)
    one, due = reckoning, date_in_words(reckoning.due_on, lang)
    plain = date_in_words(one.due_on_unrolled, lang)
    moved = one.due_on != one.due_on_unrolled
    period = period_in_words(one.reply, lang) if one.reply else ""
    if lang == "fr":
        lasting = f"Le délai de réponse est de {period}\u202f; il part" if period else "Le délai de réponse part"
        start = f"{lasting} du lendemain de la réception et finit le {plain}"
        if moved:
            return f"{start}, qui n’est pas un jour ouvrable\u202f: il court donc jusqu’au {due}."
        return f"{start}."
    lasting = f"The time to answer is {period}; it starts" if period else "The time to answer starts"
    start = f"{lasting} the day after receipt and ends on {plain}"
    return f"{start}, which is not a working day: it therefore runs until {due}." if moved else f"{start}."
