"""PDF: tagged, the same bytes each time, and nothing is fetched."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont

from consentcore.errors import ConfigurationError, PolicyViolation
from registry.documents import pdf
from registry.documents.font_times import settled
from registry.documents.fonts import FOLDER, FONTS, font_bytes
from registry.documents.pdf import render_pdf

PAGE = '<!doctype html><html lang="fr"><head><title>T</title>{head}</head><body><h1>T</h1>{body}</body></html>'


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<link rel="attachment" href="file:///etc/passwd">', ""),
        ('<link rel="stylesheet" href="file:///etc/passwd">', ""),
        ("<style>@import url(http://127.0.0.1:9/x.css);</style>", ""),
        ("<style>@font-face{font-family:x;src:url(file:///etc/passwd)} p{font-family:x}</style>", "<p>x</p>"),
        ("<style>@font-face{font-family:x;src:url(packaged-font:../../model.py)} p{font-family:x}</style>", "<p>x</p>"),
        ("", '<img src="http://127.0.0.1:9/x.png" alt="x">'),
        ("", '<a rel="attachment" href="file:///etc/passwd">x</a>'),
        ("", '<img alt="x" src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E">'),
        ("", '<p style="background:url(file:///etc/passwd)">x</p>'),
    ],
)
def test_a_document_that_asks_for_an_address_is_refused(head: str, body: str) -> None:
    with pytest.raises(PolicyViolation):
        render_pdf(PAGE.format(head=head, body=body))


def test_a_plain_document_is_tagged_and_repeats() -> None:
    first, second = (render_pdf(PAGE.format(head="", body="<p>Texte</p>")) for _ in range(2))
    assert first == second
    with pikepdf.open(io.BytesIO(first)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == "fr"
        assert "/StructTreeRoot" in opened.Root
        assert b"pdfuaid" in opened.Root.Metadata.read_bytes()
        assert "/Names" not in opened.Root


def test_a_missing_system_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise OSError("cannot load library 'libpango-1.0-0': error")

    monkeypatch.setattr(pdf.importlib, "import_module", missing)
    pdf._weasyprint.cache_clear()
    try:
        with pytest.raises(ConfigurationError, match="Pango"):
            render_pdf(PAGE.format(head="", body=""))
    finally:
        pdf._weasyprint.cache_clear()


def test_packaged_fonts_are_the_recorded_ones() -> None:
    assert {font.file for font in FONTS} == {path.name for path in FOLDER.glob("*.woff2")}
    for font in FONTS:
        assert font_bytes(font.file)
    with pytest.raises(KeyError):
        font_bytes("../fonts.py")
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "LICENSE").read_text("utf-8").upper()


def test_a_font_forgets_when_it_was_written_and_stays_sound(tmp_path: Path) -> None:
    font = TTFont(FOLDER / FONTS[0].file)
    font.flavor = None
    made = []
    for moment in (1, 2):
        font["head"].modified = 3_800_000_000 + moment
        font.recalcTimestamp = False
        stream = io.BytesIO()
        font.save(stream)
        made.append(stream.getvalue())
    assert made[0] != made[1]
    assert settled(made[0]) == settled(made[1])
    read = TTFont(io.BytesIO(settled(made[0])), checkChecksums=2)
    assert read["head"].modified == read["head"].created
    assert settled(b"\x00\x01\x00\x00" + bytes(40)) == b"\x00\x01\x00\x00" + bytes(40)
