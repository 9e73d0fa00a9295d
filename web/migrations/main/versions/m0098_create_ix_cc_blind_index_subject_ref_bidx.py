"""Create index ix_cc_blind_index_subject_ref_bidx."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0098"
down_revision = "m0097"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_blind_index_subject_ref_bidx", "cc_blind_index", ["subject_ref", "bidx"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_blind_index_subject_ref_bidx", "cc_blind_index")
