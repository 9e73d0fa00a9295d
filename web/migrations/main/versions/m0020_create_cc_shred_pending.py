"""Create cc_shred_pending."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0020"
down_revision = "m0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_shred_pending",
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("key_class", columns.code(16), nullable=False),
        sa.Column("reason", columns.code(64), nullable=False),
        sa.Column("requested_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", "key_class", name="pk_cc_shred_pending"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_shred_pending")
