"""Alembic's entry to the history of the keyring database."""

from web.migrations.environment import run

run()
