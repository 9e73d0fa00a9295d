"""Create index ix_cc_suppression_bidx."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0023"
down_revision = "m0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_suppression_bidx", "cc_suppression", ["bidx", "gen", "field_number", "scope"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_suppression_bidx", "cc_suppression")
