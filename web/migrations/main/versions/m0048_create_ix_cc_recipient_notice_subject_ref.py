"""Create index ix_cc_recipient_notice_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0048"
down_revision = "m0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_recipient_notice_subject_ref", "cc_recipient_notice", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_recipient_notice_subject_ref",
        "cc_recipient_notice",
        foreign_key=("fk_cc_recipient_notice_subject_ref", ["subject_ref"]),
    )
