"""Create index ix_cc_contract_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0094"
down_revision = "m0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_contract_subject_ref", "cc_contract", ["subject_ref", "starts_on"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_contract_subject_ref", "cc_contract", foreign_key=("fk_cc_contract_subject_ref", ["subject_ref"]))
