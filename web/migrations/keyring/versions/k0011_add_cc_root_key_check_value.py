"""Add check_value to cc_root_key."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import add_column, drop_column

revision = "k0011"
down_revision = "k0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_root_key", sa.Column("check_value", columns.Hex64, nullable=True))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_root_key", "check_value")
