"""Health on the wire."""

from __future__ import annotations

from web.api.schemas.strict import Strict, text


class Health(Strict):
    """One word."""

    status = text()
