"""A page of a real browser under watch: what it breaks, where it goes, what axe finds, how much it carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLLECT = """
window.__broken = [];
document.addEventListener('securitypolicyviolation',
  e => window.__broken.push(e.violatedDirective + ' ' + e.blockedURI));
"""
_AXE = """async tags => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
  return found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '));
}"""
_TOO_WIDE = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return '';
  const edge = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > edge + 1)
    .map(e => e.tagName + '.' + e.className).slice(0, 5);
  return wide + ' px too wide: ' + out.join(', ');
}"""


@cache
def _axe_source() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@dataclass
class Watched:
    """A page, and what was seen of it since it was opened."""

    page: Page
    root: str
    strangers: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    bytes_of: dict[str, int] = field(default_factory=dict)

    def go(self, path: str) -> None:
        """Open a page of the site."""
        answer = self.page.goto(self.root + path, wait_until="load")
        assert answer is not None
        assert answer.status < 500, f"{path}: {answer.status}"

    def axe(self) -> list[str]:
        """Return what axe finds wrong on the page as it stands."""
        self.page.evaluate(_axe_source())
        found: list[str] = self.page.evaluate(_AXE, _TAGS)
        return found

    def too_wide(self) -> str:
        """Return by how much the page scrolls sideways, and because of what; empty when it does not."""
        said: str = self.page.evaluate(_TOO_WIDE)
        return said

    def broken(self) -> list[str]:
        """Return every breach of the content security policy, foreign request, script error since the last call."""
        found = [*self.page.evaluate("() => window.__broken.splice(0)"), *self.strangers, *self.faults]
        self.strangers.clear()
        self.faults.clear()
        return found


@contextmanager
def watching(browser: Browser, root: str, **options: Any) -> Iterator[Watched]:
    """Open a context of its own (own cookies) with one page under watch; `options` are Playwright's for a context."""
    context = browser.new_context(**options)
    try:
        page = context.new_page()
        watched = Watched(page, root)
        _listen(context, watched)
        yield watched
    finally:
        context.close()


def _listen(context: BrowserContext, watched: Watched) -> None:
    context.add_init_script(_COLLECT)
    host = urlsplit(watched.root).netloc

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "about") and parts.netloc != host:
            watched.strangers.append(f"asked for {request.url}")

    def on_finished(request: Request) -> None:
        sizes = request.sizes()
        watched.bytes_of[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    watched.page.on("request", on_request)
    watched.page.on("requestfinished", on_finished)
    watched.page.on("pageerror", lambda error: watched.faults.append(f"script: {error}"))
