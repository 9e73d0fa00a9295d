"""Create cc_attempt."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0076"
down_revision = "m0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_attempt",
        sa.Column("kind", columns.code(24), nullable=False),
        sa.Column("who", columns.Digest(16), nullable=False),
        sa.Column("began_at", columns.UTCDateTime(), nullable=False),
        sa.Column("ends_at", columns.UTCDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "who", "began_at", name="pk_cc_attempt"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_attempt")
