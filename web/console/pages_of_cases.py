"""The pages about one request, in the order of its life."""

from __future__ import annotations

from web.console import execution, plan, refusal, request, reveal, verification

PAGES = (request.PAGES, reveal.PAGES, verification.PAGES, plan.PAGES, execution.PAGES, refusal.PAGES)
