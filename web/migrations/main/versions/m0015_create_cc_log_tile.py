"""Create cc_log_tile."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0015"
down_revision = "m0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_tile",
        sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", columns.BigCounter, autoincrement=False, nullable=False),
        sa.Column("root", columns.Digest(32), nullable=False),
        sa.Column("hashes", columns.Blob(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "idx", name="pk_cc_log_tile"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_tile")
