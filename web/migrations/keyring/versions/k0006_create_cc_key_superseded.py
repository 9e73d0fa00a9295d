"""Create cc_key_superseded."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "k0006"
down_revision = "k0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_key_superseded",
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("key_class", columns.code(16), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("kek_epoch", sa.Integer(), nullable=False),
        sa.Column("key_check_value", columns.Hex64, nullable=False),
        sa.Column("destroyed_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", "key_class", "gen", name="pk_cc_key_superseded"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_key_superseded")
