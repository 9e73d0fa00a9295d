"""Create cc_log_leaf."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0013"
down_revision = "m0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_leaf",
        sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", columns.BigCounter, autoincrement=False, nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.Column("hash", columns.Digest(32), nullable=False),
        sa.Column("frontier", columns.Blob(), nullable=True),
        sa.Column("checkpoint", columns.Blob(), nullable=True),
        sa.PrimaryKeyConstraint("log", "idx", name="pk_cc_log_leaf"),
        sa.UniqueConstraint("event_id", name="uq_cc_log_leaf_event_id"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_leaf")
