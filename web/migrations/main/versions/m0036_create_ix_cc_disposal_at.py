"""Create index ix_cc_disposal_at."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0036"
down_revision = "m0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_disposal_at", "cc_disposal", ["at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_disposal_at", "cc_disposal")
