"""The pages about requests, in the order of the menu."""

from __future__ import annotations

from web.console import intake, requests, search, today

PAGES = (today.PAGES, requests.PAGES, intake.PAGES, search.PAGES)
