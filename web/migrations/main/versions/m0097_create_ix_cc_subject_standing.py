"""Create index ix_cc_subject_standing."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0097"
down_revision = "m0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_subject_standing", "cc_subject", ["standing"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_subject_standing", "cc_subject")
