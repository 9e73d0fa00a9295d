"""Create cc_suppression."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0022"
down_revision = "m0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_suppression",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("channel", columns.code(16), nullable=False),
        sa.Column("field_number", sa.Integer(), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False),
        sa.Column("bidx", columns.Digest(16), nullable=False),
        sa.Column("scope", columns.code(64), nullable=False),
        sa.Column("reason", columns.code(32), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=True),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("lifted_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cc_suppression"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_suppression")
