"""Create cc_log_event."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0012"
down_revision = "m0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_event",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("log", sa.SmallInteger(), nullable=False),
        sa.Column("header", columns.Blob(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_log_event"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_event")
