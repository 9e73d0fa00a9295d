"""Create cc_notice_shown."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0095"
down_revision = "m0094"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_notice_shown",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("notice_id", columns.code(64), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("notice_language", columns.code(16), nullable=False),
        sa.Column("notice_sha256", columns.Hex64, nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_notice_shown_subject_ref"),
        sa.ForeignKeyConstraint(["event_id"], ["cc_log_event.id"], name="fk_cc_notice_shown_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_notice_shown"),
        sa.UniqueConstraint("event_id", name="uq_cc_notice_shown_event_id"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_notice_shown")
