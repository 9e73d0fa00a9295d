"""Letters to a person about a request, as they are sent (Art. 12(4))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consentcore.policyset import Controller
from registry.documents.model import ErasureLetterData
from registry.documents.pdf import render_pdf
from registry.documents.rendering import fill


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter in its two forms; the page needs no other file."""

    html: str
    pdf: bytes


def erasure_letter(data: ErasureLetterData, controller: Controller, lang: str, now: datetime) -> Letter:
    """Draw the closing letter of an erasure: what went, what stays and why, who was told, which remedies there are.

    Raises: BadInput for an unknown language; ConfigurationError where PDF cannot be drawn.
    """
    html = fill("{lang}/erasure.html", controller, lang, now, d=data)
    return Letter(html, render_pdf(html))
