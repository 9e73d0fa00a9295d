"""Create index ix_cc_transaction_contact_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0067"
down_revision = "m0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_transaction_contact_id", "cc_transaction", ["contact_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_transaction_contact_id", "cc_transaction", foreign_key=("fk_cc_transaction_contact_id", ["contact_id"])
    )
