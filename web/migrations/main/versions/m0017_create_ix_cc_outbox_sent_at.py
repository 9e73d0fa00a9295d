"""Create index ix_cc_outbox_sent_at."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0017"
down_revision = "m0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_outbox_sent_at", "cc_outbox", ["sent_at", "due_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_outbox_sent_at", "cc_outbox")
