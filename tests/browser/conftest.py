"""A real browser (Debian's Chromium) in front of the served demo.

`CONSENTCORE_TEST_CHROMIUM` names the browser; unset and nowhere found, these tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.builders.site import Site, served

VARIABLE = "CONSENTCORE_TEST_CHROMIUM"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--hide-scrollbars"]


def chromium() -> str:
    """Return the browser's path; named and missing is a failure, neither named nor found a skip."""
    named = os.environ.get(VARIABLE, "")
    if named:
        if not Path(named).exists():
            pytest.fail(f"{VARIABLE} names {named}, which does not exist", pytrace=False)
        return named
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(f"no Chromium was found here; install one (Debian: chromium) or name it by {VARIABLE}")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, one per worker."""
    path = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reading_site(demo_template_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served demo for tests that change nothing of weight: one per worker."""
    with served(demo_template_folder, tmp_path_factory.mktemp("reading") / "site") as site:
        yield site


@pytest.fixture
def site(demo_template_folder: Path, tmp_path: Path) -> Iterator[Site]:
    """A served demo of the test's own."""
    with served(demo_template_folder, tmp_path / "site") as one:
        yield one
