"""Create index ix_cc_request_status."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0050"
down_revision = "m0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_request_status", "cc_request", ["status", "due_on"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_request_status", "cc_request")
