"""Create cc_log_lock."""

from __future__ import annotations

import sqlalchemy as sa

from web.migrations.steps import create_table, drop_table

revision = "m0014"
down_revision = "m0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_lock",
        sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_cc_log_lock"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_lock")
