"""Every page of the faces in every state, both languages: accessible, within its policy, never wider than a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from registry.wording import LANGUAGES
from tests.builders.places import Place, of_console, of_portal
from tests.builders.seeing import NARROW, WIDE, seen
from tests.builders.site import Site
from tests.builders.watching import Watched

OF_CONSOLE = frozenset({"today", "requests", "plan-assessed", "person", "register", "intake-failed"})
OF_PORTAL = frozenset({"start", "code-failed", "preferences", "check-answers", "follow"})
_DARK = "() => document.documentElement.setAttribute('data-bs-theme', 'dark')"


def wrong_with(watched: Watched, place: Place) -> list[str]:
    """Return everything that is wrong with a page as it stands."""
    found = [f"light: {one}" for one in watched.axe()]
    watched.page.set_viewport_size(NARROW)
    wide = watched.too_wide()
    found += [f"320 px: {wide}"] if wide else []
    watched.page.set_viewport_size(WIDE)
    if place.face == "console":
        watched.page.evaluate(_DARK)
        found += [f"dark: {one}" for one in watched.axe()]
    found += watched.broken()
    language = watched.page.evaluate("() => document.documentElement.lang")
    found += [] if language in LANGUAGES else [f"language {language!r}"]
    return found


def wrong_with_all(browser: Browser, site: Site, places: list[Place], language: str) -> list[str]:
    """Return what is wrong with pages in one language, each named."""
    wrong = []
    for place in places:
        with seen(browser, site, place, language) as watched:
            wrong += [f"{place.name}: {one}" for one in wrong_with(watched, place)]
            if watched.page.evaluate("() => document.documentElement.lang") != language:
                wrong.append(f"{place.name}: not in {language}")
    return wrong


def test_the_main_pages(browser: Browser, site: Site) -> None:
    """The pages that everybody meets, the console's in French, the portal's in English."""
    for places, names, language in ((of_console(site), OF_CONSOLE, "fr"), (of_portal(site), OF_PORTAL, "en")):
        chosen = [place for place in places if place.name in names]
        assert {place.name for place in chosen} == names
        wrong = wrong_with_all(browser, site, chosen, language)
        assert not wrong, "\n".join(wrong)


@pytest.mark.pages
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("face", ["console", "portal"])
def test_every_page_in_every_state(browser: Browser, site: Site, face: str, language: str) -> None:
    places = list((of_console if face == "console" else of_portal)(site))
    assert len(places) > 25
    wrong = wrong_with_all(browser, site, places, language)
    assert not wrong, "\n".join(wrong)
