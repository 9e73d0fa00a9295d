"""Create cc_request."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0049"
down_revision = "m0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_request",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("reference", columns.code(9), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=True),
        sa.Column("status", columns.code(16), nullable=False),
        sa.Column("outcome", columns.code(16), nullable=True),
        sa.Column("received_at", columns.UTCDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_on_unrolled", sa.Date(), nullable=False),
        sa.Column("extended_due_on", sa.Date(), nullable=False),
        sa.Column("rule_pack", columns.code(32), nullable=False),
        sa.Column("country", columns.code(2), nullable=False),
        sa.Column("channel", columns.code(16), nullable=False),
        sa.Column("content", columns.Blob(), nullable=False),
        sa.Column("plan_sha256", columns.Hex64, nullable=True),
        sa.Column("policy_sha256", columns.Hex64, nullable=False),
        sa.Column("certificate", columns.code(9), nullable=True),
        sa.Column("executed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("closed_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_request_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_request"),
        sa.UniqueConstraint("reference", name="uq_cc_request_reference"),
        sealed_check("content", "ck_cc_request_content_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_request")
