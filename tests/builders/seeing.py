"""Opening a place as whoever looks at it, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser

from tests.builders.places import Place, cookie_for
from tests.builders.site import Site
from tests.builders.watching import Watched, watching

WIDE = {"width": 1366, "height": 900}
PHONE = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 640}


@contextmanager
def seen(browser: Browser, site: Site, place: Place, language: str, **options: Any) -> Iterator[Watched]:
    """Open a place and do there what it asks for; the page is left as it stands then."""
    theme = options.pop("theme", "light")
    given = {"viewport": WIDE, "locale": {"fr": "fr-FR", "en": "en-GB"}[language], **options}
    with watching(browser, site.root, **given) as watched:
        cookie = cookie_for(site, place, language, theme)
        if cookie is not None:
            watched.page.context.add_cookies([cookie])  # type: ignore[list-item]
        watched.go(place.path.replace("{lang}", language))
        if place.act is not None:
            place.act(watched.page)
        yield watched
