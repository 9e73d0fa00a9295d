"""How a history is run: on the connection that `web.schema` opened, under our own version table."""

from __future__ import annotations

from alembic import context

VERSION_TABLE = "cc_alembic_version"
CONNECTION = "connection"


def run() -> None:
    """Run what Alembic was asked for; called by the `env.py` of each history.

    No metadata are handed over: their naming convention would rename what old revisions name in full.
    Effects: DDL on the connection handed over in the configuration; the caller ends the transaction.
    """
    context.configure(
        connection=context.config.attributes[CONNECTION],
        version_table=VERSION_TABLE,
    )
    with context.begin_transaction():
        context.run_migrations()
