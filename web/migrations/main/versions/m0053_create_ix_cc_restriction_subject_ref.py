"""Create index ix_cc_restriction_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0053"
down_revision = "m0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_restriction_subject_ref", "cc_restriction", ["subject_ref", "lifted_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_restriction_subject_ref",
        "cc_restriction",
        foreign_key=("fk_cc_restriction_subject_ref", ["subject_ref"]),
    )
