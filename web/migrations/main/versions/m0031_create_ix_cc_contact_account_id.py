"""Create index ix_cc_contact_account_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0031"
down_revision = "m0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_contact_account_id", "cc_contact", ["account_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_contact_account_id", "cc_contact", foreign_key=("fk_cc_contact_account_id", ["account_id"]))
