"""Create cc_disposal."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0035"
down_revision = "m0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_disposal",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("rule", columns.code(64), nullable=False),
        sa.Column("policy_sha256", columns.Hex64, nullable=False),
        sa.Column("item_count", columns.BigCounter, nullable=False),
        sa.Column("row_count", columns.BigCounter, nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["cc_log_event.id"], name="fk_cc_disposal_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_disposal"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_disposal")
