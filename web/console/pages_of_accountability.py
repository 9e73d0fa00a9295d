"""The pages about the register, the log and retention, in the order of the menu."""

from __future__ import annotations

from web.console import log, receipt_check, register, retention

PAGES = (register.PAGES, retention.PAGES, log.PAGES, receipt_check.PAGES)
