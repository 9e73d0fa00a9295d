"""Add standing to cc_subject."""

from __future__ import annotations

import sqlalchemy as sa

from web.migrations.steps import add_column, drop_column

revision = "m0083"
down_revision = "m0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_subject", sa.Column("standing", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_subject", "standing")
