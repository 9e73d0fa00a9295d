"""Create cc_provenance."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0042"
down_revision = "m0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_provenance",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("row_id", columns.Ref(), nullable=False),
        sa.Column("import_id", columns.Ref(), nullable=False),
        sa.Column("row_number", columns.BigCounter, nullable=False),
        sa.Column("source", columns.code(64), nullable=False),
        sa.Column("source_text", columns.Blob(), nullable=True),
        sa.Column("obtained_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["cc_import.id"], name="fk_cc_provenance_import_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_provenance_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_provenance"),
        sealed_check("source_text", "ck_cc_provenance_source_text_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_provenance")
