"""The register on paper: who is responsible, the map, then one sheet for each activity (Art. 30, R-30-4)."""

from __future__ import annotations

import hashlib

from registry.article30 import RegisterView
from registry.documents.bundle import json_bytes
from registry.documents.pdf import render_pdf
from registry.documents.rendering import fill
from registry.flow import printed_flow
from registry.register_data import as_data


def register_html(view: RegisterView, lang: str) -> str:
    """Fill the register's template; the sheet names the SHA-256 of the data that it shows.

    Raises: BadInput for an unknown language.
    """
    data = as_data(view, lang)
    sha256 = hashlib.sha256(json_bytes(data)).hexdigest()
    maps = printed_flow(view, lang)
    return fill("{lang}/register.html", view.controller, lang, view.composed_at, r=data, maps=maps, data_sha256=sha256)


def register_pdf(view: RegisterView, lang: str) -> bytes:
    """Draw the register as PDF/UA-1.

    Raises: as `register_html`; ConfigurationError where PDF cannot be drawn.
    """
    return render_pdf(register_html(view, lang))
