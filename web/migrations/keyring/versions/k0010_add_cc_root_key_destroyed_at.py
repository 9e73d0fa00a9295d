"""Add destroyed_at to cc_root_key."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import add_column, drop_column

revision = "k0010"
down_revision = "k0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_root_key", sa.Column("destroyed_at", columns.UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_root_key", "destroyed_at")
