"""The pages about the register, the log and retention, in the order of the menu."""

from __future__ import annotations

from web.console import log, register, retention

PAGES = (register.PAGES, retention.PAGES, log.PAGES)
