"""Alembic histories: `main` and `keyring`, each linear, each with its own version table."""
