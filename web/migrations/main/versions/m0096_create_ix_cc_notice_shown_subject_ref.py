"""Create index ix_cc_notice_shown_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0096"
down_revision = "m0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_notice_shown_subject_ref", "cc_notice_shown", ["subject_ref", "notice_id", "at"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_notice_shown_subject_ref",
        "cc_notice_shown",
        foreign_key=("fk_cc_notice_shown_subject_ref", ["subject_ref"]),
    )
