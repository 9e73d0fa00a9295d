"""Create cc_root_key."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "k0005"
down_revision = "k0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_root_key",
        sa.Column("name", columns.code(16), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False),
        sa.Column("kek_epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", columns.Blob(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "gen", name="pk_cc_root_key"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_root_key")
