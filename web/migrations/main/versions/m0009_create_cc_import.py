"""Create cc_import."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0009"
down_revision = "m0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_import",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("source", columns.code(64), nullable=False),
        sa.Column("system", columns.code(64), nullable=False),
        sa.Column("entity", columns.code(32), nullable=False),
        sa.Column("mapping_sha256", columns.Hex64, nullable=False),
        sa.Column("file_sha256", columns.Hex64, nullable=False),
        sa.Column("obtained_on", sa.Date(), nullable=False),
        sa.Column("started_at", columns.UTCDateTime(), nullable=False),
        sa.Column("finished_at", columns.UTCDateTime(), nullable=True),
        sa.Column("row_count", columns.BigCounter, nullable=False),
        sa.Column("created", columns.BigCounter, nullable=False),
        sa.Column("updated", columns.BigCounter, nullable=False),
        sa.Column("duplicates", columns.BigCounter, nullable=False),
        sa.Column("suppressed", columns.BigCounter, nullable=False),
        sa.Column("quarantined", columns.BigCounter, nullable=False),
        sa.Column("matches", columns.BigCounter, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_import"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_import")
