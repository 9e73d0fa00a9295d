"""Create cc_idempotency."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0007"
down_revision = "m0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_idempotency",
        sa.Column("api_key_id", columns.code(12), nullable=False),
        sa.Column("key_mac", columns.Digest(32), nullable=False),
        sa.Column("request_mac", columns.Digest(32), nullable=False),
        sa.Column("claim", columns.Ref(), nullable=False),
        sa.Column("claimed_at", columns.UTCDateTime(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("response", columns.Blob(), nullable=True),
        sa.PrimaryKeyConstraint("api_key_id", "key_mac", name="pk_cc_idempotency"),
        sealed_check("response", "ck_cc_idempotency_response_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_idempotency")
