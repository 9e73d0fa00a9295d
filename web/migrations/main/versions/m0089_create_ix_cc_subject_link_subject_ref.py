"""Create index ix_cc_subject_link_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0089"
down_revision = "m0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_subject_link_subject_ref", "cc_subject_link", ["subject_ref", "unlinked_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_subject_link_subject_ref",
        "cc_subject_link",
        foreign_key=("fk_cc_subject_link_subject_ref", ["subject_ref"]),
    )
