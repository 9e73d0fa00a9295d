"""The typeface that documents carry with them: Source Sans 3, one family name for each set of characters.

Static files: a variable one makes WeasyPrint build each weight anew in every document, several times slower.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from consentcore.errors import IntegrityFailure

FOLDER = Path(__file__).parent / "fonts"
SCHEME = "packaged-font:"


@dataclass(frozen=True, slots=True)
class FontFile:
    """One file of the typeface: its family name and weight in style sheets, its hash."""

    family: str
    weight: int
    file: str
    sha256: str

    @property
    def url(self) -> str:
        """The address by which style sheets of documents ask for it; only this product's fetcher knows it."""
        return f"{SCHEME}{self.file}"


FONTS: tuple[FontFile, ...] = (
    FontFile(
        "Source Sans 3",
        400,
        "source-sans-3-latin-400-normal.woff2",
        "0f73f35e08cde0a2f10c109c6e01d71459d97e4099ecd9a50f1b6c0209e4de2b",
    ),
    FontFile(
        "Source Sans 3",
        600,
        "source-sans-3-latin-600-normal.woff2",
        "14527d193b0e30bc32ef931549a246cdfd286573bb12869b7e052b8101a39d38",
    ),
    FontFile(
        "Source Sans 3",
        700,
        "source-sans-3-latin-700-normal.woff2",
        "ae35266f2ab0d5314ff9a04127931eb26c793e4f1269bb240046d4d2db4b7bb1",
    ),
    FontFile(
        "Source Sans 3 Ext",
        400,
        "source-sans-3-latin-ext-400-normal.woff2",
        "f5706bb057951632456ecbc496dfd01f0e1598718cb31c464c74a6b1fe79c837",
    ),
    FontFile(
        "Source Sans 3 Ext",
        600,
        "source-sans-3-latin-ext-600-normal.woff2",
        "5727d1da676bb59d22a985ccb0506219e25e847738214fec4eb00c17bed81ffc",
    ),
    FontFile(
        "Source Sans 3 Ext",
        700,
        "source-sans-3-latin-ext-700-normal.woff2",
        "6a9fd74275186fc7c5019796401ac280d2cdd19afc6cbb1ae9af481cbda9d25c",
    ),
    FontFile(
        "Source Sans 3 Greek",
        400,
        "source-sans-3-greek-400-normal.woff2",
        "7f0050bec7f5350c0d331ff3513308416f33496a478b8914c8381b6a70f2811c",
    ),
    FontFile(
        "Source Sans 3 Greek",
        600,
        "source-sans-3-greek-600-normal.woff2",
        "f16b9b811ad6b3f31de772de6c4e7c778e1b615327393730952dd7e776f1d4d1",
    ),
    FontFile(
        "Source Sans 3 Greek",
        700,
        "source-sans-3-greek-700-normal.woff2",
        "c80dc9b474bec019ad2be0b9713d1bade3f836e8ee866c4ebea887f8bda46f7d",
    ),
    FontFile(
        "Source Sans 3 Cyrillic",
        400,
        "source-sans-3-cyrillic-400-normal.woff2",
        "b0324c3af47c138a2b5457466037637b8279576197024ed6968041836ffc0546",
    ),
    FontFile(
        "Source Sans 3 Cyrillic",
        600,
        "source-sans-3-cyrillic-600-normal.woff2",
        "31fe183d248fa315a872f0956e0e43bc5d1d6c9c7fea2fa434deb91ab2a686ff",
    ),
    FontFile(
        "Source Sans 3 Cyrillic",
        700,
        "source-sans-3-cyrillic-700-normal.woff2",
        "1c484c7583999a7471c7d2dff4f0d1e001d459afaed4f58b3f6e0d88548d982c",
    ),
)


@cache
def font_bytes(file: str) -> bytes:
    """Return the bytes of a packaged font file by its plain name.

    Raises: KeyError for any other name; IntegrityFailure when the file is not the one that was packaged.
    """
    known = {font.file: font for font in FONTS}[file]
    found = (FOLDER / known.file).read_bytes()
    if hashlib.sha256(found).hexdigest() != known.sha256:
        raise IntegrityFailure(f"font {known.file} is not the file that was packaged; install the product anew")
    return found
