"""Create index ix_cc_quarantine_import_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0046"
down_revision = "m0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_quarantine_import_id", "cc_quarantine", ["import_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_quarantine_import_id", "cc_quarantine", foreign_key=("fk_cc_quarantine_import_id", ["import_id"]))
