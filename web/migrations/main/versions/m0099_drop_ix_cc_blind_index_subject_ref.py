"""Drop index ix_cc_blind_index_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0099"
down_revision = "m0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    drop_index("ix_cc_blind_index_subject_ref", "cc_blind_index")


def downgrade() -> None:
    """Take it back."""
    create_index("ix_cc_blind_index_subject_ref", "cc_blind_index", ["subject_ref"])
