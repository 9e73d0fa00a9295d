"""Create index ix_cc_external_id_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0039"
down_revision = "m0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_external_id_subject_ref", "cc_external_id", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_external_id_subject_ref",
        "cc_external_id",
        foreign_key=("fk_cc_external_id_subject_ref", ["subject_ref"]),
    )
