"""Create index ix_cc_objection_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0041"
down_revision = "m0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_objection_subject_ref", "cc_objection", ["subject_ref", "purpose", "lifted_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_objection_subject_ref", "cc_objection", foreign_key=("fk_cc_objection_subject_ref", ["subject_ref"])
    )
