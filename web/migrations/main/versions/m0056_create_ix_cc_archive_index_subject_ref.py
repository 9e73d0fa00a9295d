"""Create index ix_cc_archive_index_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0056"
down_revision = "m0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_archive_index_subject_ref", "cc_archive_index", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_archive_index_subject_ref",
        "cc_archive_index",
        foreign_key=("fk_cc_archive_index_subject_ref", ["subject_ref"]),
    )
