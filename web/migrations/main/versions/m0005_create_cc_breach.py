"""Create cc_breach."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0005"
down_revision = "m0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_breach",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("reference", columns.code(9), nullable=False),
        sa.Column("nature", columns.code(64), nullable=False),
        sa.Column("aware_at", columns.UTCDateTime(), nullable=False),
        sa.Column("notify_by", columns.UTCDateTime(), nullable=False),
        sa.Column("rule_pack", columns.code(16), nullable=False),
        sa.Column("summary", columns.Blob(), nullable=False),
        sa.Column("opened_at", columns.UTCDateTime(), nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_breach"),
        sa.UniqueConstraint("reference", name="uq_cc_breach_reference"),
        sealed_check("summary", "ck_cc_breach_summary_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_breach")
