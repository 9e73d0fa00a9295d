"""Create cc_outbox."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0016"
down_revision = "m0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_outbox",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("kind", columns.code(32), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=True),
        sa.Column("content", columns.Blob(), nullable=True),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("due_at", columns.UTCDateTime(), nullable=False),
        sa.Column("sent_at", columns.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_outbox"),
        sealed_check("content", "ck_cc_outbox_content_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_outbox")
