"""Create index ix_cc_archived_row_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0026"
down_revision = "m0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_archived_row_subject_ref", "cc_archived_row", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_archived_row_subject_ref",
        "cc_archived_row",
        foreign_key=("fk_cc_archived_row_subject_ref", ["subject_ref"]),
    )
