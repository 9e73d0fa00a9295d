"""Create index ix_cc_archive_index_row_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0055"
down_revision = "m0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_archive_index_row_id", "cc_archive_index", ["row_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_archive_index_row_id", "cc_archive_index", foreign_key=("fk_cc_archive_index_row_id", ["row_id"]))
