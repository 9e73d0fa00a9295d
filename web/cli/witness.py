"""`consentcore witness`: be an outside witness of somebody's log, on a machine of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from web.cli.command import Failed, Group
from web.witness.memory import holding, read_vkey
from web.witness.protocol import trusted_logs
from web.witness.server import LOOPBACK, PATH, WitnessServer

PORT = 8100
_STATE = click.option(
    "--state",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The witness's own folder; made with a new key where there is none. Never restore it from a backup.",
)
_NAME = click.option("--name", help="What a new witness is called, such as witness.example/a; for good.")


@click.group(cls=Group)
def witness() -> None:
    """Witness another one's log: cosign what continues all that was seen before, refuse forks and rollbacks."""


@witness.command(bare="vkey")
@_STATE
@_NAME
def vkey(state: Path, name: str | None) -> dict[str, Any]:
    """Print the witness's public key, as one bare line, for the log's settings and for whoever verifies."""
    return {"vkey": read_vkey(state, name)}


@witness.command()
@_STATE
@_NAME
@click.option(
    "--log-vkey",
    "log_vkey",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the public keys of the logs to witness, one a line, as `ledger vkey` prints them.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
def serve(state: Path, name: str | None, log_vkey: Path, port: int, host: str) -> dict[str, Any]:
    """Answer `add-checkpoint` (C2SP tlog-witness) until it is stopped; put TLS before it where others reach it."""
    logs = trusted_logs(log_vkey.read_text(encoding="utf-8", errors="replace").splitlines())
    with holding(state, name) as folder:
        try:
            server = WitnessServer(folder, logs, host, port)
        except OSError:
            raise Failed(f"port {port} cannot be listened on; another program may have it: try --port") from None
        address = f"http://{host}:{server.server_port}"
        click.echo(f"{folder.cosigner.key.name} witnesses {', '.join(sorted(logs))} at {address}{PATH}", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            server.server_close()
        return {"address": address, "stopped": True}
