"""Create cc_log_cosignature."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0081"
down_revision = "m0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_log_cosignature",
        sa.Column("log", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("size", columns.BigCounter, nullable=False, autoincrement=False),
        sa.Column("witness", columns.code(255), nullable=False),
        sa.Column("key_id", columns.Digest(4), nullable=False),
        sa.Column("root", columns.Digest(32), nullable=False),
        sa.Column("signature", columns.Digest(64), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", "witness", "key_id", name="pk_cc_log_cosignature"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_log_cosignature")
