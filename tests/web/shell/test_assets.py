"""What pages carry is what its README says, served for ever under its own hash, and small."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256

import pytest
from werkzeug.test import Client

from tests.builders.source import ROOT
from web.shell.assets import FOLDER, application, assets, fingerprint

LISTED = re.compile(r"^\| (\S+) \| (\S+) \| (\S+) \| [^|]+ \| `([0-9a-f]{64})` \|$", re.MULTILINE)
THEME_BUDGET = 8 * 1024


def vendored() -> dict[str, str]:
    """File -> recorded hash."""
    return {file: digest for file, _, _, digest in LISTED.findall((FOLDER / "README.md").read_text("utf-8"))}


def test_vendored_files_are_the_ones_recorded() -> None:
    recorded = vendored()
    assert len(recorded) == 5
    for file, digest in recorded.items():
        assert sha256((FOLDER / file).read_bytes()).hexdigest() == digest, file


def test_every_file_is_ours_or_recorded() -> None:
    ours = {"css/tokens.css", "css/theme.css", "icons.svg", "icon.svg"}
    served = set(assets())
    assert served - set(vendored()) - {one for one in served if one.endswith(".js")} == ours


def test_an_asset_is_served_under_the_hash_of_all() -> None:
    client = Client(application)
    answer = client.get(f"/{fingerprint()}/css/theme.css", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert gzip.decompress(answer.data) == (FOLDER / "css" / "theme.css").read_bytes()
    assert client.get(f"/{fingerprint()}/css/theme.css").data == (FOLDER / "css" / "theme.css").read_bytes()
    assert client.post(f"/{fingerprint()}/css/theme.css").status_code == 405


def test_no_style_sheet_asks_for_a_picture_that_the_policy_refuses() -> None:
    shipped = (FOLDER / "css" / "bootstrap.min.css").read_bytes()
    assert b"data:image" in shipped
    served = assets()["css/bootstrap.min.css"].content
    assert b"data:" not in served
    assert served.count(b"{") == shipped.count(b"{")
    assert served.count(b"}") == shipped.count(b"}")


@pytest.mark.parametrize("path", ["/x/css/theme.css", "/", "/README.md", "/../settings.py", "/%2e%2e/settings.py"])
def test_nothing_else_is_served(path: str) -> None:
    client = Client(application)
    assert client.get(path).status_code == 404
    assert client.get(f"/{fingerprint()}{path}").status_code == 404


def test_the_theme_is_small() -> None:
    parts = (FOLDER / "css" / "theme.css", FOLDER / "css" / "tokens.css")
    assert sum(len(gzip.compress(part.read_bytes(), 9)) for part in parts) <= THEME_BUDGET


def test_the_theme_names_no_colour() -> None:
    theme = re.sub(r"U\+[0-9A-F-]+", "", (FOLDER / "css" / "theme.css").read_text("utf-8"))
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", theme)) <= {"#fff"}, "only the ground of print and of forced colours"


def test_every_icon_that_a_page_names_is_there() -> None:
    known = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (FOLDER / "icons.svg").read_text("utf-8")))
    named = set()
    for page in (ROOT / "web").rglob("*.html"):
        named |= set(re.findall(r'icon\("([a-z0-9-]+)"\)', page.read_text("utf-8")))
    assert named
    assert named <= known


def test_no_page_has_inline_style_or_script() -> None:
    for page in (ROOT / "web").rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r"\sstyle=[\"']|<style|\son[a-z]+=[\"']|javascript:|<script(?![^>]*\ssrc=)", text), (
            page.name
        )
        assert not re.search(r"(?:src|action)\s*=\s*[\"']https?://|<link[^>]+https?://", text), page.name
