"""Create index ix_cc_archived_row_kept_until."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0025"
down_revision = "m0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_archived_row_kept_until", "cc_archived_row", ["kept_until"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_archived_row_kept_until", "cc_archived_row")
