"""Create index ix_cc_call_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0091"
down_revision = "m0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_call_subject_ref", "cc_call", ["subject_ref", "at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_call_subject_ref", "cc_call", foreign_key=("fk_cc_call_subject_ref", ["subject_ref"]))
