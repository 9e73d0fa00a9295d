"""Create cc_policy_return."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0101"
down_revision = "m0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_policy_return",
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.Column("sha256", columns.Hex64, nullable=False),
        sa.Column("applied_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_cc_policy_return"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_policy_return")
