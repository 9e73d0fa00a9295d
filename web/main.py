"""`consentcore`: the command line with every noun, and the server of the faces; the one place that knows both."""

from __future__ import annotations

from web import serve
from web.cli.main import main

main.add_command(serve.serve)

__all__ = ["main"]
