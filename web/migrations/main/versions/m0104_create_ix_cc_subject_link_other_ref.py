"""Create index ix_cc_subject_link_other_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0104"
down_revision = "m0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_subject_link_other_ref", "cc_subject_link", ["other_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_subject_link_other_ref", "cc_subject_link", foreign_key=("fk_cc_subject_link_other_ref", ["other_ref"])
    )
