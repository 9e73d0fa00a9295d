"""Create cc_log_witness."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0082"
down_revision = "m0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_witness",
        sa.Column("log", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("name", columns.code(320), nullable=False),
        sa.Column("size", columns.BigCounter, nullable=False),
        sa.Column("due_at", columns.UTCDateTime(), nullable=False),
        sa.Column("done_at", columns.UTCDateTime(), nullable=True),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("problem", columns.code(200), nullable=True),
        sa.PrimaryKeyConstraint("log", "name", name="pk_cc_log_witness"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_witness")
