"""The package of an access: whole, exact, harmless, the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import html.parser
import io
import json
import shutil
import subprocess
import zipfile
from datetime import date, datetime
from pathlib import Path

import pikepdf
import pytest

from consentcore.errors import BadInput
from consentcore.policyset import Controller
from registry.documents.model import AccessPackageData
from registry.documents.package import access_letter, build_access_package
from tests.registry.documents.conftest import HOSTILE, NAMES, item


class Seen(html.parser.HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src", "action")}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def unpack(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


_DRAWN: dict[str, bytes] = {}


@pytest.fixture
def files(access: AccessPackageData, controller: Controller, now: datetime) -> dict[str, bytes]:
    """The package of the hostile corpus, drawn once for all tests."""
    if not _DRAWN:
        _DRAWN.update(unpack(build_access_package(access, controller, "fr", now)))
    return _DRAWN


def test_the_manifest_names_every_file_by_hash_and_size(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    assert {one["file"] for one in manifest["files"]} == set(files) - {"manifest.json"}
    for one in manifest["files"]:
        assert one["sha256"] == hashlib.sha256(files[one["file"]]).hexdigest()
        assert one["bytes"] == len(files[one["file"]])
    assert {"index.html", "style.css", "summary.pdf", "data.json", "contact.csv", "LISEZ-MOI.txt"} < set(files)


def test_data_are_exact(files: dict[str, bytes]) -> None:
    data = json.loads(files["data.json"])
    (store,) = data["stores"]
    values = {value["field"]: value["value"] for row in store["rows"] for value in row["values"]}
    assert {name: values[name] for name in HOSTILE} == HOSTILE
    assert data["retained"][0] == {
        "label": "Facture 17",
        "ground": "comptes",
        "article": "17(3)(b)",
        "until": "2031-12-31",
        "until_event": "",
    }


def test_tables_hold_no_formula(files: dict[str, bytes]) -> None:
    header, *rows = csv.reader(io.StringIO(files["contact.csv"].decode("utf-8-sig"), newline=""))
    assert len(rows) == 2
    assert header[0] == "ligne"
    assert not [one for row in rows for one in row if one.lstrip().startswith(("=", "+", "@", "＝"))]
    assert set(NAMES) < set(rows[0])


def test_the_page_runs_nothing_and_loads_its_style_alone(files: dict[str, bytes]) -> None:
    seen = Seen(files["index.html"].decode())
    assert not seen.tags & {"script", "img", "style", "iframe", "object", "form", "base", "b"}
    assert "style" not in seen.attributes
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert seen.addresses == {"style.css", "#contact"}
    text = "".join(seen.text)
    assert HOSTILE["script"] in text
    assert HOSTILE["template"] in text
    assert "abc[U+202E]gnp.exe" in text
    assert b"@import" not in files["style.css"]
    assert b"url(" not in files["style.css"]


def test_the_letter_attaches_nothing_and_spells_names(
    access: AccessPackageData, controller: Controller, now: datetime, tmp_path: Path
) -> None:
    drawn = access_letter(access, controller, "fr", now)
    with pikepdf.open(io.BytesIO(drawn)) as opened:
        assert "EmbeddedFiles" not in opened.Root.get("/Names", {})
        assert not opened.attachments
        assert "AcroForm" not in opened.Root
        assert "JavaScript" not in opened.Root.get("/Names", {})
        fonts = {
            str(font["/BaseFont"]).partition("+")[2]
            for page in opened.pages
            for font in page.get("/Resources", {}).get("/Font", {}).values()
        }
    assert {"Source-Sans-3-Ext", "Source-Sans-3-Greek", "Source-Sans-3-Cyrillic"} <= fonts
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not here: names are checked by their fonts alone")
    (tmp_path / "letter.pdf").write_bytes(drawn)
    text = subprocess.run([tool, tmp_path / "letter.pdf", "-"], capture_output=True, check=True).stdout.decode()
    assert all(name in text for name in NAMES)
    assert "<script>alert(1)</script>" in text


def test_the_same_answer_gives_the_same_bytes(controller: Controller, now: datetime) -> None:
    data = AccessPackageData("9TWP-63RD", date(2026, 10, 11), True, items=(item("name", "Şahin"),))
    first, second = (build_access_package(data, controller, "en", now) for _ in range(2))
    assert first == second
    assert "README.txt" in unpack(first)


def test_a_negative_answer_is_an_answer(controller: Controller, now: datetime) -> None:
    files = unpack(
        build_access_package(AccessPackageData("9TWP-63RD", date(2026, 10, 11), False), controller, "fr", now)
    )
    page = files["index.html"].decode()
    assert "nous n’en détenons aucune" in page
    assert "CNIL" in page
    assert json.loads(files["data.json"])["found"] is False
    assert "data.csv" in files


def test_too_many_values_for_paper_stand_in_the_page(controller: Controller, now: datetime) -> None:
    items = tuple(item("name", f"value {number}", ref=str(number)) for number in range(501))
    files = unpack(
        build_access_package(
            AccessPackageData("9TWP-63RD", date(2026, 10, 11), True, items=items), controller, "en", now
        )
    )
    assert "value 500" in files["index.html"].decode()
    with pikepdf.open(io.BytesIO(files["summary.pdf"])) as opened:
        assert len(opened.pages) < 3


@pytest.mark.parametrize("store", ["../x", "Contact", "", "a" * 65, "a/b"])
def test_a_store_cannot_name_a_file_elsewhere(controller: Controller, now: datetime, store: str) -> None:
    data = AccessPackageData("9TWP-63RD", date(2026, 10, 11), True, items=(item("name", "x", store=store),))
    with pytest.raises(BadInput):
        build_access_package(data, controller, "fr", now)


def test_unknown_words_are_refused(access: AccessPackageData, controller: Controller, now: datetime) -> None:
    with pytest.raises(BadInput):
        build_access_package(access, controller, "de", now)
    odd = AccessPackageData("9TWP-63RD", date(2026, 10, 11), True, items=(item("name", "x", provenance="guessed"),))
    with pytest.raises(BadInput):
        build_access_package(odd, controller, "fr", now)
