"""Answering with a file: never kept by the browser, never shown inside a page."""

from __future__ import annotations

from flask import Response


def handed_out(content: bytes | str, name: str, mimetype: str) -> Response:
    """Return an answer that the browser saves under a name of plain letters."""
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
