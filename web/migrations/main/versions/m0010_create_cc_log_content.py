"""Create cc_log_content."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0010"
down_revision = "m0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_content",
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=True),
        sa.Column("payload", columns.Blob(), nullable=True),
        sa.Column("certificate", columns.code(9), nullable=True),
        sa.CheckConstraint("payload IS NULL OR length(payload) >= 31", name="ck_cc_log_content_payload_sealed"),
        sa.PrimaryKeyConstraint("event_id", name="pk_cc_log_content"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_content")
