"""Alembic's entry to the history of the main database."""

from web.migrations.environment import run

run()
