"""Create index ix_cc_disclosure_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0034"
down_revision = "m0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_disclosure_subject_ref", "cc_disclosure", ["subject_ref", "recipient"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_disclosure_subject_ref", "cc_disclosure", foreign_key=("fk_cc_disclosure_subject_ref", ["subject_ref"])
    )
