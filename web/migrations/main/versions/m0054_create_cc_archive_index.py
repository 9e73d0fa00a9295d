"""Create cc_archive_index."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0054"
down_revision = "m0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_archive_index",
        sa.Column("field_number", sa.Integer(), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False),
        sa.Column("bidx", columns.Digest(16), nullable=False),
        sa.Column("row_id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.ForeignKeyConstraint(["row_id"], ["cc_archived_row.id"], name="fk_cc_archive_index_row_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_archive_index_subject_ref"),
        sa.PrimaryKeyConstraint("field_number", "gen", "bidx", "row_id", name="pk_cc_archive_index"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_archive_index")
