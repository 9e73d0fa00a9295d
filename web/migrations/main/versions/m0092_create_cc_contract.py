"""Create cc_contract."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0092"
down_revision = "m0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_contract",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("contact_id", columns.Ref(), nullable=False),
        sa.Column("number", columns.Blob(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("concluded_by", columns.code(32), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", columns.code(3), nullable=True),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_contract_subject_ref"),
        sa.ForeignKeyConstraint(["contact_id"], ["cc_contact.id"], name="fk_cc_contract_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_contract"),
        sealed_check("number", "ck_cc_contract_number_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_contract")
