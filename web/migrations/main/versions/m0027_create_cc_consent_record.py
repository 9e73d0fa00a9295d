"""Create cc_consent_record."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0027"
down_revision = "m0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_consent_record",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("purpose", columns.code(64), nullable=False),
        sa.Column("purpose_version", sa.Integer(), nullable=False),
        sa.Column("channel", columns.code(16), nullable=False),
        sa.Column("state", columns.code(16), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.Column("recorded_at", columns.UTCDateTime(), nullable=False),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=True),
        sa.Column("notice_id", columns.code(64), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("notice_language", columns.code(16), nullable=False),
        sa.Column("notice_sha256", columns.Hex64, nullable=False),
        sa.Column("policy_sha256", columns.Hex64, nullable=False),
        sa.Column("method", columns.code(32), nullable=False),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["cc_log_event.id"], name="fk_cc_consent_record_event_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_consent_record_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_consent_record"),
        sa.UniqueConstraint("event_id", name="uq_cc_consent_record_event_id"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_consent_record")
