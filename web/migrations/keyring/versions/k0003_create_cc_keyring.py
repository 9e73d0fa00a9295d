"""Create cc_keyring."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "k0003"
down_revision = "k0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_keyring",
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("key_class", columns.code(16), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False),
        sa.Column("kek_epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", columns.Blob(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", "key_class", "gen", name="pk_cc_keyring"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_keyring")
