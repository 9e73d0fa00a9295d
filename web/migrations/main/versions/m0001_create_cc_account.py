"""Create cc_account."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_account",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("name", columns.Blob(), nullable=False),
        sa.Column("name_bidx", columns.Digest(16), nullable=False),
        sa.Column("gen", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_account"),
        sa.UniqueConstraint("name_bidx", "gen", name="uq_cc_account_name_bidx_gen"),
        sealed_check("name", "ck_cc_account_name_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_account")
