"""Create cc_code."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0074"
down_revision = "m0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_code",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("session_sha256", columns.Digest(32), nullable=False),
        sa.Column("used_for", columns.code(40), nullable=False),
        sa.Column("code_mac", columns.Digest(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=False),
        sa.Column("used_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cc_code"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_code")
