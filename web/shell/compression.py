"""Pages are sent compressed: over a telephone's connection their text is a third of what a first visit costs.

What a page keeps secret from other sites, its form token, is written anew for each page; and other sites cannot make a
browser fetch pages with its session (`SameSite`), which reading lengths would take.
"""

from __future__ import annotations

import gzip

from flask import Response, request

LEAST = 1_000
"""Bytes under which it is not worth it."""
_LEVEL = 6


def compressed(answer: Response) -> Response:
    """Compress a page for a browser that takes it; anything else is left as it is."""
    if answer.mimetype != "text/html" or answer.direct_passthrough or "Content-Encoding" in answer.headers:
        return answer
    answer.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or len(answer.get_data()) < LEAST:
        return answer
    answer.set_data(gzip.compress(answer.get_data(), _LEVEL, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    return answer
