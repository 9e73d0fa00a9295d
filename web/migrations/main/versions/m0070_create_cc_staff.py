"""Create cc_staff."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0070"
down_revision = "m0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_staff",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("address_digest", columns.Digest(16), nullable=False),
        sa.Column("content", columns.Blob(), nullable=False),
        sa.Column("role", columns.code(16), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("language", columns.code(2), nullable=False),
        sa.Column("theme", columns.code(8), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("disabled_at", columns.UTCDateTime(), nullable=True),
        sealed_check("content", "ck_cc_staff_content_sealed"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_staff"),
        sa.UniqueConstraint("address_digest", name="uq_cc_staff_address_digest"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_staff")
