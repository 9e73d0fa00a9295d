"""The proof of a consent on paper: wording, time, method, and how the log proves it to anyone (Art. 7(1), R-7-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consentcore.policyset import Controller
from registry.documents.pdf import render_pdf
from registry.documents.rendering import fill


@dataclass(frozen=True, slots=True)
class ShownText:
    """The wording that a person was shown: its title, version and hash, and its paragraphs where they are held."""

    title: str
    version: int
    language: str
    language_name: str
    """In the language of the document."""
    sha256: str
    paragraphs: tuple[tuple[str, str], ...] = ()
    """Kind (`heading`, `text` or `item`) and text of each; empty where the policies hold that text no longer."""


@dataclass(frozen=True, slots=True)
class ConsentProofData:
    """One declaration and what proves it; texts and times are in the language of the document.

    The person is named by reference and by masked initials alone: the receipt holds the rest.
    """

    record: str
    subject: str
    person: str
    purpose: str
    basis: str
    channel: str
    state: str
    method: str
    declared: str
    recorded: str
    valid_until: str
    """Empty where the declaration has no end."""
    text: ShownText
    policy_sha256: str
    leaf_index: int
    tree_size: int
    hashes: int
    """How many hashes lead from the entry to the root."""
    checkpoint: str
    vkey: str


def consent_proof_html(data: ConsentProofData, controller: Controller, lang: str, now: datetime) -> str:
    """Fill the template of the proof.

    Raises: BadInput for an unknown language.
    """
    return fill("{lang}/proof.html", controller, lang, now, d=data)


def consent_proof_pdf(data: ConsentProofData, controller: Controller, lang: str, now: datetime) -> bytes:
    """Draw the proof as PDF/UA-1.

    Raises: as `consent_proof_html`; ConfigurationError where PDF cannot be drawn.
    """
    return render_pdf(consent_proof_html(data, controller, lang, now))
