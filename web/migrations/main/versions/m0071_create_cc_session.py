"""Create cc_session."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0071"
down_revision = "m0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_session",
        sa.Column("token_sha256", columns.Digest(32), nullable=False),
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("face", columns.code(16), nullable=False),
        sa.Column("staff_id", columns.Ref(), nullable=True),
        sa.Column("content", columns.Blob(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("seen_at", columns.UTCDateTime(), nullable=False),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=False),
        sealed_check("content", "ck_cc_session_content_sealed"),
        sa.ForeignKeyConstraint(["staff_id"], ["cc_staff.id"], name="fk_cc_session_staff_id"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_cc_session"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_session")
