"""HTML to PDF/UA-1 with WeasyPrint: no address is ever fetched but the packaged fonts, and bytes repeat.

WeasyPrint is loaded when the first PDF is drawn, so that everything else works where its system library is missing.
"""

from __future__ import annotations

import importlib
import io
import warnings
from functools import cache
from typing import Any

from consentcore.errors import ConfigurationError, PolicyViolation
from registry.documents.font_times import settle_times
from registry.documents.fonts import SCHEME, font_bytes

VARIANT = "pdf/ua-1"


def render_pdf(html: str) -> bytes:
    """Draw one HTML document as tagged PDF; the same text gives the same bytes.

    Raises: PolicyViolation when the text asks for any address; ConfigurationError when WeasyPrint cannot work here.
    """
    weasyprint = _weasyprint()
    fetcher = _fetcher_class()()
    drawn = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url=None).write_pdf(
        pdf_variant=VARIANT, finisher=settle_times
    )
    if fetcher.refused:
        raise PolicyViolation(f"a document asked for {fetcher.refused} addresses; documents fetch nothing")
    return bytes(drawn)


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
