"""Create cc_recipient_notice."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0047"
down_revision = "m0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_recipient_notice",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("recipient", columns.code(64), nullable=False),
        sa.Column("kind", columns.code(16), nullable=False),
        sa.Column("message_id", columns.Ref(), nullable=True),
        sa.Column("told_at", columns.UTCDateTime(), nullable=False),
        sa.Column("acknowledged_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_recipient_notice_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_recipient_notice"),
        sa.UniqueConstraint("request_id", "recipient", "kind", name="uq_cc_recipient_notice_request_id"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_recipient_notice")
