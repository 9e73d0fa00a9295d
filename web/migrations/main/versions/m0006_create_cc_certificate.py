"""Create cc_certificate."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0006"
down_revision = "m0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_certificate",
        sa.Column("number", columns.code(9), nullable=False),
        sa.Column("kind", columns.code(64), nullable=False),
        sa.Column("body", columns.Blob(), nullable=False),
        sa.Column("note", columns.Blob(), nullable=False),
        sa.Column("erased", columns.Blob(), nullable=True),
        sa.Column("event_id", columns.Ref(), nullable=False),
        sa.Column("issued_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_cc_certificate"),
        sa.UniqueConstraint("event_id", name="uq_cc_certificate_event_id"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_certificate")
