"""HTML to PDF/UA-1 or PDF/A-3 with WeasyPrint: no address is fetched but the packaged fonts, and bytes repeat.

WeasyPrint is loaded when the first PDF is drawn, so that everything else works where its system library is missing.
"""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from consentcore.clock import ensure_utc
from consentcore.errors import ConfigurationError, PolicyViolation
from registry.documents.font_times import settle_times
from registry.documents.fonts import SCHEME, font_bytes
from registry.documents.output_intent import add_srgb

VARIANT = "pdf/ua-1"
ARCHIVE = "pdf/a-3a"
"""For what is kept: level A is tagged like PDF/UA, and part 3 lets files be embedded (ISO 19005-3)."""


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file inside a PDF (ISO 32000-2, 7.11.4), as handed over, byte for byte."""

    name: str
    content: bytes
    description: str
    at: datetime
    relationship: str
    """AFRelationship: `Source` is what the document was drawn from, `Supplement` goes along with it."""


def render_pdf(html: str, *, variant: str = VARIANT, files: Sequence[EmbeddedFile] = ()) -> bytes:
    """Draw one HTML document as tagged PDF; the same text and files give the same bytes.

    Only these `files` are embedded: a text that asks for one is refused. Raises: PolicyViolation when the text asks for
    any address; ConfigurationError when WeasyPrint cannot work here.
    """
    weasyprint = _weasyprint()
    fetcher = _fetcher_class()()
    embedded = [
        weasyprint.Attachment(
            file_obj=io.BytesIO(one.content),
            url_fetcher=fetcher,
            name=one.name,
            description=one.description,
            created=ensure_utc(one.at),
            modified=ensure_utc(one.at),
            relationship=one.relationship,
        )
        for one in files
    ]
    drawn = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url=None).write_pdf(
        pdf_variant=variant,
        finisher=_finish_archive if variant == ARCHIVE else settle_times,
        attachments=embedded or None,
        output_intent="" if variant == ARCHIVE else None,  # `add_srgb` sees to it
    )
    if fetcher.refused:
        raise PolicyViolation(f"a document asked for {fetcher.refused} addresses; documents fetch nothing")
    return bytes(drawn)


def _finish_archive(document: Any, pdf: Any) -> None:
    settle_times(document, pdf)
    add_srgb(document, pdf)


@cache
def _weasyprint() -> Any:
    try:
        with warnings.catch_warnings():
            # it warns where HarfBuzz cannot subset fonts; it then does so itself, and `settle_times` sees to the bytes
            warnings.filterwarnings("ignore", "HarfBuzz-Subset", DeprecationWarning)
            return importlib.import_module("weasyprint")
    except ImportError:
        raise ConfigurationError("PDF needs WeasyPrint 70 or later, which is not installed") from None
    except OSError as error:
        raise ConfigurationError(
            f"PDF needs the system library Pango, which cannot be loaded ({_library(str(error))}); on Debian and "
            "Ubuntu install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0"
        ) from None


def _library(message: str) -> str:
    return message.partition(":")[0][:100]


@cache
def _fetcher_class() -> Any:
    urls = importlib.import_module("weasyprint.urls")

    class PackagedFontsOnly(urls.URLFetcher):  # type: ignore[misc, name-defined]
        """Hands out the packaged fonts and refuses every other address, whatever its protocol."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=(), allow_redirects=False)
            self.refused = 0

        def fetch(self, url: str, headers: Any = None) -> Any:
            """Return a packaged font; count and refuse anything else."""
            file = url.removeprefix(SCHEME)
            try:
                if file == url:
                    raise KeyError(url)
                return urls.URLFetcherResponse(url, _unpacked(file), {"Content-Type": "font/ttf"})
            except KeyError:
                self.refused += 1
                raise ValueError("documents fetch nothing") from None

    return PackagedFontsOnly


@cache  # WeasyPrint would unpack every face for every document, in Python
def _unpacked(file: str) -> bytes:
    unpacked = io.BytesIO()
    importlib.import_module("fontTools.ttLib.woff2").decompress(io.BytesIO(font_bytes(file)), unpacked)
    return unpacked.getvalue()
