"""Create index ix_cc_idempotency_claimed_at."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0008"
down_revision = "m0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_idempotency_claimed_at", "cc_idempotency", ["claimed_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_idempotency_claimed_at", "cc_idempotency")
