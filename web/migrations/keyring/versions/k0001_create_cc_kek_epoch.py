"""Create cc_kek_epoch."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "k0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_kek_epoch",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider", columns.code(200), nullable=False),
        sa.Column("check_value", columns.Blob(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("retired_at", columns.UTCDateTime(), nullable=True),
        sa.Column("destroyed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("evidence", columns.code(500), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name="pk_cc_kek_epoch"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_kek_epoch")
