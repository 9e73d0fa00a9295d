"""Create index ix_cc_transaction_issued_on."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0068"
down_revision = "m0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_transaction_issued_on", "cc_transaction", ["issued_on"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_transaction_issued_on", "cc_transaction")
