"""Create index ix_cc_contract_contact_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0093"
down_revision = "m0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_contract_contact_id", "cc_contract", ["contact_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_contract_contact_id", "cc_contract", foreign_key=("fk_cc_contract_contact_id", ["contact_id"]))
