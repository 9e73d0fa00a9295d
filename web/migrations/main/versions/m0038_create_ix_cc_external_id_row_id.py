"""Create index ix_cc_external_id_row_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0038"
down_revision = "m0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_external_id_row_id", "cc_external_id", ["row_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_external_id_row_id", "cc_external_id")
