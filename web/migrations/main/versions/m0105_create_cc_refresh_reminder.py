"""Create cc_refresh_reminder."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0105"
down_revision = "m0104"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_refresh_reminder",
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("purpose", columns.code(64), nullable=False),
        sa.Column("channel", columns.code(16), nullable=False),
        sa.Column("record_id", columns.Ref(), nullable=False),
        sa.Column("asked_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_refresh_reminder_subject_ref"),
        sa.PrimaryKeyConstraint("subject_ref", "purpose", "channel", name="pk_cc_refresh_reminder"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_refresh_reminder")
