"""`consentcore apikeys`: keys for machines that call the HTTP interface."""

from __future__ import annotations

from typing import Any

import click

from consentcore.clock import iso
from web.cli.command import Group, service
from web.security import apikeys as keys
from web.security.apikeys import ALL_SCOPES, Scope
from web.transaction import reading, unit


@click.group(cls=Group)
def apikeys() -> None:
    """Give machines keys, and take them back."""


@apikeys.command()
@click.option("--name", required=True, help="What the machine is called; not a person's name.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; may be repeated.",
)
def create(name: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Make a key; the secret is shown once, now, and cannot be read again."""
    with service() as wired, unit(wired.sessions) as session:
        made = keys.create(session, name, {Scope(scope) for scope in scopes}, wired.now(), grantor=ALL_SCOPES)
    return {"id": made.key_id, "secret": made.token, "scopes": sorted(set(scopes))}


@apikeys.command(name="list")
def list_keys() -> dict[str, Any]:
    """List every key ever made, without its secret."""
    with service() as wired, reading(wired.sessions) as session:
        return {
            "apikeys": [
                {
                    "id": row.id,
                    "name": row.name,
                    "scopes": row.scopes.split(),
                    "created_at": iso(row.created_at),
                    "revoked_at": iso(row.revoked_at) if row.revoked_at else None,
                }
                for row in keys.all_keys(session)
            ]
        }


@apikeys.command()
@click.argument("key_id")
def revoke(key_id: str) -> dict[str, Any]:
    """Revoke a key by its id; it opens nothing from this moment."""
    with service() as wired, unit(wired.sessions) as session:
        since = keys.revoke(session, key_id, wired.now())
    return {"id": key_id, "revoked_at": iso(since)}
