"""Draw every page into docs/screens: `make screens`. The demo is loaded anew, its clock held still."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.builders.places import Place, of_console, of_portal
from tests.builders.seeing import PHONE, WIDE, seen
from tests.builders.site import Site, demo_template, served

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "screens"
COLOURS = 256
"""Chosen for their distance, so that a small mark keeps its colour; half of the bytes."""
DARK = ("today", "request-access-verified")
ENGLISH = ("today", "start", "preferences")


def draw(browser: Browser, site: Site, place: Place, folder: Path) -> None:
    """Draw one page in French as its readers see it: the console on a desk, the portal on a telephone."""
    _shoot(browser, site, place, "fr", folder / f"{place.face}-{place.name}.png", "light")
    if place.name in ENGLISH:
        _shoot(browser, site, place, "en", folder / f"{place.face}-{place.name}-en.png", "light")
    if place.face == "console" and place.name in DARK:
        _shoot(browser, site, place, "fr", folder / f"{place.face}-{place.name}-dark.png", "dark")


def _shoot(browser: Browser, site: Site, place: Place, language: str, file: Path, theme: str) -> None:
    phone = place.face == "portal"
    options = {"viewport": PHONE if phone else WIDE, "device_scale_factor": 1.5 if phone else 1, "theme": theme}
    with seen(browser, site, place, language, **options) as watched:
        drawn = Image.open(io.BytesIO(watched.page.screenshot(full_page=True)))
    drawn.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


def main(wanted: list[str]) -> None:
    """Draw the pages whose names begin with one of `wanted`, or all."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("no Chromium was found; on Debian install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        template = demo_template(Path(work))
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        with served(template, Path(work) / "site") as site:
            for place in (*of_console(site), *of_portal(site)):
                if not wanted or any(f"{place.face}-{place.name}".startswith(one) for one in wanted):
                    draw(browser, site, place, FOLDER)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
