"""Create cc_quarantine."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0045"
down_revision = "m0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_quarantine",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("import_id", columns.Ref(), nullable=False),
        sa.Column("row_number", columns.BigCounter, nullable=False),
        sa.Column("kind", columns.code(32), nullable=False),
        sa.Column("column_name", columns.code(255), nullable=True),
        sa.Column("cause", columns.code(500), nullable=False),
        sa.Column("digest", columns.Digest(16), nullable=False),
        sa.Column("sealed_row", columns.Blob(), nullable=True),
        sa.Column("recorded_at", columns.UTCDateTime(), nullable=False),
        sa.Column("resolved_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["cc_import.id"], name="fk_cc_quarantine_import_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_quarantine"),
        sa.UniqueConstraint("digest", name="uq_cc_quarantine_digest"),
        sealed_check("sealed_row", "ck_cc_quarantine_sealed_row_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_quarantine")
