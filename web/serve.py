"""`consentcore serve`: every face on this machine, by a development server, with its jobs beside it."""

from __future__ import annotations

from typing import Any

import click
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from web.cli.command import Failed, service
from web.faces import CONSOLE, MAILBOX, PORTAL, create_faces
from web.jobs.scheduler import running
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
    return make_server(LOOPBACK, port, create_faces(wired), threaded=True, request_handler=QuietHandler)


def serve(port: int) -> dict[str, Any]:
    """Serve every face on a port of this machine until it is stopped; jobs run beside them.

    Raises: Failed when the port is taken; ConfigurationError.
    """
    with service() as wired:
        try:
            made = server(wired, port)
        except (OSError, SystemExit):  # werkzeug prints the cause and leaves
            raise Failed(f"port {port} cannot be listened on; another program may have it: try --port") from None
        for line in addresses(wired, made.port):
            click.echo(line, err=True)
        click.echo(_PLAINLY, err=True)
        try:
            with running(wired):
                made.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            made.server_close()
        return {"address": f"http://{LOOPBACK}:{made.port}", "stopped": True}


def addresses(wired: Service, port: int) -> list[str]:
    """Say where each face is."""
    root = f"http://{LOOPBACK}:{port}"
    lines = [
        f"portal    {root}{PORTAL}/",
        f"console   {root}{CONSOLE}/",
        f"API       {root}/api/v1/ (explorer {root}/api/v1/explorer, specification {root}/api/v1/openapi.json)",
    ]
    if wired.settings.env == "development":
        lines.append(f"mailbox   {root}{MAILBOX}/ (what would have been mailed)")
    return lines
