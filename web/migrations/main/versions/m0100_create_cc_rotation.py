"""Create cc_rotation."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0100"
down_revision = "m0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_rotation",
        sa.Column("what", columns.code(8), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("phase", columns.code(16), nullable=False),
        sa.Column("place", columns.code(160), nullable=True),
        sa.Column("done", columns.BigCounter, nullable=False),
        sa.Column("unopened", columns.BigCounter, nullable=False),
        sa.Column("began_at", columns.UTCDateTime(), nullable=False),
        sa.Column("due_at", columns.UTCDateTime(), nullable=True),
        sa.Column("ended_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("what", "generation", name="pk_cc_rotation"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_rotation")
