"""The pages about one person's consent and about decisions, in the order of the menu."""

from __future__ import annotations

from web.console import decision, people, person

PAGES = (people.PAGES, person.PAGES, decision.PAGES)
