"""Create cc_archived_row."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0024"
down_revision = "m0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_archived_row",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("store", columns.code(64), nullable=False),
        sa.Column("source_id", columns.Ref(), nullable=False),
        sa.Column("content", columns.Blob(), nullable=False),
        sa.Column("rule", columns.code(64), nullable=False),
        sa.Column("article", columns.code(40), nullable=False),
        sa.Column("legal_text", columns.code(1000), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=True),
        sa.Column("until_event", columns.code(64), nullable=True),
        sa.Column("archived_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_archived_row_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_archived_row"),
        sa.UniqueConstraint("store", "source_id", name="uq_cc_archived_row_store_source_id"),
        sealed_check("content", "ck_cc_archived_row_content_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_archived_row")
