"""`consentcore serve`: the HTTP interface on this machine, by a development server."""

from __future__ import annotations

from typing import Any

import click
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from web.api.app import create_app
from web.cli.command import Command, Failed, service
from web.wiring import Service

LOOPBACK = "127.0.0.1"
_PLAINLY = (
    "This is a development server: it has no TLS and no limits of its own, so it listens on this machine alone. "
    "Stop it with Ctrl-C."
)


class QuietHandler(WSGIRequestHandler):
    """Handles requests without logging their lines: a caller may have put anything into a URL."""

    timeout = 30
    server_version = "consentcore"
    sys_version = ""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 the base class's name
        """Say nothing: the application logs rule, status and key of each request."""


def server(wired: Service, port: int) -> BaseWSGIServer:
    """Make the server, listening on loopback; port 0 takes a free one.

    Raises: OSError when the port is taken.
    """
    return make_server(LOOPBACK, port, create_app(wired), threaded=True, request_handler=QuietHandler)


@click.command(cls=Command)
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, envvar="PORT")
def serve(port: int) -> dict[str, Any]:
    """Serve the HTTP interface on this machine until it is stopped."""
    with service() as wired:
        try:
            made = server(wired, port)
        except (OSError, SystemExit):  # werkzeug prints the cause and leaves
            raise Failed(f"port {port} cannot be listened on; another program may have it: try --port") from None
        click.echo(f"http://{LOOPBACK}:{made.port}/api/v1 ; specification at /api/v1/openapi.json", err=True)
        click.echo(_PLAINLY, err=True)
        try:
            made.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            made.server_close()
        return {"address": f"http://{LOOPBACK}:{made.port}", "stopped": True}
