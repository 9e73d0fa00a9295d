"""Create cc_log_timestamp."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0080"
down_revision = "m0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_timestamp",
        sa.Column("log", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("size", columns.BigCounter, nullable=False, autoincrement=False),
        sa.Column("tsa", columns.code(255), nullable=False),
        sa.Column("root", columns.Digest(32), nullable=False),
        sa.Column("token", columns.Blob(), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", "tsa", name="pk_cc_log_timestamp"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_timestamp")
