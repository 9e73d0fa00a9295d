"""The proof of a consent on paper: wording, time, method, history, and how the log proves it to anyone (Art. 7(1)).

With the receipt inside (PDF/A-3), the sheet alone is enough to verify it offline (R-7-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consentcore.policyset import Controller
from registry.documents.pdf import ARCHIVE, EmbeddedFile, render_pdf
from registry.documents.rendering import fill

RECEIPT_FILE, KEY_FILE = "receipt.json", "log.vkey"
"""The names under which receipt and public key lie in the PDF; the two commands on the sheet use them."""


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
class HistoryLine:
    """One declaration of the same person about the same purpose and channel."""

    declared: str
    state: str
    method: str
    leaf_index: int | None
    is_this: bool
    """Whether it is the one that the sheet proves."""


@dataclass(frozen=True, slots=True)
class ConsentProofData:
    """One declaration and what proves it; texts and times are in the language of the document.

    The person is named by reference and, where given, by masked initials: the receipt holds the rest.
    """

    record: str
    subject: str
    person: str
    """Masked initials; empty prints none."""
    purpose: str
    basis: str
    channel: str
    state: str
    method: str
    declared: str
    declared_utc: str
    recorded: str
    valid_until: str
    """Empty where the declaration has no end."""
    text: ShownText
    policy_sha256: str
    leaf_index: int
    tree_size: int
    hashes: int
    """How many hashes lead from the entry to the root."""
    root: str
    checkpoint: str
    vkey: str
    history: tuple[HistoryLine, ...] = ()
    """Oldest first."""
    since: str = ""
    """What was declared last, where that is another declaration than this: `consent withdrawn, on 9 November`."""
    certificate: str = ""
    """Number of the certificate under which the content was erased; empty where it was not."""
    evidence: tuple[tuple[str, str], ...] = ()
    """What was kept of how it was declared, as term and value; shown only beside the receipt, which holds it too."""


def consent_proof_html(
    data: ConsentProofData, controller: Controller, lang: str, now: datetime, *, with_receipt: bool = False
) -> str:
    """Fill the template of the proof.

    Raises: BadInput for an unknown language.
    """
    return fill("{lang}/proof.html", controller, lang, now, d=data, with_receipt=with_receipt)


def consent_proof_pdf(
    data: ConsentProofData, controller: Controller, lang: str, now: datetime, receipt: bytes | None = None
) -> bytes:
    """Draw the proof as tagged PDF/A-3; the same values give the same bytes.

    `receipt` is embedded byte for byte as the source of the sheet, the public key beside it; None leaves both out, for
    whoever may not see what the receipt holds. Raises: as `consent_proof_html`; ConfigurationError where PDF cannot be
    drawn.
    """
    files: tuple[EmbeddedFile, ...] = ()
    if receipt is not None:
        key = f"{data.vkey}\n".encode()
        files = (
            EmbeddedFile(RECEIPT_FILE, receipt, f"Receipt of consent record {data.record}", now, "Source"),
            EmbeddedFile(KEY_FILE, key, "Public key of the log", now, "Supplement"),
        )
    html = consent_proof_html(data, controller, lang, now, with_receipt=receipt is not None)
    return render_pdf(html, variant=ARCHIVE, files=files)
