"""Create index ix_cc_log_content_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0011"
down_revision = "m0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_log_content_subject_ref", "cc_log_content", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_log_content_subject_ref", "cc_log_content")
