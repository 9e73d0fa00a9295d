"""Create cc_policy_version."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0019"
down_revision = "m0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_policy_version",
        sa.Column("sha256", columns.Hex64, nullable=False),
        sa.Column("version", columns.code(64), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("applied_at", columns.UTCDateTime(), nullable=False),
        sa.Column("texts", columns.Blob(), nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_cc_policy_version"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_policy_version")
