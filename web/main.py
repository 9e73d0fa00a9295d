"""`consentcore`: the command line with every noun, and the server of the faces; the one place that knows both."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from web.cli.command import Command
from web.cli.main import main


@main.command(cls=Command)
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, envvar="PORT")
def serve(port: int) -> dict[str, Any]:
    """Serve portal, console and HTTP interface on this machine until it is stopped; jobs run beside them."""
    # loaded when it is wanted: every other command would wait for all the faces
    answer: dict[str, Any] = import_module("web.serve").serve(port)
    return answer


__all__ = ["main"]
