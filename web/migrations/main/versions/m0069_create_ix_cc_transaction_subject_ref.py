"""Create index ix_cc_transaction_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0069"
down_revision = "m0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_transaction_subject_ref", "cc_transaction", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_transaction_subject_ref",
        "cc_transaction",
        foreign_key=("fk_cc_transaction_subject_ref", ["subject_ref"]),
    )
